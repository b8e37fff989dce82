//! What a collection has done so far, for whoever watches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::calls::Call;

/// Counts that grow while a collection runs.
#[derive(Debug, Default)]
pub struct Counters {
    /// Accounts to read.
    pub accounts: Progress,
    /// Regions to read, of all accounts that are known.
    pub regions: Progress,
    /// Clusters to read, of all Regions whose clusters are listed.
    pub clusters: Progress,
    calls: AtomicUsize,
    throttled: AtomicUsize,
    retried: AtomicUsize,
    by_call: Mutex<BTreeMap<String, usize>>,
}

/// How much of something there is, and how much is done.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Progress {
    /// How much there is.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// How much is done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, more: usize) {
        self.total.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn finish(&self, more: usize) {
        self.done.fetch_add(more, Ordering::Relaxed);
    }
}

impl Counters {
    /// Calls made, each try counted.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls that a service throttled.
    #[must_use]
    pub fn throttled(&self) -> usize {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Calls that were made again for another reason.
    #[must_use]
    pub fn retried(&self) -> usize {
        self.retried.load(Ordering::Relaxed)
    }

    /// Calls made by action, most frequent first.
    #[must_use]
    pub fn by_action(&self) -> Vec<(String, usize)> {
        let by_call = self.by_call.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = by_call.iter().map(|(name, count)| (name.clone(), *count)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all
    }

    pub(super) fn call(&self, call: &Call) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut by_call = self.by_call.lock().unwrap_or_else(PoisonError::into_inner);
        *by_call.entry(call.action()).or_default() += 1;
    }

    pub(super) fn throttle(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retry(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }
}
