//! What the databases have in common: tables, and queries over them.
//!
//! `audit_entry` is the chain. The other tables are derived from it, so that queries are fast; what they say is compared
//! with the chain by `verify`.

use crate::audit::clock::nanoseconds;
use crate::audit::digest::Digest;
use crate::audit::entry::Entry;
use crate::audit::error::StoreError;
use crate::audit::event::{Change, Keys};
use crate::audit::filter::{Cursor, Filter};
use crate::audit::record::{OutcomeKind, Record, RecordId};

/// The columns of an entry, in the order of [`Row`].
pub(crate) const COLUMNS: &str = "sequence, time, clock, previous, content_hash, hash, content";

/// How many entries are read at a time.
pub(crate) const PAGE: i64 = 1024;

/// An entry as a database gives it.
pub(crate) struct Row {
    pub(crate) sequence: i64,
    pub(crate) time: i64,
    pub(crate) clock: Option<i64>,
    pub(crate) previous: Vec<u8>,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) hash: Vec<u8>,
    pub(crate) content: Option<String>,
}

impl TryFrom<Row> for Entry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let sequence = u64::try_from(row.sequence).unwrap_or(0);
        let digest = |bytes: Vec<u8>| {
            let bytes = <[u8; 32]>::try_from(bytes);
            let damaged = |_| StoreError::damaged(sequence, "a hash is not 32 bytes long");
            bytes.map(Digest::from_bytes).map_err(damaged)
        };
        Ok(Self {
            sequence,
            time: crate::audit::clock::from_nanoseconds(row.time),
            clock: row.clock.map(crate::audit::clock::from_nanoseconds),
            previous: digest(row.previous)?,
            content_hash: digest(row.content_hash)?,
            hash: digest(row.hash)?,
            content: row.content,
        })
    }
}

/// Entries from pages of rows.
pub(crate) fn flatten<'a>(
    pages: impl Iterator<Item = Result<Vec<Row>, StoreError>> + 'a,
) -> impl Iterator<Item = Result<Entry, StoreError>> + 'a {
    pages.flat_map(|page| {
        let (rows, error) = match page {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        rows.into_iter().map(Entry::try_from).chain(error)
    })
}

/// A value to bind, in the order of the placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
}

/// A statement with placeholders `$1`, `$2`, …, each used once and in order.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Query {
    fn bind(&mut self, before: &str, value: Value, after: &str) {
        self.values.push(value);
        self.sql.push_str(&format!("{before}${}{after}", self.values.len()));
    }

    /// Records with the entries that begin and end them, as two [`Row`]s.
    ///
    /// Times in the chain never run backwards, so a span of time is a span of numbers, and every index that ends with
    /// the number serves both the span and the order.
    pub(crate) fn records(filter: &Filter, after: Option<Cursor>, limit: usize) -> Self {
        let columns = |table: &str| {
            let columns = COLUMNS.split(", ").map(|column| format!("{table}.{column}"));
            columns.collect::<Vec<_>>().join(", ")
        };
        let mut query = Self::default();
        query.sql = format!(
            "SELECT {}, {} FROM audit_record r \
             JOIN audit_entry b ON b.sequence = r.sequence \
             LEFT JOIN audit_entry e ON e.sequence = r.ended_by",
            columns("b"),
            columns("e"),
        );
        for (at, word) in filter.words.iter().enumerate() {
            let join =
                format!(" JOIN audit_word w{at} ON w{at}.record = r.sequence AND w{at}.word = ");
            query.bind(&join, Value::Text(word.clone()), "");
        }
        query.sql.push_str(" WHERE TRUE");
        query.conditions(filter, after);
        let order = if filter.newest_first { "DESC" } else { "ASC" };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        query.bind(&format!(" ORDER BY r.sequence {order} LIMIT "), Value::Number(limit), "");
        query
    }

    fn conditions(&mut self, filter: &Filter, after: Option<Cursor>) {
        let resource = filter.resource.as_ref().map(crate::audit::Resource::key);
        let texts = [
            ("environment", filter.environment.clone()),
            ("actor", filter.actor.clone()),
            ("action", filter.action.clone()),
            ("resource", resource),
            ("effect", filter.effect.map(|effect| effect.as_str().to_owned())),
            ("outcome", filter.outcome.map(|outcome| outcome.as_str().to_owned())),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                self.bind(&format!(" AND r.{column} = "), Value::Text(text), "");
            }
        }
        let first_at = "(SELECT sequence FROM audit_entry WHERE time >= ";
        let first = " ORDER BY time, sequence LIMIT 1)";
        if let Some(from) = filter.from {
            let before = format!(" AND r.sequence >= {first_at}");
            self.bind(&before, Value::Number(nanoseconds(from)), first);
        }
        if let Some(to) = filter.to {
            let before = format!(" AND r.sequence < COALESCE({first_at}");
            let after = format!("{first}, {})", i64::MAX);
            self.bind(&before, Value::Number(nanoseconds(to)), &after);
        }
        if let Some(Cursor(cursor)) = after {
            let sign = if filter.newest_first { "<" } else { ">" };
            self.bind(&format!(" AND r.sequence {sign} "), Value::Number(number(cursor)), "");
        }
    }
}

/// A record from the entries that begin and end it.
pub(crate) fn record(begin: &Entry, end: Option<&Entry>) -> Result<Record, StoreError> {
    let damaged = || StoreError::damaged(begin.sequence, "does not begin a record");
    let record = Record::begun_by(begin)?.ok_or_else(damaged)?;
    match end {
        Some(end) => record.ended_by(end),
        None => Ok(record),
    }
}

/// What a table of records says about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indexed {
    pub(crate) environment: Option<String>,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) effect: String,
    pub(crate) outcome: String,
    pub(crate) ended_by: Option<i64>,
}

impl Indexed {
    fn has_keys(&self, keys: &Keys) -> bool {
        self.environment == keys.environment
            && self.actor == keys.actor
            && self.action == keys.action
            && self.resource == keys.resource
            && self.effect == keys.effect.as_str()
    }
}

/// The derived tables of a database, looked up one row at a time.
pub(crate) trait Index {
    fn record(&mut self, sequence: i64) -> Result<Option<Indexed>, StoreError>;
    fn has_word(&mut self, word: &str, record: i64) -> Result<bool, StoreError>;
    fn has_mark(&mut self, sequence: i64) -> Result<bool, StoreError>;
}

/// Compares the derived tables with entries.
pub(crate) fn check(index: &mut dyn Index, entries: &[(Entry, Change)]) -> Result<(), StoreError> {
    for (entry, change) in entries {
        let sequence = number(entry.sequence);
        let fault = match change {
            Change::Begins(keys, outcome) => begins(index, sequence, keys, *outcome)?,
            Change::Ends(RecordId(record), outcome) => {
                let row = index.record(number(*record))?;
                let agrees = row.is_some_and(|row| {
                    row.ended_by == Some(sequence) && row.outcome == outcome.as_str()
                });
                (!agrees).then_some("the outcome of its record")
            }
            Change::Mark => (!index.has_mark(sequence)?).then_some("its mark"),
        };
        if let Some(fault) = fault {
            return Err(StoreError::damaged(entry.sequence, fault));
        }
    }
    Ok(())
}

fn begins(
    index: &mut dyn Index,
    sequence: i64,
    keys: &Keys,
    outcome: OutcomeKind,
) -> Result<Option<&'static str>, StoreError> {
    let Some(row) = index.record(sequence)? else { return Ok(Some("its record")) };
    // The outcome of what was begun is compared at the entry that gives it.
    let is_final = outcome == OutcomeKind::Denied;
    let has_outcome = row.outcome == outcome.as_str() && row.ended_by.is_none();
    if !row.has_keys(keys) || is_final && !has_outcome {
        return Ok(Some("what its record is looked up by"));
    }
    for word in &keys.words {
        if !index.has_word(word, sequence)? {
            return Ok(Some("the words of its reason"));
        }
    }
    Ok(None)
}

pub(crate) fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

pub(crate) fn sequence(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
