//! The log as a frontend uses it.

use std::collections::VecDeque;
use std::fmt;
#[cfg(feature = "signing")]
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde_json::Value;

use super::attempt::{Attempt, Effect};
use super::canonical;
use super::clock::{Clock, SystemClock};
use super::entry::{Draft, Entry, Head};
use super::error::{AuditError, StoreError};
use super::event::{EntryId, Event};
use super::filter::{Cursor, Filter, Page};
use super::queue::Queue;
use super::record::{Outcome, OutcomeKind, Record, RecordId};
use super::redact::Redaction;
use super::store::Store;
#[cfg(feature = "signing")]
use super::{checkpoint::Checkpoint, signer::Signer};

/// An audit log: records what is done, and answers who did what.
///
/// It is shared between threads by reference or in an `Arc`; what many threads record at the same time is made
/// durable together. See the [module](super) for an example.
pub struct AuditLog {
    pub(crate) store: Box<dyn Store>,
    pub(crate) clock: Box<dyn Clock>,
    queue: Queue,
    redaction: Redaction,
    #[cfg(feature = "signing")]
    pub(crate) signing: Option<Signing>,
}

#[cfg(feature = "signing")]
pub(crate) struct Signing {
    pub(crate) signer: Arc<Signer>,
    last: AtomicU64,
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("store", &self.store).finish_non_exhaustive()
    }
}

impl AuditLog {
    /// The log in a store, by the system's clock and with the built-in [`Redaction`].
    pub fn new(store: impl Store + 'static) -> Self {
        Self {
            store: Box::new(store),
            clock: Box::new(SystemClock),
            queue: Queue::default(),
            redaction: Redaction::default(),
            #[cfg(feature = "signing")]
            signing: None,
        }
    }

    /// By another clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// With other rules for what is secret.
    #[must_use]
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// With checkpoints, signed from time to time.
    ///
    /// # Errors
    ///
    /// When the last checkpoint of the log cannot be read.
    #[cfg(feature = "signing")]
    pub fn signer(mut self, signer: Signer) -> Result<Self, StoreError> {
        let mut last = 0;
        for mark in self.store.marks()? {
            if matches!(mark.event()?, Some(Event::Checkpoint { .. })) {
                last = mark.sequence();
            }
        }
        self.signing = Some(Signing { signer: Arc::new(signer), last: AtomicU64::new(last) });
        Ok(self)
    }

    /// Records that an allowed attempt is about to be run. Run it only when this has returned: then the record is
    /// durable.
    ///
    /// # Errors
    ///
    /// [`AuditError::Denied`] when the decision is not to allow it; [`AuditError::Name`] and [`AuditError::TooDeep`]
    /// when something in it cannot be recorded; [`AuditError::Store`] when the store fails. Do not run it then.
    pub fn begin(&self, attempt: Attempt) -> Result<RecordId, AuditError> {
        if attempt.decision.effect == Effect::Deny {
            return Err(AuditError::Denied);
        }
        let (id, attempt) = (EntryId::random()?, self.recordable(attempt)?);
        self.append(id, Event::Begin { id, attempt }).map(|entry| RecordId(entry.sequence()))
    }

    /// Records a denied attempt, in one step.
    ///
    /// # Errors
    ///
    /// [`AuditError::Allowed`] when it was not denied; otherwise as [`begin`](Self::begin).
    pub fn record_denied(&self, attempt: Attempt) -> Result<RecordId, AuditError> {
        if attempt.decision.effect == Effect::Allow {
            return Err(AuditError::Allowed);
        }
        let (id, attempt) = (EntryId::random()?, self.recordable(attempt)?);
        self.append(id, Event::Denied { id, attempt }).map(|entry| RecordId(entry.sequence()))
    }

    /// Records that what was begun is done, with the state after, if it is known.
    ///
    /// # Errors
    ///
    /// [`AuditError::NotOpen`] when there is no such record, or it has its outcome already; otherwise as
    /// [`begin`](Self::begin).
    pub fn complete(
        &self,
        record: RecordId,
        after: impl Into<Option<Value>>,
    ) -> Result<(), AuditError> {
        self.end(record, Outcome::Completed, after.into())
    }

    /// Records that what was begun failed: what it said, and the state after, if it is known.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub fn fail(
        &self,
        record: RecordId,
        error: impl fmt::Display,
        after: impl Into<Option<Value>>,
    ) -> Result<(), AuditError> {
        let error = self.redaction.text(&error.to_string());
        self.end(record, Outcome::Failed { error }, after.into())
    }

    /// Records that what was begun is given up: it was never run, or nobody will know how it ended.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub fn abandon(&self, record: RecordId) -> Result<(), AuditError> {
        self.end(record, Outcome::Abandoned, None)
    }

    /// What was begun and has no outcome, oldest first: it is running, or a crash cut it off.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn open_entries(&self) -> Result<Vec<Record>, StoreError> {
        self.records(&Filter::new().outcome(OutcomeKind::Open)).collect()
    }

    /// The record of that id, if there is one.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn record(&self, id: RecordId) -> Result<Option<Record>, StoreError> {
        let before = Cursor(id.0.saturating_sub(1));
        let found = self.store.records(&Filter::new(), Some(before), 1)?;
        Ok(found.into_iter().find(|record| record.id == id))
    }

    /// At most `limit` records, and from where to go on.
    ///
    /// Following pages hold each record once, whatever is recorded meanwhile; a record may get its outcome between two
    /// pages, and is then found, or not, by the outcome it has when its page is read.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, usize::MAX - 1);
        let mut records = self.store.records(filter, after, limit + 1)?;
        let has_more = records.len() > limit;
        records.truncate(limit);
        let next = records.last().filter(|_| has_more).map(|record| Cursor(record.id.0));
        Ok(Page { records, next })
    }

    /// Every record, a page at a time.
    pub fn records<'a>(&'a self, filter: &'a Filter) -> Records<'a> {
        Records { log: self, filter, page: VecDeque::new(), next: Next::First }
    }

    /// The end of the chain, to be kept where the log cannot be written: see [`Trust::head`](super::Trust::head).
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn head(&self) -> Result<Head, StoreError> {
        Ok(self.store.last()?.map_or(Head::START, |last| last.head()))
    }

    /// Signs the chain as it is now; the checkpoint is recorded, and returned so that it can be kept elsewhere.
    ///
    /// # Errors
    ///
    /// [`AuditError::NoSigner`] without a signer, and when the store fails.
    #[cfg(feature = "signing")]
    pub fn checkpoint(&self) -> Result<Checkpoint, AuditError> {
        let signing = self.signing.as_ref().ok_or(AuditError::NoSigner)?;
        let draft = Draft::checkpoint(EntryId::random()?, Arc::clone(&signing.signer));
        let entry = self.queue.append(draft, &*self.store, &*self.clock)?;
        signing.last.fetch_max(entry.sequence(), Ordering::Relaxed);
        match entry.event()? {
            Some(Event::Checkpoint { checkpoint }) => Ok(checkpoint),
            _ => Err(StoreError::damaged(entry.sequence(), "not a checkpoint").into()),
        }
    }

    pub(crate) fn append(&self, id: EntryId, event: Event) -> Result<Entry, AuditError> {
        let entry = self.queue.append(Draft::new(id, event)?, &*self.store, &*self.clock)?;
        #[cfg(feature = "signing")]
        self.sign_when_due(entry.sequence());
        Ok(entry)
    }

    /// The entry is recorded whether or not this works; if not, the next entry tries again.
    #[cfg(feature = "signing")]
    fn sign_when_due(&self, sequence: u64) {
        let Some(signing) = &self.signing else { return };
        let last = signing.last.load(Ordering::Relaxed);
        if sequence.saturating_sub(last) < signing.signer.entries_between() {
            return;
        }
        let exchange =
            signing.last.compare_exchange(last, sequence, Ordering::Relaxed, Ordering::Relaxed);
        if exchange.is_ok() && self.checkpoint().is_err() {
            signing.last.store(last, Ordering::Relaxed);
        }
    }

    fn end(
        &self,
        begin: RecordId,
        outcome: Outcome,
        after: Option<Value>,
    ) -> Result<(), AuditError> {
        let (id, after) = (EntryId::random()?, self.recordable_state(after)?);
        self.append(id, Event::End { id, begin, outcome, after }).map(|_| ())
    }

    fn recordable(&self, attempt: Attempt) -> Result<Attempt, AuditError> {
        attempt.check()?;
        let mut attempt = Attempt { before: self.recordable_state(attempt.before)?, ..attempt };
        let texts = [&mut attempt.reason, &mut attempt.ticket, &mut attempt.actor.session];
        for text in texts.into_iter().flatten() {
            *text = self.redaction.text(text);
        }
        Ok(attempt)
    }

    fn recordable_state(&self, state: Option<Value>) -> Result<Option<Value>, AuditError> {
        // JSON's null and no state are one.
        let Some(state) = state.filter(|state| !state.is_null()) else { return Ok(None) };
        let state = canonical::interchangeable(state).ok_or(AuditError::TooDeep)?;
        Ok(Some(self.redaction.state(state)))
    }
}

/// Records, read a page at a time; ends after the first error.
#[derive(Debug)]
pub struct Records<'a> {
    log: &'a AuditLog,
    filter: &'a Filter,
    page: VecDeque<Record>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    After(Cursor),
    Nothing,
}

impl Records<'_> {
    const PAGE: usize = 1000;

    fn turn(&mut self) -> Result<(), StoreError> {
        let after = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::First => None,
            Next::After(cursor) => Some(cursor),
            Next::Nothing => return Ok(()),
        };
        let page = self.log.page(self.filter, after, Self::PAGE)?;
        self.page = page.records.into();
        self.next = page.next.map_or(Next::Nothing, Next::After);
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && let Err(error) = self.turn()
        {
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}
