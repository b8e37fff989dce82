//! Where entries are kept.

#[cfg(feature = "jsonl")]
pub(crate) mod json_lines;
pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod scan;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::fmt;

use super::clock::Clock;
use super::entry::{Draft, Entry};
use super::error::{AuditError, StoreError};
use super::event::Change;
use super::filter::{Cursor, Filter};
use super::record::{Record, RecordId};

/// Entries in the order of the chain.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<Entry, StoreError>> + 'a>;

/// The record that a draft would end is not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpen(pub RecordId);

impl From<NotOpen> for AuditError {
    fn from(NotOpen(record): NotOpen) -> Self {
        Self::NotOpen(record)
    }
}

/// Keeps the entries of one log.
///
/// A store seals drafts onto its chain and never changes an entry, except that [`prune`](Self::prune) erases contents.
/// It is used from many threads at once.
pub trait Store: fmt::Debug + Send + Sync {
    /// Appends entries in the order of the drafts. When it returns they are durable, all in one step.
    ///
    /// A draft that [ends](Change::Ends) a record which is not open is left out and answered with [`NotOpen`]; there is
    /// one answer for each draft. Drafts are sealed with [`Draft::seal`] onto the head of the chain, which no other
    /// writer may move meanwhile.
    ///
    /// # Errors
    ///
    /// When nothing was written, or it is unknown whether it was.
    fn append(
        &self,
        drafts: &[Draft],
        clock: &dyn Clock,
    ) -> Result<Vec<Result<Entry, NotOpen>>, StoreError>;

    /// The entries after a sequence number, in their order.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn entries(&self, after: u64) -> Result<Entries<'_>, StoreError>;

    /// The last entry.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn last(&self) -> Result<Option<Entry>, StoreError>;

    /// The entries that say nothing about records: holds, releases, prunings, checkpoints; in their order.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn marks(&self) -> Result<Vec<Entry>, StoreError>;

    /// At most `limit` records that [match](Filter::matches), in the order of the filter, after the cursor.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn records(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError>;

    /// Appends the entry of the pruning, erases the contents of the entries it names and drops the entries up to the
    /// one it names, all in one durable step.
    ///
    /// `None`, and nothing is done, if the last of the [`marks`](Self::marks) is not the one that it was planned by:
    /// somebody else has pruned, or placed a hold.
    ///
    /// # Errors
    ///
    /// When nothing was pruned, or it is unknown whether it was.
    fn prune(&self, pruning: &Pruning, clock: &dyn Clock) -> Result<Option<Entry>, StoreError>;

    /// Compares whatever the store derives from the entries for its own use with some of them, in their order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] names the first entry with which something does not agree.
    fn check_index(&self, entries: &[(Entry, Change)]) -> Result<(), StoreError> {
        let _ = entries;
        Ok(())
    }

    /// How much the store has derived from the entries up to a sequence number; `None` if it derives nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn index_size(&self, through: u64) -> Result<Option<IndexSize>, StoreError> {
        let _ = through;
        Ok(None)
    }
}

/// How many rows a store has derived from the entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexSize {
    /// One for each record.
    pub records: u64,
    /// Those of them that no entry up to there ends, and that are not denied.
    pub open: u64,
    /// One for each word of each reason.
    pub words: u64,
    /// One for each entry that is no part of a record.
    pub marks: u64,
}

/// What is to be erased, and the entry that says so.
#[derive(Debug)]
pub struct Pruning {
    pub(crate) draft: Draft,
    pub(crate) last_mark: u64,
    pub(crate) erased: Vec<(u64, u64)>,
    pub(crate) dropped: u64,
}

impl Pruning {
    /// The entry to append.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The sequence number of the last mark it was planned by; 0 for none.
    #[must_use]
    pub fn last_mark(&self) -> u64 {
        self.last_mark
    }

    /// The entries that lose their content: first and last of each run, in order.
    #[must_use]
    pub fn erased(&self) -> &[(u64, u64)] {
        &self.erased
    }

    /// The last entry of which nothing remains; every one before it goes too. 0 for none.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether an entry loses its content.
    pub(crate) fn erases(&self, sequence: u64) -> bool {
        is_in(&self.erased, sequence)
    }
}

/// Whether a number is in one of some runs, which are in order.
pub(crate) fn is_in(runs: &[(u64, u64)], number: u64) -> bool {
    let after = runs.partition_point(|(first, _)| *first <= number);
    after.checked_sub(1).and_then(|at| runs.get(at)).is_some_and(|(_, last)| number <= *last)
}
