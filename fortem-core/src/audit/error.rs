//! What can go wrong.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::RecordId;

/// A name that nothing can be looked up by: empty, longer than 512 bytes, with control characters, or,
/// for a kind of resource, with a slash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no name of {} {what}", .name.escape_debug(), if .what.starts_with('a') || .what.starts_with('e') { "an" } else { "a" })]
pub struct NameError {
    what: &'static str,
    name: String,
}

impl NameError {
    pub(crate) fn new(what: &'static str, name: &str) -> Self {
        Self { what, name: name.chars().take(64).collect() }
    }
}

/// Why nothing was recorded.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A name in what was to be recorded is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Only an allowed attempt can begin.
    #[error("the attempt was denied: record it as such, and do not run it")]
    Denied,
    /// Only a denied attempt is recorded as denied.
    #[error("the attempt was allowed: begin it")]
    Allowed,
    /// A state nested deeper than 96 levels.
    #[error("the state is nested deeper than 96 levels")]
    TooDeep,
    /// A hold that names neither environment nor actor nor correlation would hold nothing.
    #[error("a hold needs an environment, an actor or a correlation")]
    HoldsNothing,
    /// There is no such hold, or it is released.
    #[error("entry {0} is not a hold in force")]
    NotHeld(u64),
    /// The record is not open: there is none of that id, or it has its outcome already.
    #[error("record {0} is not open")]
    NotOpen(RecordId),
    /// No checkpoint without a key.
    #[error("the log has no signer")]
    NoSigner,
    /// The system has no random numbers to give.
    #[error("no random numbers")]
    Random(#[source] getrandom::Error),
    /// The entry cannot be written as JSON.
    #[error("the entry cannot be written as JSON")]
    Json(#[source] Arc<serde_json::Error>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<serde_json::Error> for AuditError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(Arc::new(error))
    }
}

/// Why a store could not read or write.
///
/// After an error from an append it is unknown whether the entries were written; what was acknowledged before is there.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the log open, and the store allows one.
    #[error("`{}` is open in another process", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot read or write `{}`", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// An earlier append failed half way; the log has to be opened again.
    #[error("an earlier append failed: open the log again")]
    Failed,
    /// An entry is not what was written.
    #[error("{place} {number} is damaged: {what}")]
    Damaged {
        /// What is counted: `entry` or `line`.
        place: &'static str,
        /// Which one, from 1.
        number: u64,
        /// What is wrong.
        what: String,
    },
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Arc<dyn Error + Send + Sync>),
}

impl StoreError {
    /// An error of a database, or of whatever else is below a store.
    pub fn database(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Database(Arc::new(error))
    }

    /// An entry that is not what was written.
    pub fn damaged(sequence: u64, what: impl Into<String>) -> Self {
        Self::Damaged { place: "entry", number: sequence, what: what.into() }
    }

    /// An error about a file.
    pub fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source: Arc::new(source) }
    }
}
