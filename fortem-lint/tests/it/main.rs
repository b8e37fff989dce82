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
#[cfg(all(feature = "live", unix))]
mod double;
mod drift;
mod fixes;
mod ignores;
mod inputs;
#[cfg(all(feature = "live", unix))]
mod live;
mod narrowing;
mod reports;
mod rules;
mod sandbox;
mod snapshot;
mod unread;
mod who_can;
mod whole;
