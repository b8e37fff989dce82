//! Entries in an SQLite database.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::sql::{self, Index, Indexed, Query, Row, number, sequence};
use super::{Entries, IndexSize, NotOpen, Pruning, Store};
use crate::audit::clock::{Clock, from_nanoseconds, nanoseconds};
use crate::audit::digest::Digest;
use crate::audit::entry::{Draft, Entry, Head};
use crate::audit::error::StoreError;
use crate::audit::event::{Change, Keys};
use crate::audit::filter::{Cursor, Filter};
use crate::audit::record::{OutcomeKind, Record};

/// `audit_entry` is the chain, the other tables are derived from it.
///
/// A rowid table's indexes end with the rowid, here the number: each index serves an equality, a span of time and the
/// order in one pass, without sorting. Environment and action together are the question that is asked most.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS audit_entry (
    sequence INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    clock INTEGER,
    previous BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    content TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS audit_entry_time ON audit_entry (time);
CREATE TABLE IF NOT EXISTS audit_record (
    sequence INTEGER PRIMARY KEY,
    environment TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    effect TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ended_by INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS audit_record_environment_action ON audit_record (environment, action);
CREATE INDEX IF NOT EXISTS audit_record_environment ON audit_record (environment);
CREATE INDEX IF NOT EXISTS audit_record_actor ON audit_record (actor);
CREATE INDEX IF NOT EXISTS audit_record_resource ON audit_record (resource);
CREATE INDEX IF NOT EXISTS audit_record_outcome ON audit_record (outcome);
CREATE TABLE IF NOT EXISTS audit_word (
    word TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (word, record)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit_mark (sequence INTEGER PRIMARY KEY) STRICT;
";

/// A store in an SQLite database, which is built into this crate.
///
/// The write-ahead log is on and every commit is synchronised to the disk. Several processes on one machine can write
/// the same log; each waits up to a minute for its turn.
#[derive(Debug)]
pub struct Sqlite {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl Sqlite {
    /// Opens a log, or makes one.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is none of SQLite's.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let writer = connect(path.as_ref())?;
        let create = || {
            writer.pragma_update(None, "journal_mode", "wal")?;
            writer.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))
        };
        create().map_err(failed)?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(connect(path.as_ref())?) })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, after: u64) -> rusqlite::Result<Vec<Row>> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {} FROM audit_entry WHERE sequence > ? ORDER BY sequence LIMIT ?",
            sql::COLUMNS
        ))?;
        let rows = statement.query_map(params![number(after), sql::PAGE], |row| row_at(row, 0))?;
        rows.collect()
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(60))?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    open().map_err(failed)
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::database(error)
}

fn row_at(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Row> {
    Ok(Row {
        sequence: row.get(first)?,
        time: row.get(first + 1)?,
        clock: row.get(first + 2)?,
        previous: row.get(first + 3)?,
        content_hash: row.get(first + 4)?,
        hash: row.get(first + 5)?,
        content: row.get(first + 6)?,
    })
}

impl ToSql for sql::Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
        }
    }
}

fn head(transaction: &Transaction<'_>) -> rusqlite::Result<Head> {
    let mut statement = transaction.prepare_cached(
        "SELECT sequence, hash, time FROM audit_entry ORDER BY sequence DESC LIMIT 1",
    )?;
    let found = statement.query_row([], |row| {
        let (number, hash, time): (i64, [u8; 32], i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (sequence, hash) = (sequence(number), Digest::from_bytes(hash));
        Ok(Head { sequence, hash, time: from_nanoseconds(time) })
    });
    Ok(found.optional()?.unwrap_or(Head::START))
}

/// Appends one entry after `head`, and moves it.
fn append(
    transaction: &Transaction<'_>,
    head: &mut Head,
    draft: &Draft,
    clock: &dyn Clock,
) -> rusqlite::Result<Result<Entry, NotOpen>> {
    let entry = draft.seal(head, clock);
    match draft.change() {
        Change::Begins(keys, outcome) => insert_record(transaction, &entry, &keys, outcome)?,
        Change::Ends(record, outcome) => {
            let mut statement = transaction.prepare_cached(
                "UPDATE audit_record SET outcome = ?, ended_by = ? WHERE sequence = ? AND outcome = 'open'",
            )?;
            let values = params![outcome.as_str(), number(entry.sequence), number(record.0)];
            if statement.execute(values)? == 0 {
                return Ok(Err(NotOpen(record)));
            }
        }
        Change::Mark => {
            let mut statement =
                transaction.prepare_cached("INSERT INTO audit_mark (sequence) VALUES (?)")?;
            statement.execute([number(entry.sequence)])?;
        }
    }
    let mut statement = transaction.prepare_cached(&format!(
        "INSERT INTO audit_entry ({}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        sql::COLUMNS
    ))?;
    statement.execute(params![
        number(entry.sequence),
        nanoseconds(entry.time),
        entry.clock.map(nanoseconds),
        entry.previous.as_bytes(),
        entry.content_hash.as_bytes(),
        entry.hash.as_bytes(),
        entry.content,
    ])?;
    *head = entry.head();
    Ok(Ok(entry))
}

fn insert_record(
    transaction: &Transaction<'_>,
    entry: &Entry,
    keys: &Keys,
    outcome: OutcomeKind,
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO audit_record (sequence, environment, actor, action, resource, effect, outcome) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute(params![
        number(entry.sequence),
        keys.environment,
        keys.actor,
        keys.action,
        keys.resource,
        keys.effect.as_str(),
        outcome.as_str(),
    ])?;
    let mut statement =
        transaction.prepare_cached("INSERT INTO audit_word (word, record) VALUES (?, ?)")?;
    for word in &keys.words {
        statement.execute(params![word, number(entry.sequence)])?;
    }
    Ok(())
}

/// Takes what is derived from entries of which the content goes.
fn forget(transaction: &Transaction<'_>, first: u64, last: u64) -> Result<(), StoreError> {
    let (first, last) = (number(first), number(last));
    let find = || {
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT {} FROM audit_entry WHERE sequence BETWEEN ? AND ? AND content IS NOT NULL",
            sql::COLUMNS
        ))?;
        let rows = statement.query_map([first, last], |row| row_at(row, 0))?;
        rows.collect::<rusqlite::Result<Vec<Row>>>()
    };
    for row in find().map_err(failed)? {
        let entry = Entry::try_from(row)?;
        let Some(Change::Begins(keys, _)) = entry.event()?.map(|event| event.change()) else {
            continue;
        };
        let delete = || {
            let mut statement = transaction
                .prepare_cached("DELETE FROM audit_word WHERE word = ? AND record = ?")?;
            for word in &keys.words {
                statement.execute(params![word, number(entry.sequence)])?;
            }
            Ok(())
        };
        delete().map_err(failed)?;
    }
    let delete = || {
        for table in ["audit_record", "audit_mark"] {
            let sql = format!("DELETE FROM {table} WHERE sequence BETWEEN ? AND ?");
            transaction.prepare_cached(&sql)?.execute([first, last])?;
        }
        Ok(())
    };
    delete().map_err(failed)
}

fn erase(transaction: &Transaction<'_>, pruning: &Pruning) -> Result<(), StoreError> {
    // A stretch at a time, so that not all contents are in memory at once.
    for first in (1..=pruning.dropped).step_by(4096) {
        forget(transaction, first, pruning.dropped.min(first + 4095))?;
    }
    for (first, last) in &pruning.erased {
        forget(transaction, *first, *last)?;
    }
    let change = || {
        let mut statement = transaction.prepare_cached(
            "UPDATE audit_entry SET content = NULL WHERE sequence BETWEEN ? AND ?",
        )?;
        for (first, last) in &pruning.erased {
            statement.execute([number(*first), number(*last)])?;
        }
        transaction
            .execute("DELETE FROM audit_entry WHERE sequence <= ?", [number(pruning.dropped)])
    };
    change().map_err(failed).map(|_| ())
}

impl Store for Sqlite {
    fn append(
        &self,
        drafts: &[Draft],
        clock: &dyn Clock,
    ) -> Result<Vec<Result<Entry, NotOpen>>, StoreError> {
        let mut writer = self.writer();
        let mut write = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut head = head(&transaction)?;
            let append = |draft| append(&transaction, &mut head, draft, clock);
            let entries = drafts.iter().map(append).collect::<rusqlite::Result<_>>()?;
            transaction.commit()?;
            Ok(entries)
        };
        write().map_err(failed)
    }

    fn entries(&self, after: u64) -> Result<Entries<'_>, StoreError> {
        let mut after = Some(after);
        let pages = std::iter::from_fn(move || {
            let page = self.page(after?).map_err(failed);
            after =
                page.as_ref().ok().and_then(|rows| rows.last()).map(|row| sequence(row.sequence));
            match page {
                Ok(rows) if rows.is_empty() => None,
                page => Some(page),
            }
        });
        Ok(Box::new(sql::flatten(pages)))
    }

    fn last(&self) -> Result<Option<Entry>, StoreError> {
        let reader = self.reader();
        let sql =
            format!("SELECT {} FROM audit_entry ORDER BY sequence DESC LIMIT 1", sql::COLUMNS);
        let row = reader.query_row(&sql, [], |row| row_at(row, 0)).optional();
        row.map_err(failed)?.map(Entry::try_from).transpose()
    }

    fn marks(&self) -> Result<Vec<Entry>, StoreError> {
        let read = || {
            let reader = self.reader();
            let mut statement = reader.prepare_cached(&format!(
                "SELECT {} FROM audit_entry WHERE sequence IN (SELECT sequence FROM audit_mark) ORDER BY sequence",
                sql::COLUMNS
            ))?;
            let rows = statement.query_map([], |row| row_at(row, 0))?;
            rows.collect::<rusqlite::Result<Vec<Row>>>()
        };
        read().map_err(failed)?.into_iter().map(Entry::try_from).collect()
    }

    fn records(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let query = Query::records(filter, after, limit);
        let read = || {
            let reader = self.reader();
            let mut statement = reader.prepare_cached(&query.sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(&query.values), |row| {
                let has_end = row.get::<_, Option<i64>>(7)?.is_some();
                let end = if has_end { Some(row_at(row, 7)?) } else { None };
                Ok((row_at(row, 0)?, end))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let record = |(begin, end): (Row, Option<Row>)| {
            let end = end.map(Entry::try_from).transpose()?;
            sql::record(&Entry::try_from(begin)?, end.as_ref())
        };
        read().map_err(failed)?.into_iter().map(record).collect()
    }

    fn prune(&self, pruning: &Pruning, clock: &dyn Clock) -> Result<Option<Entry>, StoreError> {
        let mut writer = self.writer();
        // Overwrites what is deleted with zeros, and then takes the write-ahead log away, which still has it.
        writer.pragma_update(None, "secure_delete", true).map_err(failed)?;
        let transaction =
            writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let last = transaction.query_row("SELECT max(sequence) FROM audit_mark", [], |row| {
            row.get::<_, Option<i64>>(0)
        });
        if last.map_err(failed)?.map_or(0, sequence) != pruning.last_mark {
            return Ok(None);
        }
        let entry = head(&transaction)
            .and_then(|mut head| append(&transaction, &mut head, &pruning.draft, clock))
            .map_err(failed)?;
        erase(&transaction, pruning)?;
        transaction.commit().map_err(failed)?;
        let _busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(entry.ok())
    }

    fn check_index(&self, entries: &[(Entry, Change)]) -> Result<(), StoreError> {
        sql::check(&mut Tables(&self.reader()), entries)
    }

    fn index_size(&self, through: u64) -> Result<Option<IndexSize>, StoreError> {
        let reader = self.reader();
        let count = |from: &str| {
            let sql = format!("SELECT count(*) FROM {from}");
            reader.query_row(&sql, [number(through)], |row| row.get(0)).map(sequence)
        };
        let size = || {
            Ok(IndexSize {
                records: count("audit_record WHERE sequence <= ?1")?,
                open: count(
                    "audit_record WHERE sequence <= ?1 AND (outcome = 'open' OR ended_by > ?1)",
                )?,
                words: count("audit_word WHERE record <= ?1")?,
                marks: count("audit_mark WHERE sequence <= ?1")?,
            })
        };
        size().map(Some).map_err(failed)
    }
}

struct Tables<'a>(&'a Connection);

impl Index for Tables<'_> {
    fn record(&mut self, sequence: i64) -> Result<Option<Indexed>, StoreError> {
        let read = || {
            let mut statement = self.0.prepare_cached(
                "SELECT environment, actor, action, resource, effect, outcome, ended_by \
                 FROM audit_record WHERE sequence = ?",
            )?;
            let row = statement.query_row([sequence], |row| {
                Ok(Indexed {
                    environment: row.get(0)?,
                    actor: row.get(1)?,
                    action: row.get(2)?,
                    resource: row.get(3)?,
                    effect: row.get(4)?,
                    outcome: row.get(5)?,
                    ended_by: row.get(6)?,
                })
            });
            row.optional()
        };
        read().map_err(failed)
    }

    fn has_word(&mut self, word: &str, record: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM audit_word WHERE word = ? AND record = ?";
        let exists =
            |statement: &mut rusqlite::CachedStatement<'_>| statement.exists(params![word, record]);
        let found = self.0.prepare_cached(sql).and_then(|mut statement| exists(&mut statement));
        found.map_err(failed)
    }

    fn has_mark(&mut self, sequence: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM audit_mark WHERE sequence = ?";
        let found =
            self.0.prepare_cached(sql).and_then(|mut statement| statement.exists([sequence]));
        found.map_err(failed)
    }
}
