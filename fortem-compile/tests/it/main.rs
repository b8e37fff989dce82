//! The tests of the crate, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod brute_force;
mod build;
mod calls;
mod cases;
mod check;
mod cli;
mod conditions;
mod deploy;
mod diff;
mod differential;
mod documents;
mod eval;
mod evaluator;
mod explain;
mod fmt;
mod iam;
mod init;
mod manifest;
mod matrix;
mod merge;
mod modes;
mod mutation;
mod own_actions;
mod policies;
#[cfg(feature = "prove")]
mod prove;
mod reference;
mod refused;
mod scratch;
mod simulate;
mod targets;
mod verify;
