//! Entries in a PostgreSQL database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::types::ToSql;
use postgres::{Client, NoTls, Transaction};

use super::sql::{self, Index, Indexed, Query, Row, number, sequence};
use super::{Entries, IndexSize, NotOpen, Pruning, Store};
use crate::audit::clock::{Clock, from_nanoseconds, nanoseconds};
use crate::audit::digest::Digest;
use crate::audit::entry::{Draft, Entry, Head};
use crate::audit::error::StoreError;
use crate::audit::event::Change;
use crate::audit::filter::{Cursor, Filter};
use crate::audit::record::Record;

/// As in SQLite, but that each index names the number it is to end with, and that an entry has its id, by which it is
/// known again after a lost connection.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS audit_entry (
    sequence BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    clock BIGINT,
    previous BYTEA NOT NULL,
    content_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    content TEXT,
    id BYTEA UNIQUE
);
CREATE INDEX IF NOT EXISTS audit_entry_time ON audit_entry (time, sequence);
CREATE TABLE IF NOT EXISTS audit_record (
    sequence BIGINT PRIMARY KEY,
    environment TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    effect TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ended_by BIGINT
);
CREATE INDEX IF NOT EXISTS audit_record_environment_action ON audit_record (environment, action, sequence);
CREATE INDEX IF NOT EXISTS audit_record_environment ON audit_record (environment, sequence);
CREATE INDEX IF NOT EXISTS audit_record_actor ON audit_record (actor, sequence);
CREATE INDEX IF NOT EXISTS audit_record_resource ON audit_record (resource, sequence);
CREATE INDEX IF NOT EXISTS audit_record_outcome ON audit_record (outcome, sequence);
CREATE TABLE IF NOT EXISTS audit_word (
    word TEXT NOT NULL,
    record BIGINT NOT NULL,
    PRIMARY KEY (word, record)
);
CREATE TABLE IF NOT EXISTS audit_mark (sequence BIGINT PRIMARY KEY);
";

/// One writer at a time in a schema; held to the end of the transaction, and needs no right on any table.
const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtext('fortem audit log'), hashtext(current_schema()))";

/// How often a lost connection is made anew, after 50 ms, 100 ms, 200 ms, and so on.
const ATTEMPTS: u32 = 7;

type Connect = Box<dyn Fn() -> Result<Client, postgres::Error> + Send + Sync>;

/// A store in a PostgreSQL database, in the current schema.
///
/// Any number of processes on any number of machines can write the same log; they take turns. A lost connection is
/// made anew, and what was being written is written once. Commits wait for the disk, unless the server itself runs
/// with `fsync = off`.
pub struct Postgres {
    connect: Connect,
    writer: Mutex<Option<Client>>,
    reader: Mutex<Option<Client>>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens a log, or makes one, in the database of a URL, without encryption: for a database on the same machine or
    /// behind a proxy that encrypts.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, or the tables cannot be made.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let config: postgres::Config = url.parse().map_err(StoreError::database)?;
        Self::connect(move || config.connect(NoTls))
    }

    /// Opens a log, or makes one, over connections of your own: with TLS, or with a password that is fetched for each.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn connect(
        connect: impl Fn() -> Result<Client, postgres::Error> + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let store =
            Self { connect: Box::new(connect), writer: Mutex::new(None), reader: Mutex::new(None) };
        store.with(&store.writer, |client, _| {
            let mut transaction = client.transaction()?;
            transaction.batch_execute(LOCK)?;
            transaction.batch_execute(SCHEMA)?;
            transaction.commit()
        })?;
        Ok(store)
    }

    /// Does something over a connection, again if it is lost; the flag says whether this is not the first time.
    fn with<T>(
        &self,
        client: &Mutex<Option<Client>>,
        mut run: impl FnMut(&mut Client, bool) -> Result<T, postgres::Error>,
    ) -> Result<T, StoreError> {
        let mut client = lock(client);
        let mut attempt = 0;
        loop {
            let result = self.connected(&mut client).and_then(|client| run(client, attempt > 0));
            match result {
                Ok(done) => return Ok(done),
                Err(error) if attempt < ATTEMPTS && is_lost(&error) => {
                    *client = None;
                    std::thread::sleep(Duration::from_millis(50 << attempt));
                    attempt += 1;
                }
                Err(error) => {
                    *client = None;
                    return Err(StoreError::database(error));
                }
            }
        }
    }

    fn connected<'a>(
        &self,
        client: &'a mut Option<Client>,
    ) -> Result<&'a mut Client, postgres::Error> {
        let client = match client {
            Some(client) => client,
            none => {
                let mut new = (self.connect)()?;
                // Whoever turned it off for the whole server did not mean this log.
                new.batch_execute(
                    "SELECT set_config('synchronous_commit', 'on', false) \
                     WHERE current_setting('synchronous_commit') IN ('off', 'local')",
                )?;
                none.insert(new)
            }
        };
        Ok(client)
    }

    fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        self.with(&self.reader, |client, _| {
            client.query(sql, values)?.iter().map(|row| row_at(row, 0)).collect()
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an error is of the connection, or of a server that stops or is not up yet.
fn is_lost(error: &postgres::Error) -> bool {
    let Some(state) = error.code() else {
        return error.is_closed()
            || std::error::Error::source(error)
                .is_some_and(|source| source.is::<std::io::Error>());
    };
    // Classes 08, connection exception, and 57P, operator intervention.
    state.code().starts_with("08") || state.code().starts_with("57P")
}

fn row_at(row: &postgres::Row, first: usize) -> Result<Row, postgres::Error> {
    Ok(Row {
        sequence: row.try_get(first)?,
        time: row.try_get(first + 1)?,
        clock: row.try_get(first + 2)?,
        previous: row.try_get(first + 3)?,
        content_hash: row.try_get(first + 4)?,
        hash: row.try_get(first + 5)?,
        content: row.try_get(first + 6)?,
    })
}

fn head(transaction: &mut Transaction<'_>) -> Result<Head, postgres::Error> {
    let sql = "SELECT sequence, hash, time FROM audit_entry ORDER BY sequence DESC LIMIT 1";
    let Some(row) = transaction.query_opt(sql, &[])? else { return Ok(Head::START) };
    let hash: Vec<u8> = row.try_get(1)?;
    // A hash of another length can only be damage, which verification finds: the chain goes on from nothing.
    let hash = <[u8; 32]>::try_from(hash).map_or(Digest::ZERO, Digest::from_bytes);
    let (at, time) = (sequence(row.try_get(0)?), from_nanoseconds(row.try_get(2)?));
    Ok(Head { sequence: at, hash, time })
}

/// Appends drafts after the head; those that end what is not open are left out.
fn append(
    transaction: &mut Transaction<'_>,
    drafts: &[&Draft],
    clock: &dyn Clock,
) -> Result<Vec<Result<Entry, NotOpen>>, postgres::Error> {
    let mut head = head(transaction)?;
    let mut open = open(transaction, drafts)?;
    let mut rows = Rows::default();
    let mut results = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let change = draft.change();
        if let Change::Ends(record, _) = &change
            && !open.remove(&number(record.0))
        {
            results.push(Err(NotOpen(*record)));
            continue;
        }
        let entry = draft.seal(&head, clock);
        head = entry.head();
        rows.add(draft, &entry, change);
        results.push(Ok(entry));
    }
    rows.insert(transaction)?;
    Ok(results)
}

/// Those of the records which drafts end that are open.
fn open(
    transaction: &mut Transaction<'_>,
    drafts: &[&Draft],
) -> Result<BTreeSet<i64>, postgres::Error> {
    let ends = drafts.iter().filter_map(|draft| match draft.change() {
        Change::Ends(record, _) => Some(number(record.0)),
        Change::Begins(..) | Change::Mark => None,
    });
    let ends: Vec<i64> = ends.collect();
    if ends.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = "SELECT sequence FROM audit_record WHERE sequence = ANY($1) AND outcome = 'open'";
    transaction.query(sql, &[&ends])?.iter().map(|row| row.try_get(0)).collect()
}

/// Rows to insert, a column at a time: one statement inserts any number.
#[derive(Default)]
struct Rows {
    sequence: Vec<i64>,
    time: Vec<i64>,
    clock: Vec<Option<i64>>,
    previous: Vec<Vec<u8>>,
    content_hash: Vec<Vec<u8>>,
    hash: Vec<Vec<u8>>,
    content: Vec<Option<String>>,
    id: Vec<Vec<u8>>,
    records: Vec<i64>,
    environment: Vec<Option<String>>,
    actor: Vec<String>,
    action: Vec<String>,
    resource: Vec<String>,
    effect: Vec<&'static str>,
    outcome: Vec<&'static str>,
    words: Vec<String>,
    words_of: Vec<i64>,
    ended: Vec<i64>,
    ended_by: Vec<i64>,
    ended_with: Vec<&'static str>,
    marks: Vec<i64>,
}

impl Rows {
    fn add(&mut self, draft: &Draft, entry: &Entry, change: Change) {
        let at = number(entry.sequence);
        self.sequence.push(at);
        self.time.push(nanoseconds(entry.time));
        self.clock.push(entry.clock.map(nanoseconds));
        self.previous.push(entry.previous.as_bytes().to_vec());
        self.content_hash.push(entry.content_hash.as_bytes().to_vec());
        self.hash.push(entry.hash.as_bytes().to_vec());
        self.content.push(entry.content.clone());
        self.id.push(draft.id().as_bytes().to_vec());
        match change {
            Change::Begins(keys, outcome) => {
                self.records.push(at);
                self.environment.push(keys.environment);
                self.actor.push(keys.actor);
                self.action.push(keys.action);
                self.resource.push(keys.resource);
                self.effect.push(keys.effect.as_str());
                self.outcome.push(outcome.as_str());
                self.words_of.extend(keys.words.iter().map(|_| at));
                self.words.extend(keys.words);
            }
            Change::Ends(record, outcome) => {
                self.ended.push(number(record.0));
                self.ended_by.push(at);
                self.ended_with.push(outcome.as_str());
            }
            Change::Mark => self.marks.push(at),
        }
    }

    fn insert(&self, transaction: &mut Transaction<'_>) -> Result<(), postgres::Error> {
        transaction.execute(
            "INSERT INTO audit_entry (sequence, time, clock, previous, content_hash, hash, content, id) \
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], \
             $6::bytea[], $7::text[], $8::bytea[])",
            &[
                &self.sequence,
                &self.time,
                &self.clock,
                &self.previous,
                &self.content_hash,
                &self.hash,
                &self.content,
                &self.id,
            ],
        )?;
        if !self.records.is_empty() {
            transaction.execute(
                "INSERT INTO audit_record (sequence, environment, actor, action, resource, effect, outcome) \
                 SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], \
                 $6::text[], $7::text[])",
                &[
                    &self.records,
                    &self.environment,
                    &self.actor,
                    &self.action,
                    &self.resource,
                    &self.effect,
                    &self.outcome,
                ],
            )?;
        }
        if !self.words.is_empty() {
            transaction.execute(
                "INSERT INTO audit_word (word, record) SELECT * FROM unnest($1::text[], $2::bigint[])",
                &[&self.words, &self.words_of],
            )?;
        }
        if !self.ended.is_empty() {
            transaction.execute(
                "UPDATE audit_record r SET outcome = u.outcome, ended_by = u.ended_by \
                 FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS u(record, ended_by, outcome) \
                 WHERE r.sequence = u.record",
                &[&self.ended, &self.ended_by, &self.ended_with],
            )?;
        }
        if !self.marks.is_empty() {
            transaction.execute(
                "INSERT INTO audit_mark (sequence) SELECT unnest($1::bigint[])",
                &[&self.marks],
            )?;
        }
        Ok(())
    }
}

/// What an earlier attempt has written of some drafts, if its commit went through before the connection was lost.
///
/// All of a batch is written or nothing; if something is there, what is not there was left out.
fn already_written(
    transaction: &mut Transaction<'_>,
    drafts: &[&Draft],
) -> Result<BTreeMap<Vec<u8>, Row>, postgres::Error> {
    let ids: Vec<Vec<u8>> = drafts.iter().map(|draft| draft.id().as_bytes().to_vec()).collect();
    let sql = format!("SELECT {}, id FROM audit_entry WHERE id = ANY($1)", sql::COLUMNS);
    let rows = transaction.query(&sql, &[&ids])?;
    rows.iter().map(|row| Ok((row.try_get(7)?, row_at(row, 0)?))).collect()
}

enum Appended {
    Now(Vec<Result<Entry, NotOpen>>),
    Before(BTreeMap<Vec<u8>, Row>),
}

impl Appended {
    fn results(self, drafts: &[Draft]) -> Result<Vec<Result<Entry, NotOpen>>, StoreError> {
        let mut rows = match self {
            Self::Now(results) => return Ok(results),
            Self::Before(rows) => rows,
        };
        let result =
            |draft: &Draft| match (rows.remove(draft.id().as_bytes().as_slice()), draft.change()) {
                (Some(row), _) => Entry::try_from(row).map(Ok),
                (None, Change::Ends(record, _)) => Ok(Err(NotOpen(record))),
                (None, _) => Err(StoreError::Failed),
            };
        drafts.iter().map(result).collect()
    }
}

/// Takes what is derived from entries of which the content goes, and then the contents.
fn erase(transaction: &mut Transaction<'_>, pruning: &Pruning) -> Result<(), postgres::Error> {
    let (first, last): (Vec<i64>, Vec<i64>) =
        pruning.erased.iter().map(|(first, last)| (number(*first), number(*last))).unzip();
    let dropped = number(pruning.dropped);
    for (table, column) in [("word", "record"), ("record", "sequence"), ("mark", "sequence")] {
        transaction.execute(
            &format!(
                "DELETE FROM audit_{table} t USING \
                 (SELECT * FROM unnest($1::bigint[], $2::bigint[]) UNION ALL SELECT 1, $3::bigint) AS u(first, last) \
                 WHERE t.{column} BETWEEN u.first AND u.last"
            ),
            &[&first, &last, &dropped],
        )?;
    }
    transaction.execute(
        "UPDATE audit_entry e SET content = NULL, id = NULL \
         FROM unnest($1::bigint[], $2::bigint[]) AS u(first, last) WHERE e.sequence BETWEEN u.first AND u.last",
        &[&first, &last],
    )?;
    transaction.execute("DELETE FROM audit_entry WHERE sequence <= $1", &[&dropped])?;
    Ok(())
}

impl Store for Postgres {
    fn append(
        &self,
        drafts: &[Draft],
        clock: &dyn Clock,
    ) -> Result<Vec<Result<Entry, NotOpen>>, StoreError> {
        let all: Vec<&Draft> = drafts.iter().collect();
        let appended = self.with(&self.writer, |client, is_again| {
            let mut transaction = client.transaction()?;
            transaction.batch_execute(LOCK)?;
            if is_again {
                let before = already_written(&mut transaction, &all)?;
                if !before.is_empty() {
                    return Ok(Appended::Before(before));
                }
            }
            let entries = append(&mut transaction, &all, clock)?;
            transaction.commit()?;
            Ok(Appended::Now(entries))
        })?;
        appended.results(drafts)
    }

    fn entries(&self, after: u64) -> Result<Entries<'_>, StoreError> {
        let sql = format!(
            "SELECT {} FROM audit_entry WHERE sequence > $1 ORDER BY sequence LIMIT $2",
            sql::COLUMNS
        );
        let mut after = Some(after);
        let pages = std::iter::from_fn(move || {
            let page = self.rows(&sql, &[&number(after?), &sql::PAGE]);
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
        let sql =
            format!("SELECT {} FROM audit_entry ORDER BY sequence DESC LIMIT 1", sql::COLUMNS);
        self.rows(&sql, &[])?.pop().map(Entry::try_from).transpose()
    }

    fn marks(&self) -> Result<Vec<Entry>, StoreError> {
        let sql = format!(
            "SELECT {} FROM audit_entry WHERE sequence IN (SELECT sequence FROM audit_mark) ORDER BY sequence",
            sql::COLUMNS
        );
        self.rows(&sql, &[])?.into_iter().map(Entry::try_from).collect()
    }

    fn records(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let query = Query::records(filter, after, limit);
        let values: Vec<&(dyn ToSql + Sync)> = query
            .values
            .iter()
            .map(|value| -> &(dyn ToSql + Sync) {
                match value {
                    sql::Value::Text(text) => text,
                    sql::Value::Number(number) => number,
                }
            })
            .collect();
        let rows = self.with(&self.reader, |client, _| {
            let row = |row: &postgres::Row| {
                let has_end = row.try_get::<_, Option<i64>>(7)?.is_some();
                let end = if has_end { Some(row_at(row, 7)?) } else { None };
                Ok((row_at(row, 0)?, end))
            };
            client.query(&query.sql, &values)?.iter().map(row).collect::<Result<Vec<_>, _>>()
        })?;
        let record = |(begin, end): (Row, Option<Row>)| {
            let end = end.map(Entry::try_from).transpose()?;
            sql::record(&Entry::try_from(begin)?, end.as_ref())
        };
        rows.into_iter().map(record).collect()
    }

    fn prune(&self, pruning: &Pruning, clock: &dyn Clock) -> Result<Option<Entry>, StoreError> {
        let drafts = [&pruning.draft];
        let pruned = self.with(&self.writer, |client, is_again| {
            let mut transaction = client.transaction()?;
            transaction.batch_execute(LOCK)?;
            if is_again {
                let before = already_written(&mut transaction, &drafts)?;
                if !before.is_empty() {
                    return Ok(Some(Appended::Before(before)));
                }
            }
            let last = transaction.query_one("SELECT max(sequence) FROM audit_mark", &[])?;
            if last.try_get::<_, Option<i64>>(0)?.map_or(0, sequence) != pruning.last_mark {
                return Ok(None);
            }
            let entries = append(&mut transaction, &drafts, clock)?;
            erase(&mut transaction, pruning)?;
            transaction.commit()?;
            Ok(Some(Appended::Now(entries)))
        })?;
        let Some(pruned) = pruned else { return Ok(None) };
        Ok(pruned.results(std::slice::from_ref(&pruning.draft))?.pop().and_then(Result::ok))
    }

    fn check_index(&self, entries: &[(Entry, Change)]) -> Result<(), StoreError> {
        sql::check(&mut Tables::read(self, entries)?, entries)
    }

    fn index_size(&self, through: u64) -> Result<Option<IndexSize>, StoreError> {
        let sql = "SELECT \
            (SELECT count(*) FROM audit_record WHERE sequence <= $1), \
            (SELECT count(*) FROM audit_record WHERE sequence <= $1 AND (outcome = 'open' OR ended_by > $1)), \
            (SELECT count(*) FROM audit_word WHERE record <= $1), \
            (SELECT count(*) FROM audit_mark WHERE sequence <= $1)";
        let size = self.with(&self.reader, |client, _| {
            let row = client.query_one(sql, &[&number(through)])?;
            let at = |at: usize| row.try_get(at).map(sequence);
            Ok(IndexSize { records: at(0)?, open: at(1)?, words: at(2)?, marks: at(3)? })
        });
        size.map(Some)
    }
}

/// What the derived tables say about some entries, read at once.
struct Tables {
    records: BTreeMap<i64, Indexed>,
    words: BTreeSet<(String, i64)>,
    marks: BTreeSet<i64>,
}

impl Tables {
    fn read(store: &Postgres, entries: &[(Entry, Change)]) -> Result<Self, StoreError> {
        let mut numbers: Vec<i64> =
            entries.iter().map(|(entry, _)| number(entry.sequence)).collect();
        let (mut words, mut words_of) = (Vec::new(), Vec::new());
        for (entry, change) in entries {
            match change {
                Change::Begins(keys, _) => {
                    words_of.extend(keys.words.iter().map(|_| number(entry.sequence)));
                    words.extend(keys.words.iter().cloned());
                }
                Change::Ends(record, _) => numbers.push(number(record.0)),
                Change::Mark => {}
            }
        }
        store.with(&store.reader, |client, _| {
            let records = client.query(
                "SELECT sequence, environment, actor, action, resource, effect, outcome, ended_by \
                 FROM audit_record WHERE sequence = ANY($1)",
                &[&numbers],
            )?;
            let words = client.query(
                "SELECT word, record FROM audit_word NATURAL JOIN \
                 unnest($1::text[], $2::bigint[]) AS u(word, record)",
                &[&words, &words_of],
            )?;
            let sql = "SELECT sequence FROM audit_mark WHERE sequence = ANY($1)";
            let marks = client.query(sql, &[&numbers])?;
            Ok(Self {
                records: records.iter().map(indexed).collect::<Result<_, _>>()?,
                words: words
                    .iter()
                    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                    .collect::<Result<_, postgres::Error>>()?,
                marks: marks.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?,
            })
        })
    }
}

fn indexed(row: &postgres::Row) -> Result<(i64, Indexed), postgres::Error> {
    let indexed = Indexed {
        environment: row.try_get(1)?,
        actor: row.try_get(2)?,
        action: row.try_get(3)?,
        resource: row.try_get(4)?,
        effect: row.try_get(5)?,
        outcome: row.try_get(6)?,
        ended_by: row.try_get(7)?,
    };
    Ok((row.try_get(0)?, indexed))
}

impl Index for Tables {
    fn record(&mut self, sequence: i64) -> Result<Option<Indexed>, StoreError> {
        Ok(self.records.get(&sequence).cloned())
    }

    fn has_word(&mut self, word: &str, record: i64) -> Result<bool, StoreError> {
        Ok(self.words.contains(&(word.to_owned(), record)))
    }

    fn has_mark(&mut self, sequence: i64) -> Result<bool, StoreError> {
        Ok(self.marks.contains(&sequence))
    }
}
