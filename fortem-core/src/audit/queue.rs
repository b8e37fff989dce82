//! Group commit: whoever waits while another writes is written together with all the others who wait.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::clock::Clock;
use super::entry::{Draft, Entry};
use super::error::{AuditError, StoreError};
use super::store::{NotOpen, Store};

type Written = Result<Entry, AuditError>;

#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next_ticket: u64,
    waiting: Vec<(u64, Draft)>,
    written: BTreeMap<u64, Written>,
    is_writing: bool,
}

impl Queue {
    /// Returns once the entry is durable.
    ///
    /// One of the callers writes for all that wait; a second batch gathers while the first is written.
    pub(crate) fn append(&self, draft: Draft, store: &dyn Store, clock: &dyn Clock) -> Written {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push((ticket, draft));
        loop {
            if let Some(written) = state.written.remove(&ticket) {
                return written;
            }
            if state.is_writing {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.is_writing = true;
            let (tickets, drafts): (Vec<_>, Vec<_>) = state.waiting.drain(..).unzip();
            drop(state);
            let mut batch = Batch { queue: self, tickets, results: Err(StoreError::Failed) };
            batch.results = store.append(&drafts, clock);
            drop(batch);
            state = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands the results out when it is dropped: also when a store panics, so that nobody waits for ever.
struct Batch<'a> {
    queue: &'a Queue,
    tickets: Vec<u64>,
    results: Result<Vec<Result<Entry, NotOpen>>, StoreError>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        match std::mem::replace(&mut self.results, Err(StoreError::Failed)) {
            Ok(results) => {
                let results = results.into_iter().map(|one| one.map_err(AuditError::from));
                // A store that answers too little has failed for the rest.
                let results =
                    results.chain(std::iter::repeat_with(|| Err(StoreError::Failed.into())));
                state.written.extend(self.tickets.drain(..).zip(results));
            }
            Err(error) => {
                let failed =
                    self.tickets.drain(..).map(|ticket| (ticket, Err(error.clone().into())));
                state.written.extend(failed);
            }
        }
        state.is_writing = false;
        drop(state);
        self.queue.written.notify_all();
    }
}
