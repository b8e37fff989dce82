//! The tests of the crate, in one binary.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod audit;
mod engine;
mod fleet;
mod rendered;
mod source;
