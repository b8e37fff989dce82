//! What an entry says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::attempt::{Actor, Attempt, Effect};
use super::checkpoint::Checkpoint;
use super::clock;
use super::digest::{Digest, HexError, from_hex, to_hex};
use super::error::AuditError;
use super::filter::words;
use super::record::{Outcome, OutcomeKind, RecordId};
use super::retention::Hold;

/// A random number of an entry.
///
/// By it a store knows an entry that it has already written, and nobody can guess the content of a pruned entry
/// from the hash that remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EntryId([u8; 16]);

impl EntryId {
    pub(crate) fn random() -> Result<Self, AuditError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(AuditError::Random)?;
        Ok(Self(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        to_hex(&id.0)
    }
}

impl TryFrom<String> for EntryId {
    type Error = HexError;

    fn try_from(text: String) -> Result<Self, HexError> {
        from_hex(&text).map(Self)
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Event {
    /// An allowed attempt is about to be run.
    Begin {
        /// The entry's id.
        id: EntryId,
        /// What is attempted.
        #[serde(flatten)]
        attempt: Attempt,
    },
    /// An attempt was denied.
    Denied {
        /// The entry's id.
        id: EntryId,
        /// What was attempted.
        #[serde(flatten)]
        attempt: Attempt,
    },
    /// An attempt that was begun has ended.
    End {
        /// The entry's id.
        id: EntryId,
        /// The record it ends.
        begin: RecordId,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// The state after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
    },
    /// Records must be kept, whatever their age.
    Hold {
        /// The entry's id.
        id: EntryId,
        /// Which records.
        hold: Hold,
        /// Who says so.
        by: Actor,
        /// Why.
        reason: String,
    },
    /// A hold ends.
    Release {
        /// The entry's id.
        id: EntryId,
        /// The sequence number of the hold.
        hold: u64,
        /// Who says so.
        by: Actor,
        /// Why.
        reason: String,
    },
    /// The content of old entries was erased.
    Prune(Pruned),
    /// The chain up to the entry before, signed.
    Checkpoint {
        /// What was signed.
        checkpoint: Checkpoint,
    },
}

/// What a pruning erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pruned {
    /// The entry's id.
    pub id: EntryId,
    /// Who asked for it.
    pub by: Actor,
    /// How many records lost their content.
    pub records: u64,
    /// Records of no listed environment were pruned if they ended before this time; none were if it is absent.
    #[serde(with = "clock::optional_text", default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// The times for environments of their own retention; none for those of which everything is kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, Option<TimeText>>,
    /// The entries whose content was erased and whose hashes remain: first and last of each run.
    pub erased: Vec<(u64, u64)>,
    /// The last entry of which nothing remains, if the log no longer begins with entry 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Dropped>,
}

/// A time, in JSON as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeText(#[serde(with = "clock::text")] pub Timestamp);

/// The end of a prefix that is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dropped {
    /// The sequence number of its last entry.
    pub sequence: u64,
    /// The hash of its last entry.
    pub hash: Digest,
}

/// What an entry does to the records, for stores that index them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A record begins; [`OutcomeKind::Open`] or [`OutcomeKind::Denied`].
    Begins(Box<Keys>, OutcomeKind),
    /// An open record gets its outcome.
    Ends(RecordId, OutcomeKind),
    /// Nothing: a hold, a release, a pruning, a checkpoint.
    Mark,
}

/// What a record is looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The environment, if there is one.
    pub environment: Option<String>,
    /// The actor's id.
    pub actor: String,
    /// The action.
    pub action: String,
    /// Kind and id of the resource, with a slash between them.
    pub resource: String,
    /// Allowed or denied.
    pub effect: Effect,
    /// The words of the reason, sorted, each once.
    pub words: Vec<String>,
}

impl Event {
    /// What the entry does to the records.
    #[must_use]
    pub fn change(&self) -> Change {
        match self {
            Self::Begin { attempt, .. } => {
                Change::Begins(Box::new(keys(attempt)), OutcomeKind::Open)
            }
            Self::Denied { attempt, .. } => {
                Change::Begins(Box::new(keys(attempt)), OutcomeKind::Denied)
            }
            Self::End { begin, outcome, .. } => Change::Ends(*begin, outcome.kind()),
            Self::Hold { .. } | Self::Release { .. } | Self::Prune(_) | Self::Checkpoint { .. } => {
                Change::Mark
            }
        }
    }
}

fn keys(attempt: &Attempt) -> Keys {
    Keys {
        environment: attempt.environment.clone(),
        actor: attempt.actor.id.clone(),
        action: attempt.action.clone(),
        resource: attempt.resource.key(),
        effect: attempt.decision.effect,
        words: words(attempt.reason.as_deref().unwrap_or_default()).into_iter().collect(),
    }
}
