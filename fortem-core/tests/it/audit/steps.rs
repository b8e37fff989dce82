//! What a frontend does with the log, step by step, the same in every store.

use std::sync::Arc;

use fortem_core::audit::{
    Actor, Attempt, AuditError, Decision, Filter, Hold, JsonLines, Outcome, OutcomeKind, RecordId,
    Redaction, Resource, Retention, Signer, Sqlite, StoreError, Trust, VerifyError,
};
use serde_json::json;

use super::stores::{Fixture, KINDS, Kind, at, open, policies, refused, restart, ticking};

fn each(claim: impl Fn(Kind, Fixture)) {
    KINDS.iter().for_each(|kind| claim(*kind, Fixture::new(*kind)));
}

#[test]
fn a_record_is_open_until_it_has_its_outcome() {
    each(|kind, Fixture { log, .. }| {
        let first = log.begin(restart("alice", "staging").before(json!({ "running": 1 }))).unwrap();
        let second = log.begin(restart("bob", "dev")).unwrap();
        let third = log.begin(restart("bob", "qa")).unwrap();
        assert_eq!(log.open_entries().unwrap().len(), 3, "{kind:?}");
        log.complete(first, json!({ "running": 2 })).unwrap();
        log.fail(second, "no capacity", None).unwrap();
        log.abandon(third).unwrap();
        assert_eq!(log.open_entries().unwrap(), [], "{kind:?}");

        let record = log.record(first).unwrap().unwrap();
        assert_eq!(record.attempt.before, Some(json!({ "running": 1 })));
        assert_eq!(
            (record.outcome, record.after),
            (Outcome::Completed, Some(json!({ "running": 2 })))
        );
        let outcome = |id: RecordId| log.record(id).unwrap().unwrap().outcome;
        assert_eq!(outcome(second), Outcome::Failed { error: "no capacity".to_owned() });
        assert_eq!(outcome(third), Outcome::Abandoned);
        assert_eq!(log.verify().unwrap().entries, 6, "{kind:?}");
    });
}

#[test]
fn an_outcome_is_given_once_and_only_to_what_was_begun() {
    each(|kind, Fixture { log, .. }| {
        let denied = refused("alice", "prod");
        let denied = log.record_denied(denied).unwrap();
        let begun = log.begin(restart("alice", "dev")).unwrap();
        log.complete(begun, None).unwrap();
        let unknown: RecordId = "77".parse().unwrap();
        for record in [denied, begun, unknown] {
            let error = log.complete(record, None).unwrap_err();
            assert!(matches!(error, AuditError::NotOpen(id) if id == record), "{kind:?} {error}");
        }
        assert_eq!(log.verify().unwrap().entries, 3);
        assert_eq!(log.record(denied).unwrap().unwrap().outcome, Outcome::Denied);
    });
}

#[test]
fn what_was_denied_cannot_begin_and_what_was_allowed_is_not_denied() {
    each(|_, Fixture { log, .. }| {
        let denied = refused("a", "prod");
        assert!(matches!(log.begin(denied), Err(AuditError::Denied)));
        assert!(matches!(log.record_denied(restart("a", "dev")), Err(AuditError::Allowed)));
        assert_eq!(log.head().unwrap().sequence, 0);
    });
}

#[test]
fn names_that_nothing_can_be_looked_up_by_are_refused() {
    let Fixture { log, .. } = Fixture::new(Kind::Memory);
    let decision = || Decision::allow(["developer"], policies());
    let resource = || Resource::new("Service", "orders-api");
    let attempts = [
        restart("", "dev"),
        restart("alice", "d\0ev"),
        restart(&"a".repeat(513), "dev"),
        restart("alice", "dev").correlation(""),
        Attempt::new(Actor::new("alice"), "", resource(), decision()),
        Attempt::new(Actor::new("alice"), "stop", Resource::new("a/b", "c"), decision()),
        Attempt::new(Actor::new("alice"), "stop", Resource::new("a", "\n"), decision()),
    ];
    for attempt in attempts {
        let error = log.begin(attempt.clone()).unwrap_err();
        assert!(matches!(error, AuditError::Name(_)), "{attempt:?}: {error}");
    }
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let attempt = restart("alice", "dev").before(deep);
    assert!(matches!(log.begin(attempt), Err(AuditError::TooDeep)));
}

#[test]
fn secrets_are_redacted_in_every_text_before_anything_is_written() {
    each(|kind, Fixture { log, directory, .. }| {
        let log = log.redaction(Redaction::default().key("pin").value("cust-[0-9]+").unwrap());
        let state = json!({ "pin": "cust-4", "list": [{ "PIN": 5555 }], "password": "hunter2" });
        let attempt = restart("alice", "dev").reason("for cust-2").ticket("cust-3");
        let mut attempt = attempt.before(state);
        attempt.actor = Actor::new("alice").session("cust-1");
        let record = log.begin(attempt).unwrap();
        log.fail(record, "cust-6 said password=hunter2", json!({ "x": "cust-7" })).unwrap();
        let mut written = Vec::new();
        log.export_json_lines(&Filter::new(), &mut written).unwrap();
        for name in ["log.jsonl", "log.db", "log.db-wal"] {
            written.extend(std::fs::read(directory.path().join(name)).unwrap_or_default());
        }
        let written = String::from_utf8_lossy(&written);
        for secret in ["cust-", "5555", "hunter2"] {
            assert!(!written.contains(secret), "{kind:?} {secret}");
        }
        assert!(written.contains("[redacted]"));
    });
}

#[test]
fn the_chain_s_time_does_not_run_backwards_and_says_what_the_clock_read() {
    each(|kind, fixture| {
        fixture.set(100);
        fixture.log.begin(restart("alice", "dev")).unwrap();
        fixture.set(40);
        let second = fixture.log.begin(restart("alice", "dev")).unwrap();
        let record = fixture.log.record(second).unwrap().unwrap();
        assert_eq!((record.time, record.clock), (at(100), Some(at(40))), "{kind:?}");
        fixture.log.verify().unwrap();
    });
}

#[test]
fn a_log_that_is_opened_again_goes_on() {
    each(|kind, Fixture { log, clock, directory }| {
        if kind == Kind::Memory {
            return;
        }
        let first = log.begin(restart("alice", "dev")).unwrap();
        drop(log);
        let log = ticking(open(kind, directory.path()), &clock);
        assert_eq!(log.open_entries().unwrap().len(), 1);
        log.complete(first, None).unwrap();
        assert_eq!(log.verify().unwrap().head.sequence, 2);
    });
}

#[test]
fn many_threads_make_one_chain() {
    each(|kind, Fixture { log, .. }| {
        std::thread::scope(|scope| {
            for actor in ["alice", "bob", "carol", "dave"] {
                let log = &log;
                scope.spawn(move || {
                    for _ in 0..25 {
                        let record = log.begin(restart(actor, "dev")).unwrap();
                        log.complete(record, None).unwrap();
                    }
                });
            }
        });
        let verified = log.verify().unwrap();
        assert_eq!((verified.entries, verified.open), (200, 0), "{kind:?}");
        assert_eq!(log.records(&Filter::new().actor("bob")).count(), 25);
    });
}

#[test]
fn two_writers_of_one_database_make_one_chain() {
    each(|kind, Fixture { log, clock, directory }| {
        if matches!(kind, Kind::Memory | Kind::JsonLines) {
            return;
        }
        let other = ticking(open(kind, directory.path()), &clock);
        std::thread::scope(|scope| {
            for log in [&log, &other] {
                scope.spawn(move || {
                    for _ in 0..50 {
                        let record = log.begin(restart("alice", "dev")).unwrap();
                        log.complete(record, None).unwrap();
                    }
                });
            }
        });
        assert_eq!(log.verify().unwrap().entries, 200, "{kind:?}");
    });
}

#[test]
fn a_second_opener_of_a_file_is_refused() {
    let fixture = Fixture::new(Kind::JsonLines);
    let path = fixture.directory.path().join("log.jsonl");
    assert!(matches!(JsonLines::open(&path), Err(StoreError::Locked { .. })));
    drop(fixture.log);
    JsonLines::open(&path).unwrap();
}

#[test]
fn pruning_goes_by_environment_and_leaves_holds_open_records_and_the_chain() {
    const DAY: i64 = 24 * 60 * 60;
    each(|kind, fixture| {
        let log = &fixture.log;
        let done = |actor: &str, environment: &str| {
            let record = log.begin(restart(actor, environment).correlation("c-1")).unwrap();
            log.complete(record, None).unwrap();
            record
        };
        let (old_dev, old_prod) = (done("alice", "dev"), done("alice", "prod"));
        let held = done("bob", "dev");
        let open = log.begin(restart("alice", "dev")).unwrap();
        let hold = log.hold(Hold::actor("bob"), &Actor::new("carol"), "a dispute").unwrap();
        fixture.set(100 * DAY);
        let new_dev = done("alice", "dev");

        let retention = Retention::days(90).environment("prod", 365);
        let by = Actor::new("retention");
        assert_eq!(log.prune(&retention, &by).unwrap(), 1, "{kind:?}");
        assert_eq!(log.prune(&retention, &by).unwrap(), 0, "nothing is left to prune");
        let is_there = |id: RecordId| log.record(id).unwrap().is_some();
        assert!(!is_there(old_dev));
        assert!([old_prod, held, open, new_dev].into_iter().all(is_there), "{kind:?}");
        let verified = log.verify().unwrap();
        assert_eq!((verified.entries, verified.erased), (9, 0), "the beginning is dropped");

        log.release(hold, &Actor::new("carol"), "settled").unwrap();
        assert!(matches!(log.release(hold, &by, ""), Err(AuditError::NotHeld(_))));
        assert_eq!(log.prune(&retention, &by).unwrap(), 1, "{kind:?}");
        assert!(!is_there(held) && is_there(old_prod));
        assert_eq!(log.verify().unwrap().erased, 2, "{kind:?}: amid others, hashes stay");

        fixture.set(400 * DAY);
        assert_eq!(log.prune(&retention, &by).unwrap(), 2, "{kind:?}");
        log.complete(open, None).unwrap();
        let verified = log.verify().unwrap();
        assert_eq!(verified.open, 0);
        assert_eq!(log.records(&Filter::new()).count(), 1, "only what was open is left");
    });
}

#[test]
fn pruned_content_is_nowhere_in_the_store() {
    for kind in [Kind::JsonLines, Kind::Sqlite] {
        let fixture = Fixture::new(kind);
        let kept = fixture.log.begin(restart("alice", "prod")).unwrap();
        let gone = fixture.log.begin(restart("mallory", "dev").reason("xyzzy")).unwrap();
        fixture.log.complete(gone, json!({ "state": "plugh" })).unwrap();
        fixture.set(10);
        let retention = Retention::since(at(5));
        assert_eq!(fixture.log.prune(&retention, &Actor::new("job")).unwrap(), 1);
        assert!(fixture.log.record(kept).unwrap().is_some());
        for name in ["log.jsonl", "log.db", "log.db-wal"] {
            let bytes = std::fs::read(fixture.directory.path().join(name)).unwrap_or_default();
            for word in ["mallory", "xyzzy", "plugh"] {
                let is_there = bytes.windows(word.len()).any(|part| part == word.as_bytes());
                assert!(!is_there, "{kind:?} {name} {word}");
            }
        }
    }
}

#[test]
fn checkpoints_are_signed_from_time_to_time() {
    each(|kind, Fixture { log, directory, clock }| {
        let log = log.signer(Signer::new(&[7; 32]).every(5)).unwrap();
        for _ in 0..12 {
            log.begin(restart("alice", "dev")).unwrap();
        }
        let verified = log.verify().unwrap();
        assert_eq!((verified.checkpoints, verified.signed_through), (2, Some(11)), "{kind:?}");
        let kept = log.checkpoint().unwrap();
        assert_eq!(kept.head.sequence, 14);

        let other_key = Signer::new(&[8; 32]).public_key();
        let error = log.verify_with(&Trust::nothing().key(other_key)).unwrap_err();
        assert_eq!(error.to_string(), "entry 6: it is signed by a key that is not trusted");
        log.verify_with(&Trust::nothing().checkpoint(kept)).unwrap();
        let forged = fortem_core::audit::Checkpoint { key: other_key, ..kept };
        assert!(log.verify_with(&Trust::nothing().checkpoint(forged)).is_err());
        drop(log);
        if kind == Kind::Memory {
            return;
        }
        let log = ticking(open(kind, directory.path()), &clock);
        let log = log.signer(Signer::new(&[7; 32]).every(5)).unwrap();
        for _ in 0..4 {
            log.begin(restart("alice", "dev")).unwrap();
        }
        assert_eq!(log.verify().unwrap().checkpoints, 3, "counted from the last one, {kind:?}");
    });
}

#[test]
fn a_tail_cut_off_shows_against_a_head_kept_elsewhere() {
    let fixture = Fixture::new(Kind::JsonLines);
    for _ in 0..3 {
        fixture.log.begin(restart("alice", "dev")).unwrap();
    }
    let head = fixture.log.head().unwrap();
    drop(fixture.log);
    let path = fixture.directory.path().join("log.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let two: String = text.split_inclusive('\n').take(2).collect();
    std::fs::write(&path, two).unwrap();
    let log = open(Kind::JsonLines, fixture.directory.path());
    log.verify().expect("the chain alone does not show it");
    let error = log.verify_with(&Trust::nothing().head(head)).unwrap_err();
    assert!(matches!(&error, VerifyError::Broken(broken) if broken.sequence == 3), "{error}");
}

#[test]
fn a_page_s_cursor_is_text_and_new_records_do_not_move_it() {
    each(|kind, Fixture { log, .. }| {
        let ids: Vec<_> = (0..5).map(|_| log.begin(restart("a", "dev")).unwrap()).collect();
        let newest = Filter::new().newest_first();
        let first = log.page(&newest, None, 2).unwrap();
        log.begin(restart("b", "dev")).unwrap();
        let cursor = first.next.unwrap().to_string().parse().unwrap();
        let second = log.page(&newest, Some(cursor), 3).unwrap();
        let found: Vec<_> =
            first.records.iter().chain(&second.records).map(|record| record.id).collect();
        assert_eq!(found, ids.into_iter().rev().collect::<Vec<_>>(), "{kind:?}");
        assert_eq!(second.next, None);
    });
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    assert!(matches!(Sqlite::open(&path), Err(StoreError::Database(_))));
}

#[test]
fn a_line_that_was_cut_off_is_taken_away_and_one_amid_others_is_named() {
    let fixture = Fixture::new(Kind::JsonLines);
    let path = fixture.directory.path().join("log.jsonl");
    for _ in 0..3 {
        fixture.log.begin(restart("alice", "dev")).unwrap();
    }
    drop(fixture.log);
    let whole = std::fs::read(&path).unwrap();
    let mut cut_off = whole.clone();
    cut_off.extend(&whole[..100]);
    std::fs::write(&path, cut_off).unwrap();
    let log = open(Kind::JsonLines, fixture.directory.path());
    assert_eq!(log.verify().unwrap().entries, 3);
    drop(log);
    assert_eq!(std::fs::read(&path).unwrap(), whole);

    let mut lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    lines.insert(1, b"{\"content\":\n");
    std::fs::write(&path, lines.concat()).unwrap();
    let error = JsonLines::open(&path).unwrap_err();
    assert!(error.to_string().starts_with("line 2 is damaged: "), "{error}");
}

#[test]
fn a_log_and_what_it_holds_can_be_shared() {
    fn shared<T: Send + Sync>(_: &T) {}
    let log = Arc::new(Fixture::new(Kind::Memory).log);
    shared(&log);
    assert_eq!(log.records(&Filter::new().outcome(OutcomeKind::Open)).count(), 0);
}
