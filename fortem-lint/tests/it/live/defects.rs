//! Defects that were planted, found by an audit of the account they are in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::double::{Defect, Double, FLEET, Lint, MANAGEMENT, Proxy, REGION, ROLE, SINGLE, Scenario};

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

/// Planted as defects, and none: end of the resource, and why.
const DISPUTED: &[(&str, &str)] = &[(
    "role/people/developer-key-drift",
    "tag keys of IAM principals are compared without regard to case (IAM user guide, tagging, 2026-09), so the role has \
     the environment `staging` like any other",
)];

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

/// Whether a finding is about what has this ARN, id or number.
fn names(finding: &Value, resource: &str) -> bool {
    ["resource", "principal", "policy"].iter().any(|field| finding[field] == resource)
        || finding["message"].as_str().unwrap().contains(resource)
        || finding["evidence"].to_string().contains(resource)
        || finding["excerpt"].to_string().contains(resource)
}

fn assert_found(scenario: &Scenario, arguments: &[&str]) {
    let findings = audited(scenario.proxy(&[]).endpoint(), arguments);
    let rules: BTreeMap<&str, &[&str]> = RULES.iter().copied().collect();
    let is_found = |defect: &Defect| {
        let rules = rules.get(defect.code.as_str()).unwrap_or_else(|| panic!("no rule for {defect:?}"));
        findings.iter().any(|finding| {
            rules.contains(&finding["rule"].as_str().unwrap()) && names(finding, &defect.resource)
        })
    };
    let (disputed, planted): (Vec<&Defect>, Vec<&Defect>) =
        scenario.manifest.planted.iter().partition(|defect| {
            DISPUTED.iter().any(|(resource, _)| defect.resource.ends_with(resource))
        });
    let missed: Vec<&Defect> = planted.into_iter().filter(|defect| !is_found(defect)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    let found: Vec<&Defect> = disputed.into_iter().filter(|defect| is_found(defect)).collect();
    assert!(found.is_empty(), "disputed no longer: {found:#?}");
}

#[test]
fn those_of_an_account_are_found() {
    assert_found(&SINGLE, &[]);
}

#[test]
fn those_of_an_organization_are_found() {
    assert_found(&FLEET, &["--organization", "--role-name", ROLE]);
}

/// What is found where nothing was planted, and why it is right.
const OF_CLEAN: &[(&str, &str)] = &[
    ("FL009", "the double keeps no tags of scalable targets"),
    ("FL110", "`ecs:RunTask` is allowed without `ecs:cluster`, so the cluster may be another environment's"),
    ("FL113", "a service can be set to another's task definition: that one is no resource of `ecs:UpdateService`"),
    ("FL305", "the Deny on the tag of production does not see the cluster of a new task"),
    ("FL307", "the policy is attached to the developers of production too, whom its Deny leaves nothing"),
];

#[test]
fn little_is_found_where_nothing_was_planted() {
    let double = Double::start();
    double.seed("clean", &[]);
    let proxy = Proxy::start(&double, &["--realistic", "--management-account", MANAGEMENT]);
    let findings = audited(proxy.endpoint(), &[]);
    let found: BTreeSet<&str> = findings.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    let expected: BTreeSet<&str> = OF_CLEAN.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(found, expected, "{findings:#?}");
}
