//! A process that appends is killed, again and again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fortem_core::audit::{OutcomeKind, RecordId};

use super::stores::{Kind, open, restart};

const KILLS: u64 = 200;

/// The process to be killed: four threads append and say what was acknowledged. Nothing unless it is told to.
#[test]
fn child() {
    let Ok(directory) = std::env::var("FORTEM_AUDIT_CHILD") else { return };
    let kind = match std::env::var("FORTEM_AUDIT_KIND").unwrap().as_str() {
        "JsonLines" => Kind::JsonLines,
        #[cfg(feature = "postgres")]
        "Postgres" => Kind::Postgres,
        _ => Kind::Sqlite,
    };
    let log = open(kind, Path::new(&directory));
    // Past the test harness, which keeps what is printed.
    let say = |what: String| std::io::stderr().lock().write_all(what.as_bytes()).unwrap();
    say("ready\n".to_owned());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let record = log.begin(restart("alice", "dev").reason("kill me")).unwrap();
                    say(format!("begun {record}\n"));
                    log.complete(record, None).unwrap();
                    say(format!("ended {record}\n"));
                }
            });
        }
    });
}

fn survives(kind: Kind) {
    let directory = tempfile::tempdir().unwrap();
    let (mut begun, mut ended) = (Vec::<RecordId>::new(), Vec::<RecordId>::new());
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audit::crash::child", "--nocapture", "--test-threads=1"])
            .env("FORTEM_AUDIT_CHILD", directory.path())
            .env("FORTEM_AUDIT_KIND", format!("{kind:?}"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        // Some are killed in their first append, some amid others: a spread that looks random and is not.
        let mut acknowledged: Vec<String> = lines
            .by_ref()
            .take(usize::try_from(kill * 7 % 23).unwrap())
            .map(Result::unwrap)
            .collect();
        std::thread::sleep(Duration::from_micros(kill * 7919 % 3001));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(lines.map_while(Result::ok));
        for line in &acknowledged {
            match line.split_once(' ') {
                Some(("begun", id)) => begun.extend(id.parse::<RecordId>()),
                Some(("ended", id)) => ended.extend(id.parse::<RecordId>()),
                _ => assert_eq!(line, "begun or ended"),
            }
        }
        if kill % 20 == 0 || kill == KILLS - 1 {
            open(kind, directory.path()).verify().unwrap();
        }
    }
    let log = open(kind, directory.path());
    let outcomes: std::collections::BTreeMap<RecordId, OutcomeKind> = log
        .records(&fortem_core::audit::Filter::new())
        .map(|record| record.map(|record| (record.id, record.outcome.kind())).unwrap())
        .collect();
    assert!(begun.len() > 200, "only {} were begun", begun.len());
    assert!(begun.iter().all(|id| outcomes.contains_key(id)));
    assert!(ended.iter().all(|id| outcomes.get(id) == Some(&OutcomeKind::Completed)));
    // Each kill can leave as many open as there are threads, and not more.
    assert!(log.open_entries().unwrap().len() as u64 <= 4 * KILLS);
}

#[test]
fn json_lines_keep_what_was_acknowledged() {
    survives(Kind::JsonLines);
}

#[test]
fn sqlite_keeps_what_was_acknowledged() {
    survives(Kind::Sqlite);
}

#[cfg(feature = "postgres")]
#[test]
fn postgresql_keeps_what_was_acknowledged() {
    survives(Kind::Postgres);
}

/// Connections are cut while others append: each record is there once.
#[cfg(feature = "postgres")]
#[test]
fn a_lost_connection_loses_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let log = open(Kind::Postgres, directory.path());
    let config = super::stores::postgres_config(directory.path());
    let schema = config.get_options().unwrap().rsplit_once('=').unwrap().1.to_owned();
    let mut client = config.connect(postgres::NoTls).unwrap();
    let mut cut = 0;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..150 {
                        let record = log.begin(restart("alice", "dev")).unwrap();
                        log.complete(record, None).unwrap();
                    }
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            // Only connections of this log, which holds or waits for the lock of its schema.
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks \
                       WHERE locktype = 'advisory' AND objid = hashtext($1)::oid AND pid <> pg_backend_pid()";
            let count: i64 = client.query_one(sql, &[&schema]).unwrap().get(0);
            cut += count;
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    assert!(cut > 0, "no connection was cut");
    let verified = log.verify().unwrap();
    assert_eq!((verified.entries, verified.open), (1200, 0), "{cut} connections were cut");
}
