//! The command, run as a person runs it, and the rules on their cases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cli;
mod docs;
mod inputs;
mod reports;
mod rules;
mod snapshot;
