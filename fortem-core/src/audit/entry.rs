//! The chain: entries, each with the hash of the one before it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::canonical;
use super::clock::{self, Clock, rfc3339};
use super::digest::Digest;
use super::error::{AuditError, StoreError};
use super::event::{EntryId, Event};
#[cfg(feature = "signing")]
use super::signer::Signer;
#[cfg(feature = "signing")]
use std::sync::Arc;

/// The last entry of a chain, as much of it as the next one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Head {
    /// Its sequence number; 0 when there is no entry.
    pub sequence: u64,
    /// Its hash.
    pub hash: Digest,
    /// Its time.
    #[serde(with = "clock::text")]
    pub time: Timestamp,
}

impl Head {
    /// The head of a chain without entries.
    pub const START: Self = Self { sequence: 0, hash: Digest::ZERO, time: Timestamp::UNIX_EPOCH };
}

/// An entry of the log.
///
/// The hash of an entry covers its sequence number, its times, the hash of the entry before it and the hash of its
/// content; so content can be erased by [pruning](super::AuditLog::prune) without breaking the chain. What is hashed
/// is canonical JSON (RFC 8785), with SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) sequence: u64,
    pub(crate) time: Timestamp,
    pub(crate) clock: Option<Timestamp>,
    pub(crate) previous: Digest,
    pub(crate) content_hash: Digest,
    pub(crate) hash: Digest,
    pub(crate) content: Option<String>,
}

impl Entry {
    /// The sequence number: 1 for the first entry, then without gaps.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When it was written; never before the entry before it.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What the clock said, if that was before the time of the entry before it.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// The hash of the entry before it.
    #[must_use]
    pub fn previous(&self) -> Digest {
        self.previous
    }

    /// The hash of the content.
    #[must_use]
    pub fn content_hash(&self) -> Digest {
        self.content_hash
    }

    /// The hash of the entry.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The content, canonical JSON; `None` once it is erased.
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// What the entry says; `None` once its content is erased.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] when the content cannot be read.
    pub fn event(&self) -> Result<Option<Event>, StoreError> {
        let read = |text: &String| {
            serde_json::from_str(text)
                .map_err(|error| StoreError::damaged(self.sequence, error.to_string()))
        };
        self.content.as_ref().map(read).transpose()
    }

    /// As much as the next entry needs.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash, time: self.time }
    }

    /// The hash that the entry ought to have.
    pub(crate) fn computed_hash(&self) -> Digest {
        let clock =
            self.clock.map_or(String::new(), |clock| format!("\"clock\":\"{}\",", rfc3339(clock)));
        let text = format!(
            "{{{clock}\"content\":\"{}\",\"previous\":\"{}\",\"sequence\":{},\"time\":\"{}\"}}",
            self.content_hash,
            self.previous,
            self.sequence,
            rfc3339(self.time),
        );
        Digest::of(text.as_bytes())
    }

    /// The entry as one line of JSON, canonical, without a line break.
    #[must_use]
    pub fn to_line(&self) -> String {
        let clock =
            self.clock.map_or(String::new(), |clock| format!("\"clock\":\"{}\",", rfc3339(clock)));
        format!(
            "{{{clock}\"content\":{},\"content_hash\":\"{}\",\"hash\":\"{}\",\"previous\":\"{}\",\"sequence\":{},\"time\":\"{}\"}}",
            self.content.as_deref().unwrap_or("null"),
            self.content_hash,
            self.hash,
            self.previous,
            self.sequence,
            rfc3339(self.time),
        )
    }

    /// Reads what [`to_line`](Self::to_line) writes, and nothing else: one entry has one line.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let fields: Line<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let entry = Self {
            sequence: fields.sequence,
            time: fields.time,
            clock: fields.clock,
            previous: fields.previous,
            content_hash: fields.content_hash,
            hash: fields.hash,
            content: fields.content.map(|content| content.get().to_owned()),
        };
        if entry.to_line() != line {
            return Err("not in canonical form".to_owned());
        }
        Ok(entry)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(with = "clock::optional_text", default)]
    clock: Option<Timestamp>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    content_hash: Digest,
    hash: Digest,
    previous: Digest,
    sequence: u64,
    #[serde(with = "clock::text")]
    time: Timestamp,
}

/// An entry that has no place in the chain yet.
#[derive(Debug, Clone)]
pub struct Draft(Content);

#[derive(Debug, Clone)]
enum Content {
    Written {
        id: EntryId,
        event: Box<Event>,
        text: String,
        hash: Digest,
    },
    #[cfg(feature = "signing")]
    Checkpoint {
        id: EntryId,
        signer: Arc<Signer>,
    },
}

impl Draft {
    pub(crate) fn new(id: EntryId, event: Event) -> Result<Self, AuditError> {
        let text = canonical::text(&event)?;
        let hash = Digest::of(text.as_bytes());
        Ok(Self(Content::Written { id, event: Box::new(event), text, hash }))
    }

    /// A checkpoint signs the head it finds when it is written.
    #[cfg(feature = "signing")]
    pub(crate) fn checkpoint(id: EntryId, signer: Arc<Signer>) -> Self {
        Self(Content::Checkpoint { id, signer })
    }

    /// By which a store knows that it has already written the entry.
    #[must_use]
    pub fn id(&self) -> EntryId {
        match &self.0 {
            Content::Written { id, .. } => *id,
            #[cfg(feature = "signing")]
            Content::Checkpoint { id, .. } => *id,
        }
    }

    /// What the entry will do to the records.
    #[must_use]
    pub fn change(&self) -> super::event::Change {
        match &self.0 {
            Content::Written { event, .. } => event.change(),
            #[cfg(feature = "signing")]
            Content::Checkpoint { .. } => super::event::Change::Mark,
        }
    }

    /// The entry that follows `head`.
    ///
    /// Its time is the clock's, unless that is before the head's: then it is the head's, and the entry says what the
    /// clock read.
    #[must_use]
    pub fn seal(&self, head: &Head, clock: &dyn Clock) -> Entry {
        let (text, content_hash) = match &self.0 {
            Content::Written { text, hash, .. } => (text.clone(), *hash),
            #[cfg(feature = "signing")]
            Content::Checkpoint { signer, .. } => {
                let text = signer.sign(head).content();
                let hash = Digest::of(text.as_bytes());
                (text, hash)
            }
        };
        let now = clock::clamped(clock.now());
        let mut entry = Entry {
            sequence: head.sequence + 1,
            time: now.max(head.time),
            clock: (now < head.time).then_some(now),
            previous: head.hash,
            content_hash,
            hash: Digest::ZERO,
            content: Some(text),
        };
        entry.hash = entry.computed_hash();
        entry
    }
}
