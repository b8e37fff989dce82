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
        // Some are killed in their first append, some amid hundreds: a spread that looks random and is not.
        std::thread::sleep(Duration::from_micros(kill * 7919 % 20_011));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("begun", id)) => begun.extend(id.parse::<RecordId>()),
                Some(("ended", id)) => ended.extend(id.parse::<RecordId>()),
                _ => panic!("{line}"),
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
