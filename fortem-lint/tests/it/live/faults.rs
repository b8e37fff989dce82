//! Services and ways to them that are out of order: for a while, and for good.

use serde_json::{Value, json};

use super::collected;
use crate::double::{FLEET, SINGLE};

/// An operation of each protocol and each part of a collection.
const OPERATIONS: [&str; 12] = [
    "GetCallerIdentity",
    "DescribeRegions",
    "GetAccountAuthorizationDetails",
    "ListClusters",
    "DescribeServices",
    "DescribeTasks",
    "DescribeTaskDefinition",
    "DescribeLogGroups",
    "DescribeReplicationGroups",
    "ListScheduleGroups",
    "GetSchedule",
    "ListRules",
];

/// The same fault for so many calls of each operation.
fn each(times: u32, fault: &Value) -> Value {
    let rules = OPERATIONS.iter().map(|op| {
        let mut rule = fault.clone();
        rule["op"] = json!(op);
        rule["times"] = json!(times);
        rule
    });
    rules.collect()
}

fn assert_passes(times: u32, fault: &Value, arguments: &[&str]) {
    let read = collected(&SINGLE, &each(times, fault), arguments);
    read.assert_whole(&SINGLE);
    let expected = u64::from(times) * OPERATIONS.len() as u64;
    assert_eq!(read.stats.met(fault["fault"].as_str().unwrap()), expected, "{:?}", read.stats);
}

#[test]
fn errors_pass() {
    assert_passes(3, &json!({"fault": "error"}), &[]);
    assert_passes(2, &json!({"fault": "error", "status": 503, "code": "ServiceUnavailable"}), &[]);
}

#[test]
fn answers_that_are_cut_off_pass() {
    assert_passes(2, &json!({"fault": "truncate"}), &[]);
}

#[test]
fn pages_of_others_pass() {
    assert_passes(2, &json!({"fault": "garbage"}), &[]);
}

#[test]
fn connections_that_break_pass() {
    assert_passes(2, &json!({"fault": "reset"}), &[]);
}

#[test]
fn answers_that_do_not_come_pass() {
    assert_passes(1, &json!({"fault": "hang"}), &["--timeout", "1"]);
}

#[test]
fn throttling_passes() {
    assert_passes(4, &json!({"fault": "throttle"}), &[]);
    let share = json!([{"rate": 0.3, "times": 40, "fault": "throttle"}]);
    let read = collected(&SINGLE, &share, &[]);
    read.assert_whole(&SINGLE);
    assert!(read.stats.met("throttle") > 20, "{:?}", read.stats);
}

#[test]
fn throttling_of_an_organization_passes() {
    let share =
        json!([{"service": "organizations", "rate": 0.3, "times": 10, "fault": "throttle"}]);
    let read = collected(&FLEET, &share, &[]);
    read.assert_whole(&FLEET);
    assert_eq!(read.stats.met("throttle"), 10);
}

fn assert_stays(rules: &Value, arguments: &[&str], unread: &[&str], missing: &[&str]) {
    collected(&SINGLE, rules, arguments).assert_short(&SINGLE, unread, missing);
}

#[test]
fn an_operation_that_fails_for_good_is_unread() {
    assert_stays(
        &json!([{"op": "ListServices", "fault": "error"}]),
        &[],
        &["123456789012/eu-west-1 ecs:ListServices InternalFailure"],
        // Nobody can say that none is named by a task definition of those services.
        &[
            "123456789012/eu-west-1.json parameters: absent",
            "123456789012/eu-west-1.json secrets: absent",
            "123456789012/eu-west-1.json services: absent",
        ],
    );
}

#[test]
fn an_answer_that_is_always_cut_off_is_unread() {
    assert_stays(
        &json!([{"op": "DescribeLogGroups", "fault": "truncate"}]),
        &[],
        &["123456789012/eu-west-1 logs:DescribeLogGroups UnreadableAnswer"],
        &["123456789012/eu-west-1.json logGroups: absent"],
    );
}

#[test]
fn a_page_that_others_send_is_unread() {
    assert_stays(
        &json!([{"service": "elasticache", "op": "DescribeReplicationGroups", "fault": "garbage"}]),
        &[],
        &["123456789012/eu-west-1 elasticache:DescribeReplicationGroups UnreadableAnswer"],
        &["123456789012/eu-west-1.json replicationGroups: absent"],
    );
}

#[test]
fn a_service_that_never_answers_is_unread() {
    assert_stays(
        &json!([{"service": "scheduler", "fault": "hang"}]),
        &["--timeout", "1"],
        &[
            "123456789012/eu-west-1 scheduler:ListScheduleGroups Timeout",
            "123456789012/eu-west-1 scheduler:ListSchedules Timeout",
        ],
        &[
            "123456789012/eu-west-1.json parameters: absent",
            "123456789012/eu-west-1.json scheduleGroups: absent",
            "123456789012/eu-west-1.json schedules: absent",
            "123456789012/eu-west-1.json secrets: absent",
        ],
    );
}

#[test]
fn throttling_without_end_is_unread() {
    assert_stays(
        &json!([{"op": "DescribeTasks", "fault": "throttle"}]),
        &["--patience", "2"],
        &["123456789012/eu-west-1 ecs:DescribeTasks ThrottlingException"],
        &[
            "123456789012/eu-west-1.json parameters: absent",
            "123456789012/eu-west-1.json secrets: absent",
            "123456789012/eu-west-1.json tasks: absent",
        ],
    );
}

/// One part of the policies would show as allowed what another denies.
#[test]
fn users_and_policies_are_read_whole_or_not_at_all() {
    let rules = json!([{"op": "GetAccountAuthorizationDetails", "skip": 1, "fault": "error"}]);
    assert_stays(
        &rules,
        &[],
        &["123456789012/ iam:GetAccountAuthorizationDetails InternalFailure"],
        &["123456789012/credentials.json", "123456789012/iam.json"],
    );
}

#[test]
fn lists_without_end_are_unread() {
    let rules: Value = [
        "GetAccountAuthorizationDetails",
        "ListServices",
        "ListTasks",
        "DescribeReplicationGroups",
        "ListRules",
        "ListSchedules",
        "DescribeScalableTargets",
    ]
    .iter()
    .map(|op| json!({"op": op, "fault": "loop"}))
    .collect();
    let read = collected(&SINGLE, &rules, &[]);
    let unread = [
        "123456789012/ iam:GetAccountAuthorizationDetails RepeatedPage",
        "123456789012/eu-west-1 application-autoscaling:DescribeScalableTargets RepeatedPage",
        "123456789012/eu-west-1 ecs:ListServices RepeatedPage",
        "123456789012/eu-west-1 ecs:ListTasks RepeatedPage",
        "123456789012/eu-west-1 elasticache:DescribeReplicationGroups RepeatedPage",
        "123456789012/eu-west-1 events:ListRules RepeatedPage",
        "123456789012/eu-west-1 scheduler:ListSchedules RepeatedPage",
    ];
    // What the first page had is kept; of the list that was empty nobody can say that it is.
    let missing = [
        "123456789012/credentials.json",
        "123456789012/eu-west-1.json eventRules: absent",
        "123456789012/eu-west-1.json parameters: absent",
        "123456789012/eu-west-1.json secrets: absent",
        "123456789012/iam.json",
    ];
    read.assert_short(&SINGLE, &unread, &missing);
    assert!(read.stats.calls.values().sum::<u64>() < 300, "{:?}", read.stats);
}

/// Nothing of what was met on the way may be kept or shown.
#[test]
fn what_a_stranger_answers_is_not_shown() {
    let read = collected(&SINGLE, &json!([{"service": "ecs", "fault": "garbage"}]), &[]);
    assert_eq!(read.said.code, 3);
    let texts = read.snapshot.texts.values().chain([&read.said.out, &read.said.err]);
    assert!(texts.clone().all(|text| !text.contains("captive portal")), "{:?}", read.said);
}
