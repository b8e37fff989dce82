//! Collections that are stopped, and go on.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::double::{FLEET, Lint, Proxy, ROLE, SINGLE, Snapshot, collect};

/// Collects the Organization slowly, stops it after so many calls, and gives the exit code.
fn stopped(proxy: &Proxy, folder: &Path, calls: u64, signal: &str) -> i32 {
    proxy.faults(&json!([{"fault": "slow", "delay": 0.05}]));
    let running = FLEET.collect(proxy, folder).start();
    while proxy.stats().calls.values().sum::<u64>() < calls {
        thread::sleep(Duration::from_millis(20));
    }
    running.signal(signal);
    running.wait().code
}

/// What was whole stays, what was not is read, and all is as if nothing had happened.
fn assert_goes_on(proxy: &Proxy, folder: &Path) {
    proxy.faults(&json!([]));
    let before = Snapshot::read(folder);
    let said = FLEET.collect(proxy, folder).args(["--resume"]).run();
    assert_eq!(said.code, 0, "{said:?}");
    let after = Snapshot::read(folder);
    assert_eq!(after.unread(), [""; 0]);
    assert_eq!(FLEET.whole().shortfall(&after), [""; 0]);
    let is_short = |name: &str| {
        let part = format!("{} ", name.trim_end_matches(".json"));
        before.unread().iter().any(|line| line.starts_with(&part))
    };
    let whole = before.texts.iter().filter(|(name, _)| name.contains('/') && !is_short(name));
    for (name, text) in whole {
        assert!(after.texts[name] == *text, "{name} was whole and is read again");
    }
}

/// A judgement of what is there says that it is not all.
fn assert_incomplete(folder: &Path) {
    let said =
        Lint::new("http://127.0.0.1:9").args(["check", "--format", "json"]).args([folder]).run();
    let missing = said.json()["not_assessed"].to_string();
    assert!(missing.contains("the collection was stopped before its end"), "{missing}");
    assert_ne!(said.code, 0);
}

#[test]
fn ctrl_c() {
    let (proxy, folder) = (FLEET.proxy(&[]), tempfile::tempdir().unwrap());
    for calls in [60, 200] {
        let folder = folder.path().join(calls.to_string());
        assert_eq!(
            stopped(&proxy, &folder, proxy.stats().calls.values().sum::<u64>() + calls, "INT"),
            3
        );
        let part = Snapshot::read(&folder);
        assert_eq!(part.file("snapshot.json")["run"]["is_finished"], false);
        assert!(!FLEET.whole().shortfall(&part).is_empty(), "it was stopped too late");
        assert_incomplete(&folder);
        assert_goes_on(&proxy, &folder);
    }
}

#[test]
fn a_machine_that_is_turned_off() {
    let (proxy, folder) = (FLEET.proxy(&[]), tempfile::tempdir().unwrap());
    let folder = folder.path().join("snapshot");
    assert_eq!(stopped(&proxy, &folder, 200, "KILL"), -1);
    assert_incomplete(&folder);
    assert_goes_on(&proxy, &folder);
}

/// Waits until something is so, at most for some seconds.
#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_mins(1), "it never is");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What is short is not taken for whole because its gaps are forgotten when it is read again.
#[test]
fn a_machine_that_is_turned_off_while_it_goes_on() {
    let (proxy, folder) = (SINGLE.proxy(&[]), tempfile::tempdir().unwrap());
    let folder = folder.path().join("snapshot");
    proxy.faults(&json!([{"op": "ListServices", "times": 1, "fault": "denied"}]));
    assert_eq!(SINGLE.collect(&proxy, &folder).run().code, 3);
    let calls = || proxy.stats().calls["ecs:DescribeServices"];
    let before = calls();
    proxy.faults(&json!([{"op": "DescribeServices", "fault": "slow", "delay": 20}]));
    let running = SINGLE.collect(&proxy, &folder).args(["--resume"]).start();
    wait_until(|| calls() > before);
    running.signal("KILL");
    assert_eq!(running.wait().code, -1);
    proxy.faults(&json!([]));
    let said = SINGLE.collect(&proxy, &folder).args(["--resume"]).run();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(SINGLE.whole().shortfall(&Snapshot::read(&folder)), [""; 0]);
}

/// Regions that were guessed stay a guess, whatever comes between.
#[test]
fn regions_that_were_guessed_are_asked_for_again() {
    let (proxy, folder) = (SINGLE.proxy(&[]), tempfile::tempdir().unwrap());
    let folder = folder.path().join("snapshot");
    let collect = |more: &[&str]| {
        Lint::new(proxy.endpoint()).args(["collect", "--out"]).args([&folder]).args(more)
    };
    let denied = json!([{"op": "DescribeRegions", "fault": "denied"}]);
    proxy.faults(&denied);
    assert_eq!(collect(&[]).run().code, 3);
    let calls = || proxy.stats().calls["ec2:DescribeRegions"];
    let before = calls();
    proxy.faults(&json!([{"op": "DescribeRegions", "fault": "slow", "delay": 20}]));
    let running = collect(&["--resume"]).start();
    let account = folder.join("123456789012");
    wait_until(|| {
        let files = ["iam.json", "credentials.json"];
        calls() > before && files.iter().all(|file| account.join(file).exists())
    });
    running.signal("INT");
    assert_eq!(running.wait().code, 3);
    proxy.faults(&denied);
    assert_eq!(collect(&["--resume"]).run().code, 3);
    let unread = Snapshot::read(&folder).unread();
    assert_eq!(unread, ["123456789012/ ec2:DescribeRegions UnauthorizedOperation"]);
}

#[test]
fn what_failed_is_tried_again() {
    let (proxy, folder) = (FLEET.proxy(&[]), tempfile::tempdir().unwrap());
    let account = FLEET.account("sandbox");
    let role = format!("{account}%3Arole");
    proxy.faults(&json!([
        {"op": "AssumeRole", "contains": role, "fault": "denied"},
        {"op": "ListPolicies", "fault": "denied"},
        {"op": "DescribeTasks", "fault": "denied"},
        {"op": "GetAccountAuthorizationDetails", "account": "123456789012", "fault": "denied"},
    ]));
    assert_eq!(FLEET.collect(&proxy, folder.path()).run().code, 3);
    let calls = |name: &str| proxy.stats().calls[name];
    let before = calls("iam:GetAccountAuthorizationDetails");
    proxy.faults(&json!([]));
    let said = FLEET.collect(&proxy, folder.path()).args(["--resume"]).run();
    assert_eq!(said.code, 0, "{said:?}");
    let after = Snapshot::read(folder.path());
    assert_eq!(after.unread(), [""; 0]);
    assert_eq!(FLEET.whole().shortfall(&after), [""; 0]);
    // Of two accounts only: the others had been read.
    assert!(calls("iam:GetAccountAuthorizationDetails") <= before + 4, "{:?}", proxy.stats());
}

#[test]
fn only_the_same_collection_goes_on() {
    let (proxy, folder) = (FLEET.proxy(&[]), tempfile::tempdir().unwrap());
    let member = FLEET.account("sandbox");
    let one = |lint: Lint| lint.args(["--organization", "--role-name", ROLE, "--accounts", member]);
    assert_eq!(one(collect(proxy.endpoint(), folder.path())).run().code, 0);
    let before = Snapshot::read(folder.path()).texts;
    let other_key = FLEET.manifest.accounts.iter().find(|account| account.id == member).unwrap();
    let again = || collect(proxy.endpoint(), folder.path()).args(["--resume"]);
    let as_member = one(again())
        .env("AWS_ACCESS_KEY_ID", Some(&other_key.key[0]))
        .env("AWS_SECRET_ACCESS_KEY", Some(&other_key.key[1]))
        .env("AWS_SESSION_TOKEN", Some(&other_key.key[2]));
    let others = [
        (as_member, "began with credentials of account 123456789012"),
        (again(), "was to read something else"),
        (again().args(["--organization", "--role-name", ROLE]), "was to read something else"),
        (one(again()).args(["--exclude-accounts", "111122223333"]), "was to read something else"),
    ];
    for (lint, expected) in others {
        let said = lint.run();
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains(expected), "{said:?}");
        assert!(Snapshot::read(folder.path()).texts == before, "it was changed");
    }
    let nothing = tempfile::tempdir().unwrap();
    let proxy = SINGLE.proxy(&[]);
    let said = SINGLE.collect(&proxy, nothing.path()).args(["--resume"]).run();
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(std::fs::read_dir(nothing.path()).unwrap().count(), 0);
}
