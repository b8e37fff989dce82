//! Defects that were planted, found by an audit of the account they are in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::double::{
    Defect, Double, FLEET, Lint, MANAGEMENT, Proxy, REGION, ROLE, SINGLE, Scenario,
};

/// The rules by any of which a defect is found, by its code.
const RULES: &[(&str, &[&str])] = &[
    ("ADMIN_ALL", &["FL108"]),
    ("ADMIN_ECS", &["FL108", "FL201"]),
    ("CONDITION_NEVER_MET", &["FL120"]),
    ("EC2_LAUNCH_TYPE", &["FL607"]),
    ("EXEC_UNSCOPED", &["FL210"]),
    ("IF_EXISTS_UNTAGGED", &["FL122"]),
    ("LIST_UNCONDITIONED", &["FL101"]),
    ("NEGATED_TAG", &["FL123"]),
    ("NOT_ACTION_ALLOW", &["FL125"]),
    ("NOT_RESOURCE_ALLOW", &["FL126"]),
    ("PASSROLE_NO_SERVICE", &["FL202"]),
    ("PASSROLE_WILDCARD", &["FL200"]),
    ("POWERFUL_PASSABLE_ROLE", &["FL108", "FL204"]),
    ("PRINCIPAL_UNTAGGED", &["FL401"]),
    ("RETAG_ESCALATION", &["FL220"]),
    ("RETAG_PRINCIPAL", &["FL221"]),
    ("RUNTASK_REQUEST_TAG_ONLY", &["FL112"]),
    ("SCP_MISSING", &["FL501"]),
    ("SESSION_TAG_OPEN", &["FL404"]),
    ("TAG_DISAGREES", &["FL024"]),
    ("TAG_KEY_DRIFT", &["FL022"]),
    ("TAG_VALUE_DRIFT", &["FL020", "FL023"]),
    ("TAG_WILDCARD", &["FL127"]),
    ("TRUST_ANYONE", &["FL402"]),
    ("UNTAGGED", &["FL001", "FL002", "FL003", "FL004", "FL006", "FL007"]),
    ("VACUOUS_FOR_ALL", &["FL124"]),
    ("WRITE_UNSCOPED", &["FL105"]),
    ("WRONG_TAG_KEY", &["FL022"]),
];

/// Planted as a defect, and none: the end of the resource, and why.
type Disputed = &'static [(&'static str, &'static str)];

const KEY_DRIFT: (&str, &str) = (
    "role/people/developer-key-drift",
    "tag keys of IAM principals are compared without regard to case (IAM user guide, tagging, 2026-09), so the role has \
     the environment `staging` like any other",
);
const BEHIND_SCP: (&str, &str) = (
    "policy/fleet/for-all-values",
    "the account is in the unit whose SCP denies what is created without the tag",
);

/// The findings of an audit.
fn audited(endpoint: &str, arguments: &[&str]) -> Vec<Value> {
    let said = Lint::new(endpoint)
        .args(["audit", "--regions", REGION, "--format", "json"])
        .args(arguments)
        .run();
    let report = said.json();
    assert_eq!(report["not_assessed"], serde_json::json!([]), "all was read");
    report["findings"].as_array().unwrap().clone()
}

/// Whether a finding names what has this ARN, id or number, and not only something whose name begins in the same way.
fn names(finding: &Value, resource: &str) -> bool {
    let text = finding.to_string();
    let is_longer = |rest: &str| rest.starts_with(|one: char| one.is_alphanumeric() || one == '-');
    let mut found = text.match_indices(resource);
    found.any(|(at, _)| !is_longer(text.split_at(at + resource.len()).1))
}

fn assert_found(scenario: &Scenario, arguments: &[&str], disputed: Disputed) {
    let findings = audited(scenario.proxy(&[]).endpoint(), arguments);
    let rules: BTreeMap<&str, &[&str]> = RULES.iter().copied().collect();
    let is_found = |defect: &Defect| {
        let rules =
            rules.get(defect.code.as_str()).unwrap_or_else(|| panic!("no rule for {defect:?}"));
        findings.iter().any(|finding| {
            rules.contains(&finding["rule"].as_str().unwrap()) && names(finding, &defect.resource)
        })
    };
    let is_disputed =
        |defect: &&Defect| disputed.iter().any(|(resource, _)| defect.resource.ends_with(resource));
    let planted = scenario.manifest.planted.iter();
    let wrong: Vec<&Defect> =
        planted.filter(|defect| is_found(defect) == is_disputed(defect)).collect();
    assert!(wrong.is_empty(), "missed, or disputed and found: {wrong:#?}");
}

#[test]
fn those_of_an_account_are_found() {
    assert_found(&SINGLE, &[], &[KEY_DRIFT]);
}

#[test]
fn those_of_an_organization_are_found() {
    let arguments = ["--organization", "--role-name", ROLE];
    assert_found(&FLEET, &arguments, &[KEY_DRIFT, BEHIND_SCP]);
}

/// What is found where nothing was planted, and why it is right.
const OF_CLEAN: &[(&str, &str)] = &[
    ("FL009", "the double keeps no tags of scalable targets"),
    (
        "FL110",
        "`ecs:RunTask` is allowed without `ecs:cluster`, so the cluster may be another environment's",
    ),
    (
        "FL113",
        "a service can be set to another's task definition: that one is no resource of `ecs:UpdateService`",
    ),
    ("FL305", "the Deny on the tag of production does not see the cluster of a new task"),
    (
        "FL307",
        "the policy is attached to the developers of production too, whom its Deny leaves nothing",
    ),
    ("FL604", "services are seeded without ECS managed tags"),
];

#[test]
fn little_is_found_where_nothing_was_planted() {
    let double = Double::start();
    double.seed("clean", &[]);
    let proxy = Proxy::start(&double, &["--realistic", "--management-account", MANAGEMENT]);
    let findings = audited(proxy.endpoint(), &[]);
    let found: BTreeSet<&str> = findings.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    let expected: BTreeSet<&str> = OF_CLEAN.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(found, expected);
}
