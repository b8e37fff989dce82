//! The audit log: who did what, where, why, and how it ended.
//!
//! Before a frontend does something for somebody it [begins](AuditLog::begin) a record; when that returns, the record is
//! on the disk. Afterwards it [completes](AuditLog::complete) it, or says how it [failed](AuditLog::fail). A crash in
//! between leaves an [open entry](AuditLog::open_entries), and never a gap. What was denied is recorded too, in one step.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! use fortem_core::audit::{Actor, Attempt, AuditLog, Decision, Digest, Filter, Resource, Sqlite};
//! use serde_json::json;
//!
//! let log = AuditLog::new(Sqlite::open(directory.path().join("audit.db"))?);
//!
//! // Alice pressed the button. The decision is the engine's.
//! let policies = Digest::of(b"the text of all policies");
//! let attempt = Attempt::new(
//!     Actor::new("alice").groups(["storefront"]),
//!     "restartService",
//!     Resource::new("Service", "orders-api"),
//!     Decision::allow(["developer"], policies),
//! )
//! .environment("staging")
//! .reason("orders hang since the deployment")
//! .before(json!({ "running": 2, "environment": [{ "name": "DB_PASSWORD", "value": "hunter2" }] }));
//! let record = log.begin(attempt)?;
//!
//! // Restart the service here, and only here: what fails to be recorded is not run.
//! log.complete(record, json!({ "running": 2 }))?;
//!
//! // Who restarted staging?
//! let restarts = Filter::new().environment("staging").action("restartService").newest_first();
//! for record in log.page(&restarts, None, 20)?.records {
//!     assert_eq!(record.attempt.actor.id, "alice");
//!     let state = record.attempt.before.expect("the state that was given");
//!     assert_eq!(state["environment"][0]["value"], "[redacted]");
//! }
//!
//! // For a spreadsheet, for another program.
//! log.export_csv(&Filter::new(), &mut std::io::sink())?;
//! log.export_json_lines(&Filter::new(), &mut std::io::sink())?;
//!
//! // Is it what was written?
//! assert_eq!(log.verify()?.entries, 2);
//! # Ok(())
//! # }
//! ```
//!
//! A bot that answers a button later keeps the [`RecordId`], which is a number in text. When it starts it looks at
//! [`AuditLog::open_entries`]: what it began before it stopped, to be completed, or [abandoned](AuditLog::abandon).
//!
//! # Where it is kept
//!
//! | store | feature | for |
//! | --- | --- | --- |
//! | [`Sqlite`] | `sqlite` | one machine, several processes; queries over millions of records |
//! | `JsonLines` | `jsonl` | one process that writes much and reads little; a file that every tool can read |
//! | `Postgres` | `postgres` | several machines |
//! | [`Memory`] | `audit` | tests of a frontend |
//!
//! Others implement [`Store`]. Records of callers who wait at the same time are written in one step, so that each of
//! many threads does not wait for a disk of its own.
//!
//! # What the chain shows, and what it cannot
//!
//! Each entry has the SHA-256 hash of the one before it, over canonical JSON (RFC 8785). [`AuditLog::verify`] reads all of
//! it and names the first entry that was changed, taken out, put in or moved. There is one chain, however many write.
//!
//! A chain alone is no proof against somebody who can write the whole store: they can write another one, from the
//! first entry on, or cut off its end. Against that, keep the end of the chain where they cannot write: the
//! [`AuditLog::head`], or a checkpoint signed with an Ed25519 key (feature `signing`), and give it to
//! [`AuditLog::verify_with`]. Signed checkpoints in the log itself hold against whoever has the store but not the key, up
//! to the last of them: [`Verified::signed_through`] says which entry that is, so compare it with what you expect. A log
//! rewritten without any checkpoint has none.
//!
//! Nor does the chain show that what a frontend recorded is true, or that it recorded everything it did.
//!
//! # Time
//!
//! Times are UTC with nanoseconds, and never run backwards along the chain. When the clock is behind the last entry, the
//! entry has that one's time, and says in [`Record::clock`] what the clock read. A clock that was far ahead once holds the
//! time until it has passed.
//!
//! # Retention
//!
//! [`AuditLog::prune`] erases records past their [`Retention`], environment by environment, but for those on
//! [hold](AuditLog::hold). The entries of environments lie between each other in one chain; so an erased entry keeps its
//! number, its time and its hashes, and loses its content, and the chain holds. Each content has a random number in it,
//! so that nobody can find it by trying what fits the hash. Entries at the beginning of the log of which nothing is kept
//! go altogether. The pruning is an entry itself: it says who asked, which entries lost their content, and with which
//! hash the log begins now.
//!
//! # Secrets
//!
//! See [`Redaction`]: they are taken out before anything is written. Names (actor, environment, action, resource) are
//! written as they are.

mod attempt;
mod canonical;
mod checkpoint;
mod clock;
mod digest;
mod entry;
mod error;
mod event;
mod export;
mod filter;
mod log;
mod queue;
mod record;
mod redact;
mod retention;
#[cfg(feature = "signing")]
mod signer;
mod store;
mod verify;

pub use jiff::Timestamp;

pub use attempt::{Actor, Attempt, Decision, Effect, Resource};
pub use checkpoint::{Checkpoint, PublicKey, Signature};
pub use clock::{Clock, SystemClock};
pub use digest::{Digest, HexError};
pub use entry::{Draft, Entry, Head};
pub use error::{AuditError, NameError, StoreError};
pub use event::{Change, Dropped, EntryId, Event, Keys, Pruned, TimeText};
pub use export::{COLUMNS, ExportError};
pub use filter::{Cursor, Filter, Page};
pub use log::{AuditLog, Records};
pub use record::{Outcome, OutcomeKind, Record, RecordId};
pub use redact::{PatternError, Redaction};
pub use retention::{Hold, HoldInForce, Retention};
#[cfg(feature = "signing")]
pub use signer::Signer;
#[cfg(feature = "jsonl")]
pub use store::json_lines::JsonLines;
pub use store::memory::Memory;
#[cfg(feature = "postgres")]
pub use store::postgres::Postgres;
#[cfg(feature = "sqlite")]
pub use store::sqlite::Sqlite;
pub use store::{Entries, IndexSize, NotOpen, Pruning, Store};
pub use verify::{Broken, Fault, Trust, Verified, VerifyError};
