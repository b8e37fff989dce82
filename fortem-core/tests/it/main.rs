//! The tests of the crate, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod ask;
mod audit;
mod docs;
mod engine;
mod fleet;
mod identity;
mod json;
mod rendered;
mod source;
mod vocabulary;
