//! Entries in memory, for tests.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Entries, NotOpen, Pruning, Store, scan};
use crate::audit::clock::Clock;
use crate::audit::entry::{Draft, Entry, Head};
use crate::audit::error::StoreError;
use crate::audit::event::Change;
use crate::audit::filter::{Cursor, Filter};
use crate::audit::record::{Record, RecordId};

/// A store that forgets everything when it is dropped: for tests of a frontend, not for a frontend.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    open: BTreeSet<RecordId>,
    marks: BTreeSet<u64>,
}

impl Memory {
    /// A store without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, draft: &Draft, clock: &dyn Clock) -> Result<Entry, NotOpen> {
        let head = self.entries.last().map_or(Head::START, Entry::head);
        let entry = draft.seal(&head, clock);
        match draft.change() {
            Change::Begins(_, outcome) => {
                if outcome == crate::audit::OutcomeKind::Open {
                    self.open.insert(RecordId(entry.sequence));
                }
            }
            Change::Ends(record, _) => {
                if !self.open.remove(&record) {
                    return Err(NotOpen(record));
                }
            }
            Change::Mark => {
                self.marks.insert(entry.sequence);
            }
        }
        self.entries.push(entry.clone());
        Ok(entry)
    }
}

impl Store for Memory {
    fn append(
        &self,
        drafts: &[Draft],
        clock: &dyn Clock,
    ) -> Result<Vec<Result<Entry, NotOpen>>, StoreError> {
        let mut state = self.lock();
        Ok(drafts.iter().map(|draft| state.append(draft, clock)).collect())
    }

    fn entries(&self, after: u64) -> Result<Entries<'_>, StoreError> {
        let state = self.lock();
        let entries: Vec<_> =
            state.entries.iter().filter(|entry| entry.sequence > after).cloned().map(Ok).collect();
        Ok(Box::new(entries.into_iter()))
    }

    fn last(&self) -> Result<Option<Entry>, StoreError> {
        Ok(self.lock().entries.last().cloned())
    }

    fn marks(&self) -> Result<Vec<Entry>, StoreError> {
        let state = self.lock();
        let marks = state.entries.iter().filter(|entry| state.marks.contains(&entry.sequence));
        Ok(marks.cloned().collect())
    }

    fn records(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        scan::records(self.entries(0)?, filter, after, limit)
    }

    fn prune(&self, pruning: &Pruning, clock: &dyn Clock) -> Result<Option<Entry>, StoreError> {
        let mut state = self.lock();
        if state.marks.last().copied().unwrap_or(0) != pruning.last_mark {
            return Ok(None);
        }
        let Ok(entry) = state.append(&pruning.draft, clock) else { return Ok(None) };
        state.entries.retain(|entry| entry.sequence > pruning.dropped);
        state.marks.retain(|mark| *mark > pruning.dropped);
        for entry in &mut state.entries {
            if pruning.erases(entry.sequence) {
                entry.content = None;
            }
        }
        Ok(Some(entry))
    }
}
