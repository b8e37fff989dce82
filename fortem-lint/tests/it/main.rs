//! The command, run as a person runs it, and the rules on their cases.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod baselines;
mod cli;
mod docs;
mod drift;
mod fixes;
mod ignores;
mod inputs;
mod narrowing;
mod reports;
mod rules;
mod sandbox;
mod snapshot;
mod who_can;
mod whole;
