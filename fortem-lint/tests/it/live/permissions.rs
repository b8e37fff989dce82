//! The policy that the linter asks for: what it calls, and nothing more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::double::{Double, FLEET, Lint, Proxy, REGION, ROLE, SINGLE, Scenario};

/// The actions of the policy that is printed.
fn listed(arguments: &[&str]) -> BTreeSet<String> {
    let said = Lint::new("http://127.0.0.1:9").args(["iam-policy"]).args(arguments).run();
    assert_eq!(said.code, 0, "{said:?}");
    let policy: Value = said.json();
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|one| one["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// The actions of IAM for the calls that went through a proxy. Requests to the tagging API are signed for another name
/// than its actions have (service authorization reference, 2026-09).
fn called(proxy: &Proxy) -> BTreeSet<String> {
    let calls = proxy.stats().calls.into_keys();
    calls.map(|call| call.replace("tagging:", "tag:")).collect()
}

fn collect(proxy: &Proxy, arguments: &[&str]) {
    collect_as(Lint::new(proxy.endpoint()), arguments);
}

fn collect_as(lint: Lint, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let said = lint
        .args(["collect", "--regions", REGION, "--out"])
        .args([folder.path()])
        .args(arguments)
        .run();
    assert!([0, 3].contains(&said.code), "{said:?}");
}

fn all_of(scenario: &Scenario, arguments: &[&str]) -> BTreeSet<String> {
    let proxy = scenario.proxy(&[]);
    collect(&proxy, arguments);
    called(&proxy)
}

/// What is called in an account that may not read its Organization, but for the calls that it may not make.
fn all_of_a_member() -> BTreeSet<String> {
    let proxy = FLEET.proxy(&[]);
    collect_as(Lint::new(proxy.endpoint()).of_account(FLEET.member("platform-nonprod")), &[]);
    let mut made = called(&proxy);
    assert!(made.remove("organizations:ListRoots"), "{made:?}");
    made
}

#[test]
fn what_is_called_is_what_is_listed() {
    let organization = ["--organization", "--role-name", ROLE];
    let double = Double::start();
    let proxy = Proxy::start(&double, &["--realistic"]);
    for scenario in ["secrets", "others"] {
        double.seed(scenario, &[]);
        collect(&proxy, &[]);
    }
    let mut made = called(&proxy);
    made.extend(all_of(&SINGLE, &[]));
    made.extend(all_of_a_member());
    let alone = made.clone();
    made.extend(all_of(&FLEET, &organization));
    assert_eq!(made, listed(&organization));
    assert!(alone.is_subset(&listed(&[])), "{:?}", alone.difference(&listed(&[])));
    let more = listed(&organization);
    let only_with_organization: BTreeSet<&String> = more.difference(&alone).collect();
    assert!(
        only_with_organization
            .iter()
            .all(|one| one.starts_with("organizations:") || *one == "sts:AssumeRole"),
        "{only_with_organization:?}"
    );
}

/// An account that has all of it and lets nobody read is left alone: what is denied is not asked with other calls.
#[test]
fn nothing_else_is_asked_when_all_is_denied() {
    let proxy = SINGLE.proxy(&[]);
    proxy.faults(&json!([{"service": "sts", "fault": "slow", "delay": 0}, {"fault": "denied"}]));
    collect(&proxy, &[]);
    let made = called(&proxy);
    assert!(made.is_subset(&listed(&[])), "{made:?}");
}
