//! Accounts read from a local AWS, with whatever can go wrong on the way.
mod smoke;
