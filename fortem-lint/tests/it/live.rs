//! Accounts read from a local AWS, with whatever can go wrong on the way.

mod audits;
mod credentials;
mod defects;
mod denied;
mod faults;
mod interrupted;
mod misconfigured;
mod odd_answers;
mod permissions;
mod scale;
mod secrets;
mod undisturbed;

use serde_json::Value;

use crate::double::{Scenario, Snapshot, Stats};
use crate::sandbox::Said;

/// A collection, and what came of it.
#[derive(Debug)]
struct Outcome {
    said: Said,
    snapshot: Snapshot,
    stats: Stats,
}

/// Collects a scenario while these faults are met.
fn collected(scenario: &Scenario, faults: &Value, arguments: &[&str]) -> Outcome {
    let proxy = scenario.proxy(&[]);
    proxy.faults(faults);
    let folder = tempfile::tempdir().unwrap();
    let said = scenario.collect(&proxy, folder.path()).args(arguments).run();
    Outcome { said, snapshot: Snapshot::read(folder.path()), stats: proxy.stats() }
}

impl Outcome {
    /// Fails unless everything was read that is read where nothing goes wrong.
    fn assert_whole(&self, scenario: &Scenario) {
        assert_eq!(self.snapshot.unread(), [""; 0], "{:?}", self.said);
        assert_eq!(scenario.whole().shortfall(&self.snapshot), [""; 0]);
        assert_eq!(self.said.code, 0, "{:?}", self.said);
    }

    /// Fails unless exactly this could not be read, and this is missing because of it.
    fn assert_short(&self, scenario: &Scenario, unread: &[&str], missing: &[&str]) {
        assert_eq!(self.snapshot.unread(), unread, "{:?}", self.said);
        assert_eq!(scenario.whole().shortfall(&self.snapshot), missing);
        assert_eq!(self.said.code, 3, "{:?}", self.said);
    }
}
