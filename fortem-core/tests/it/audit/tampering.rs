//! Whoever changes a log is found out.

use fortem_core::audit::{AuditLog, Digest, JsonLines, Sqlite, Trust, VerifyError};
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use super::stores::{Fixture, Kind, refused, restart};

fn written(kind: Kind) -> TempDir {
    let Fixture { log, directory, .. } = Fixture::new(kind);
    for actor in ["alice", "bob", "carol"] {
        let record = log.begin(restart(actor, "dev").reason("orders hang")).unwrap();
        log.complete(record, json!({ "running": 2 })).unwrap();
    }
    log.record_denied(refused("bob", "prod")).unwrap();
    log.hold(
        fortem_core::audit::Hold::actor("bob"),
        &fortem_core::audit::Actor::new("carol"),
        "why",
    )
    .unwrap();
    log.verify().unwrap();
    directory
}

fn is_found(path: &std::path::Path) -> bool {
    JsonLines::open(path)
        .map_err(VerifyError::Store)
        .and_then(|store| AuditLog::new(store).verify())
        .is_err()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_change_of_a_byte_is_found(at in any::<prop::sample::Index>(), change in 1..=255_u8, way in 0..3) {
        let directory = written(Kind::JsonLines);
        let path = directory.path().join("log.jsonl");
        let mut bytes = std::fs::read(&path).unwrap();
        // The last line break is the end of the tail: without it the entry counts as cut off.
        let at = at.index(bytes.len() - 1);
        match way {
            0 => bytes[at] ^= change,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, change),
        }
        std::fs::write(&path, bytes).unwrap();
        prop_assert!(is_found(&path));
    }
}

#[test]
fn lines_taken_out_put_in_or_moved_are_found() {
    let directory = written(Kind::JsonLines);
    let path = directory.path().join("log.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let check = |lines: Vec<&str>| {
        std::fs::write(&path, lines.concat()).unwrap();
        assert!(is_found(&path), "{lines:?}");
    };
    for at in 0..lines.len() - 1 {
        let (mut without, mut twice, mut moved) = (lines.clone(), lines.clone(), lines.clone());
        without.remove(at);
        check(without);
        twice.insert(at, lines[at]);
        check(twice);
        moved.swap(at, at + 1);
        check(moved);
    }
}

/// What is wrong with the log after some SQL, in words.
fn after(sql: &str) -> String {
    let directory = written(Kind::Sqlite);
    let path = directory.path().join("log.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let error = AuditLog::new(Sqlite::open(&path).unwrap()).verify().expect_err(sql);
    error.to_string()
}

#[test]
fn the_first_entry_that_is_not_what_was_written_is_named_with_what_is_wrong() {
    let cases = [
        (
            "UPDATE audit_entry SET content = replace(content, 'bob', 'eve') WHERE sequence = 3",
            "entry 3: its content was changed",
        ),
        (
            "UPDATE audit_entry SET time = time + 1 WHERE sequence = 4",
            "entry 4: its number, its time or a hash was changed",
        ),
        (
            "UPDATE audit_entry SET clock = 5 WHERE sequence = 4",
            "entry 4: its number, its time or a hash was changed",
        ),
        (
            "UPDATE audit_entry SET hash = previous WHERE sequence = 4",
            "entry 4: its number, its time or a hash was changed",
        ),
        ("DELETE FROM audit_entry WHERE sequence = 2", "entry 2: it is missing"),
        ("DELETE FROM audit_entry WHERE sequence = 1", "entry 1: it is missing"),
        (
            "UPDATE audit_entry SET content = NULL WHERE sequence = 2",
            "entry 2: its content was erased, and no pruning says so",
        ),
        (
            "UPDATE audit_entry SET sequence = -1 WHERE sequence = 2; \
             UPDATE audit_entry SET sequence = 2 WHERE sequence = 3; \
             UPDATE audit_entry SET sequence = 3 WHERE sequence = -1",
            "entry 2: its number, its time or a hash was changed",
        ),
        (
            "UPDATE audit_record SET environment = 'qa' WHERE sequence = 3",
            "entry 3: the index does not agree: what its record is looked up by",
        ),
        (
            "UPDATE audit_record SET outcome = 'failed' WHERE sequence = 3",
            "entry 4: the index does not agree: the outcome of its record",
        ),
        (
            "DELETE FROM audit_record WHERE sequence = 7",
            "entry 7: the index does not agree: its record",
        ),
        (
            "DELETE FROM audit_word WHERE word = 'hang' AND record = 3",
            "entry 3: the index does not agree: the words of its reason",
        ),
        ("DELETE FROM audit_mark", "entry 8: the index does not agree: its mark"),
    ];
    for (sql, expected) in cases {
        assert_eq!(after(sql), expected, "{sql}");
    }
}

#[test]
fn what_is_put_into_the_index_is_found() {
    for sql in [
        "INSERT INTO audit_word VALUES ('fire', 1)",
        "INSERT INTO audit_mark VALUES (1)",
        "INSERT INTO audit_record SELECT 2, environment, actor, action, resource, effect, outcome, NULL FROM audit_record WHERE sequence = 1",
    ] {
        assert!(after(sql).starts_with("entry 8: the index does not agree: IndexSize"), "{sql}");
    }
}

/// An entry with another actor, and with the hashes that fit; the format is written down here a second time.
#[expect(clippy::indexing_slicing, reason = "a field that is not there fails the test")]
fn forged(line: &str) -> String {
    let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
    let content = entry["content"].to_string().replace("bob", "eve");
    let text = |name: &str| entry[name].as_str().unwrap().to_owned();
    let content_hash = Digest::of(content.as_bytes()).to_string();
    let envelope = format!(
        "{{\"content\":\"{content_hash}\",\"previous\":\"{}\",\"sequence\":{},\"time\":\"{}\"}}",
        text("previous"),
        entry["sequence"],
        text("time"),
    );
    entry["content"] = serde_json::from_str(&content).unwrap();
    entry["content_hash"] = content_hash.into();
    entry["hash"] = Digest::of(envelope.as_bytes()).to_string().into();
    format!("{entry}\n")
}

#[test]
fn an_entry_forged_with_fitting_hashes_is_found_by_the_next_and_the_last_by_a_head_kept_elsewhere()
{
    let directory = written(Kind::JsonLines);
    let path = directory.path().join("log.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let verify = |at: usize, trust: &dyn Fn(Trust) -> Trust| {
        let lines = text.split_inclusive('\n').enumerate();
        let lines = lines.map(|(n, line)| if n == at { forged(line) } else { line.to_owned() });
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        let log = AuditLog::new(JsonLines::open(&path).unwrap());
        log.verify_with(&trust(Trust::nothing())).map_err(|error| error.to_string())
    };
    let error = verify(2, &|trust| trust).unwrap_err();
    assert_eq!(error, "entry 4: the entry before it is not the one it was written after");
    std::fs::write(&path, &text).unwrap();
    let head = AuditLog::new(JsonLines::open(&path).unwrap()).head().unwrap();
    verify(7, &|trust| trust).expect("the chain alone cannot show it");
    let error = verify(7, &|trust| trust.head(head)).unwrap_err();
    assert_eq!(error, "entry 8: it is not the entry that was the end of the log once");
}
