//! What was done: an attempt and its outcome.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attempt::Attempt;
use super::clock;
use super::entry::Entry;
use super::error::StoreError;
use super::event::Event;

/// Names a record: the sequence number of its first entry.
///
/// In text a number, so that a button of a chat message can carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub(crate) u64);

impl RecordId {
    /// The sequence number of the first entry, from 1.
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RecordId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// How an attempt ended, without the particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeKind {
    /// Not ended: running, or cut off by a crash.
    Open,
    /// Done.
    Completed,
    /// Tried, and failed.
    Failed,
    /// Given up: nobody knows, or it was never run.
    Abandoned,
    /// Denied, so never run.
    Denied,
}

impl OutcomeKind {
    /// The word as it is written in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
            Self::Denied => "denied",
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// Not ended: running, or cut off by a crash.
    Open,
    /// Done.
    Completed,
    /// Tried, and failed.
    Failed {
        /// What the operation said.
        error: String,
    },
    /// Given up: nobody knows, or it was never run.
    Abandoned,
    /// Denied, so never run.
    Denied,
}

impl Outcome {
    /// The outcome without its particulars.
    #[must_use]
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Open => OutcomeKind::Open,
            Self::Completed => OutcomeKind::Completed,
            Self::Failed { .. } => OutcomeKind::Failed,
            Self::Abandoned => OutcomeKind::Abandoned,
            Self::Denied => OutcomeKind::Denied,
        }
    }
}

/// An attempt and its outcome: one or two entries of the log, joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// Which record.
    pub id: RecordId,
    /// When it was begun or denied.
    #[serde(with = "clock::text")]
    pub time: Timestamp,
    /// What the clock said then, if it was behind the time of the entry before.
    #[serde(with = "clock::optional_text", default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
    /// What was asked for, secrets redacted.
    #[serde(flatten)]
    pub attempt: Attempt,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When it ended; none while it is open, and none for what was denied.
    #[serde(with = "clock::optional_text", default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The sequence number of the entry that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
    /// The state after, secrets redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Record {
    /// The record that begins with an entry; `None` if none does.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] when the content cannot be read.
    pub fn begun_by(entry: &Entry) -> Result<Option<Self>, StoreError> {
        Ok(entry.event()?.and_then(|event| Self::of(entry, event)))
    }

    pub(crate) fn of(entry: &Entry, event: Event) -> Option<Self> {
        let (attempt, outcome) = match event {
            Event::Begin { attempt, .. } => (attempt, Outcome::Open),
            Event::Denied { attempt, .. } => (attempt, Outcome::Denied),
            _ => return None,
        };
        let (id, time, clock) = (RecordId(entry.sequence()), entry.time(), entry.clock());
        Some(Self { id, time, clock, attempt, outcome, ended: None, end: None, after: None })
    }

    /// The record with the outcome that another entry gives it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] when that entry does not end this record.
    pub fn ended_by(self, entry: &Entry) -> Result<Self, StoreError> {
        let other = || StoreError::damaged(entry.sequence(), format!("does not end {}", self.id));
        match entry.event()? {
            Some(Event::End { begin, outcome, after, .. }) if begin == self.id => {
                let (ended, end) = (Some(entry.time()), Some(entry.sequence()));
                Ok(Self { outcome, after, ended, end, ..self })
            }
            _ => Err(other()),
        }
    }

    /// When the last entry of the record was written; retention counts from there.
    pub(crate) fn last_time(&self) -> Timestamp {
        self.ended.unwrap_or(self.time)
    }
}
