//! What recording costs, and what a question over ten million entries does.
//!
//! `cargo bench -p fortem-core --bench audit` measures writers in threads, and a database that commits each entry by
//! itself, in the same run. `FORTEM_AUDIT_ENTRIES=10000000` also fills a log of that many entries and asks who
//! restarted staging last Tuesday; it takes minutes and gigabytes in the directory for temporary files.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark that cannot run has nothing to say, and prints what it has"
)]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use fortem_core::audit::{
    Actor, Attempt, AuditLog, Decision, Digest, Filter, JsonLines, Resource, Sqlite, Timestamp,
};
use rusqlite::Connection;

const WRITERS: usize = 128;
const SPAN: Duration = Duration::from_secs(5);

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let naive = one_commit_an_entry(&directory.path().join("naive.db"));
    println!("SQLite, one commit an entry: {naive:.0} records/s");
    let sqlite = AuditLog::new(Sqlite::open(directory.path().join("log.db")).unwrap());
    report("SQLite", records_a_second(&sqlite), naive);
    let lines = AuditLog::new(JsonLines::open(directory.path().join("log.jsonl")).unwrap());
    report("JSON lines", records_a_second(&lines), naive);
    sqlite.verify().unwrap();
    lines.verify().unwrap();
    if let Ok(entries) = std::env::var("FORTEM_AUDIT_ENTRIES") {
        last_tuesday(&directory.path().join("large.db"), entries.parse().unwrap());
    }
}

fn report(store: &str, rate: f64, naive: f64) {
    println!("{store}, {WRITERS} writers: {rate:.0} records/s, {:.1} times as many", rate / naive);
}

fn attempt(number: i64) -> Attempt {
    let environment = ["dev", "staging", "qa", "prod"][usize::try_from(number % 4).unwrap()];
    let action = ["restartService", "viewLogs", "stopTask", "flushCache", "runTask"]
        [usize::try_from(number % 5).unwrap()];
    Attempt::new(
        Actor::new(format!("user-{}", number % 997)).groups(["storefront"]),
        action,
        Resource::new("Service", format!("service-{}", number % 211)),
        Decision::allow(["developer"], Digest::of(b"policies")),
    )
    .environment(environment)
    .reason("orders hang since the last deployment")
}

/// Begins and completes, each durable, from many threads.
fn records_a_second(log: &AuditLog) -> f64 {
    let (number, start) = (AtomicI64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                while start.elapsed() < SPAN {
                    let record = log.begin(attempt(number.fetch_add(1, Ordering::Relaxed)));
                    log.complete(record.unwrap(), None).unwrap();
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let count = number.load(Ordering::Relaxed) as f64;
    count / start.elapsed().as_secs_f64()
}

/// What one would write without a second thought: a table, a transaction for each of the two entries, no hashes.
fn one_commit_an_entry(path: &Path) -> f64 {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; \
             CREATE TABLE entry (number INTEGER PRIMARY KEY, content TEXT)",
        )
        .unwrap();
    let (connection, number, start) = (Mutex::new(connection), AtomicI64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                while start.elapsed() < SPAN {
                    let content =
                        serde_json::to_string(&attempt(number.fetch_add(1, Ordering::Relaxed)));
                    for content in [content.unwrap().as_str(), "{\"outcome\":\"completed\"}"] {
                        let connection = connection.lock().unwrap();
                        let sql = "INSERT INTO entry (content) VALUES (?)";
                        connection.prepare_cached(sql).unwrap().execute([content]).unwrap();
                    }
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let count = number.load(Ordering::Relaxed) as f64;
    count / start.elapsed().as_secs_f64()
}

/// Half a year of entries, then the question, twenty times.
fn last_tuesday(path: &Path, entries: i64) {
    const WRITERS: i64 = 512;
    let clock = std::sync::Arc::new(AtomicI64::new(0));
    let ticks = std::sync::Arc::clone(&clock);
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let step = 181 * 86_400 * 1000 / entries.max(1);
    let log = AuditLog::new(Sqlite::open(path).unwrap()).clock(move || {
        let elapsed = ticks.fetch_add(1, Ordering::Relaxed) * step;
        start + std::time::Duration::from_millis(u64::try_from(elapsed).unwrap())
    });
    let filling = Instant::now();
    let records = entries / 2;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let log = &log;
            scope.spawn(move || {
                for number in (writer..records).step_by(usize::try_from(WRITERS).unwrap()) {
                    let record = log.begin(attempt(number)).unwrap();
                    log.complete(record, None).unwrap();
                }
            });
        }
    });
    println!("{entries} entries written in {:.0} s", filling.elapsed().as_secs_f64());
    let tuesday = Filter::new()
        .environment("staging")
        .action("restartService")
        .from("2026-06-02T00:00:00Z".parse().unwrap())
        .to("2026-06-03T00:00:00Z".parse().unwrap())
        .newest_first();
    let questions = [
        ("a page of it", tuesday.clone(), 50),
        ("the whole day", tuesday.clone(), usize::MAX - 1),
        ("and by one person", tuesday.clone().actor("user-5"), 50),
        ("and by a word of the reason", tuesday.reason("deployment"), 50),
        ("what is open", Filter::new().outcome(fortem_core::audit::OutcomeKind::Open), 50),
    ];
    for (question, filter, limit) in questions {
        let mut times: Vec<Duration> = (0..20)
            .map(|_| {
                let asked = Instant::now();
                let page = log.page(&filter, None, limit).unwrap();
                std::hint::black_box(page);
                asked.elapsed()
            })
            .collect();
        times.sort();
        let found = log.page(&filter, None, limit).unwrap().records.len();
        println!(
            "who restarted staging last Tuesday, {question}: {found} records, {:?} median, {:?} longest",
            times[10], times[19]
        );
    }
}
