//! The audit log, with each of its stores.

mod crash;
mod properties;
mod steps;
mod stores;
mod tampering;
