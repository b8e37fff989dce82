//! What the documents of a principal decide together, in the format in which evaluators are compared.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "these helpers run in tests only, and take JSON where it is written"
)]

use std::fs;

use fortem_compile::iam::{Case, CaseAnswer, DocumentCache, KeyCarrier};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A service reference in which every action carries every key.
struct EveryKey;

impl KeyCarrier for EveryKey {
    fn carries(&self, _action: &str, _resource: &str, _key: &str) -> bool {
        true
    }
}

/// A service reference in which no action carries a tag key.
struct NoKey;

impl KeyCarrier for NoKey {
    fn carries(&self, _action: &str, _resource: &str, _key: &str) -> bool {
        false
    }
}

const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/staging/web";
const CLUSTER: &str = "arn:aws:ecs:eu-west-1:111122223333:cluster/staging";

fn document(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Sid": "A", "Effect": "Allow", "Action": action, "Resource": resource})
}

fn deny(action: &str, resource: &str) -> Value {
    json!({"Sid": "D", "Effect": "Deny", "Action": action, "Resource": resource})
}

/// A restart of a staging service by a staging developer under the given statements, changed by `changes`.
fn case(statements: Value, changes: Value) -> Value {
    let mut case = json!({
        "id": "case",
        "identity_policies": [{"name": "role", "document": document(statements)}],
        "principal": {"arn": "arn:aws:iam::111122223333:role/dev", "account": "111122223333",
            "tags": {"Environment": "staging"}},
        "action": "ecs:UpdateService",
        "resource": {"arn": SERVICE, "tags": {"Environment": "staging"}},
    });
    for (key, value) in changes.as_object().unwrap() {
        case[key] = value.clone();
    }
    case
}

fn answer(case: &Value, carrier: &dyn KeyCarrier) -> Value {
    answer_line(&case.to_string(), carrier)
}

fn answer_line(line: &str, carrier: &dyn KeyCarrier) -> Value {
    let case: Case = serde_json::from_str(line).unwrap();
    serde_json::to_value(case.run(carrier, &mut DocumentCache::default())).unwrap()
}

/// Checks why a call goes through or not, which layer blocks it, and the statements named.
fn check(case: &Value, why: &str, blocked_by: Value, matched: &[&str]) {
    let answer = answer(case, &EveryKey);
    let found = (&answer["why"], &answer["blocked_by"], &answer["matched"]);
    assert_eq!(found, (&json!(why), &blocked_by, &json!(matched)), "{case:#}\n{answer:#}");
    let decision = if why == "Allowed" { "allow" } else { "deny" };
    assert_eq!(answer["decision"], decision);
}

/// `tests/cases/iam`: one behaviour a line, each settled by what AWS documents.
#[test]
fn the_language_is_read_as_the_cases_say() {
    for file in ["operators", "modifiers", "variables", "resources", "actions", "layers", "refused"]
    {
        let text = fs::read_to_string(format!("tests/cases/iam/{file}.jsonl")).unwrap();
        let answers: Vec<Value> = text.lines().map(|line| answer_line(line, &EveryKey)).collect();
        assert!(!answers.is_empty(), "{file}");
        for answer in answers {
            assert_eq!(
                (&answer["ok"], &answer["ambiguous"]),
                (&json!(true), &json!([])),
                "{answer:#}"
            );
        }
    }
}

#[test]
fn an_explicit_deny_wins_in_every_layer() {
    let wide = || allow("*", "*");
    let both = || document(json!([wide(), deny("ecs:UpdateService", "*")]));
    let open = || document(wide());
    check(
        &case(json!([wide(), deny("ecs:*", "*")]), json!({})),
        "ExplicitlyDenied",
        Value::Null,
        &["Deny identity:role#D"],
    );
    for (changes, layer, name) in [
        (json!({"scps": [[open()], [open(), both()]]}), "scp", "Deny scp:2.2#D"),
        (json!({"permission_boundary": both()}), "boundary", "Deny boundary:1#D"),
        (json!({"session_policy": both()}), "session", "Deny session#D"),
    ] {
        check(&case(wide(), changes), "ExplicitlyDenied", json!(layer), &[name]);
    }
}

#[test]
fn every_layer_must_allow() {
    let open = || document(allow("*", "*"));
    let reads = || document(allow("ecs:List*", "*"));
    let mine = ["Allow identity:role#A"];
    for (changes, why, blocked_by, matched) in [
        (
            json!({"scps": [[open()], [reads()]]}),
            "ImplicitlyDenied",
            json!("scp"),
            vec!["Allow scp:1.1#A", mine[0]],
        ),
        (
            json!({"scps": [[open()], []]}),
            "ImplicitlyDenied",
            json!("scp"),
            vec!["Allow scp:1.1#A", mine[0]],
        ),
        (
            json!({"scps": [[reads(), open()]]}),
            "Allowed",
            json!(null),
            vec!["Allow scp:1.2#A", mine[0]],
        ),
        (json!({"scps": []}), "Allowed", json!(null), mine.to_vec()),
        (
            json!({"permission_boundary": reads()}),
            "ImplicitlyDenied",
            json!("boundary"),
            mine.to_vec(),
        ),
        (
            json!({"permission_boundary": [reads(), open()]}),
            "Allowed",
            json!(null),
            vec![mine[0], "Allow boundary:2#A"],
        ),
        (json!({"session_policy": reads()}), "ImplicitlyDenied", json!("session"), mine.to_vec()),
        (
            json!({"session_policy": open()}),
            "Allowed",
            json!(null),
            vec![mine[0], "Allow session#A"],
        ),
    ] {
        check(&case(allow("ecs:*", "*"), changes), why, blocked_by, &matched);
    }
}

#[test]
fn the_first_layer_that_refuses_is_named() {
    let reads = || document(allow("ecs:List*", "*"));
    let changes =
        json!({"scps": [[reads()]], "permission_boundary": reads(), "session_policy": reads()});
    check(&case(allow("s3:*", "*"), changes.clone()), "ImplicitlyDenied", json!("scp"), &[]);
    let no_scp = json!({"permission_boundary": reads(), "session_policy": reads()});
    check(&case(allow("s3:*", "*"), no_scp.clone()), "ImplicitlyDenied", Value::Null, &[]);
    check(
        &case(allow("*", "*"), no_scp),
        "ImplicitlyDenied",
        json!("boundary"),
        &["Allow identity:role#A"],
    );
    check(
        &case(allow("*", "*"), changes),
        "ImplicitlyDenied",
        json!("scp"),
        &["Allow identity:role#A"],
    );
}

#[test]
fn every_resource_and_every_further_authorization_must_be_allowed() {
    let exec = |resources: Value| json!({"action": "ecs:ExecuteCommand", "resource": null, "resources": resources});
    let both =
        || json!([{"arn": CLUSTER}, {"arn": "arn:aws:ecs:eu-west-1:111122223333:task/staging/1"}]);
    let build = |statement: Value, changes: Value| {
        let mut case = case(statement, changes);
        case.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        case
    };
    let clusters = || allow("ecs:*", "arn:aws:ecs:*:*:cluster/*");
    check(
        &build(clusters(), exec(json!([{"arn": CLUSTER}]))),
        "Allowed",
        Value::Null,
        &["Allow identity:role#A"],
    );
    check(&build(clusters(), exec(both())), "ImplicitlyDenied", Value::Null, &[]);
    check(
        &build(allow("ecs:*", "*"), exec(both())),
        "Allowed",
        Value::Null,
        &["Allow identity:role#A"],
    );

    let also = json!({"also": [{"action": "iam:PassRole", "resource": {"arn": "arn:aws:iam::111122223333:role/x"},
        "context": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}]});
    check(&case(allow("ecs:*", "*"), also.clone()), "ImplicitlyDenied", Value::Null, &[]);
    let pass = json!([allow("ecs:*", "*"), {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}]);
    check(
        &case(pass, also),
        "Allowed",
        Value::Null,
        &["Allow identity:role#A", "Allow identity:role#2"],
    );

    let empty = answer(&build(clusters(), exec(json!([]))), &EveryKey);
    assert_eq!(
        (&empty["decision"], &empty["errors"]),
        (&json!("error"), &json!(["`ecs:ExecuteCommand` is asked on no resource"]))
    );
}

#[test]
fn what_aws_leaves_open_is_answered_for_the_reading_that_allows() {
    let unless_own = |effect: &str| {
        json!({"Sid": "U", "Effect": effect, "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:ResourceTag/Environment": "${aws:PrincipalTag/team}"}}})
    };
    for (statements, matched) in [
        (json!([unless_own("Allow")]), "Allow identity:role#U"),
        (json!([allow("*", "*"), unless_own("Deny")]), "Allow identity:role#A"),
    ] {
        let case = case(statements, json!({}));
        check(&case, "Allowed", Value::Null, &[matched]);
        let ambiguous = answer(&case, &EveryKey)["ambiguous"].to_string();
        assert!(
            ambiguous.contains("identity:role#U: a policy variable has no value"),
            "{ambiguous}"
        );
    }
}

#[test]
fn of_two_tag_keys_that_differ_in_case_the_one_that_allows_is_seen() {
    let own = json!({"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}});
    let resource = |second: &str| {
        json!({"resource": {"arn": SERVICE,
        "tags": {"Environment": "prod", "environment": second}}})
    };
    let settled = answer(&case(own.clone(), resource("dev")), &EveryKey);
    assert_eq!((&settled["decision"], &settled["ambiguous"]), (&json!("deny"), &json!([])));
    let open = answer(&case(own, resource("staging")), &EveryKey);
    let ambiguous = json!(["two tag keys differ only in case"]);
    assert_eq!((&open["decision"], &open["ambiguous"]), (&json!("allow"), &ambiguous));
}

/// Whether a call has a key at all, through a statement that asks just that.
fn has_key(key: &str, changes: Value, carrier: &dyn KeyCarrier) -> bool {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Null": {key: false}}});
    answer(&case(statement, changes), carrier)["decision"] == "allow"
}

#[test]
fn keys_are_derived_where_the_action_carries_them() {
    let tagged = || json!({"request_tags": {"Environment": "staging"}});
    for key in [
        "aws:ResourceTag/Environment",
        "ecs:ResourceTag/Environment",
        "aws:RequestTag/Environment",
        "aws:TagKeys",
    ] {
        assert!(has_key(key, tagged(), &EveryKey), "{key}");
        assert!(!has_key(key, tagged(), &NoKey), "{key}");
    }
    for key in [
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "aws:PrincipalTag/Environment",
        "aws:ResourceAccount",
        "aws:RequestedRegion",
        "aws:CurrentTime",
        "aws:SecureTransport",
    ] {
        assert!(has_key(key, json!({}), &NoKey), "{key}");
        assert!(!has_key(key, json!({"context": {key: null}}), &NoKey), "{key}");
    }
    assert!(!has_key("ecs:cluster", json!({}), &EveryKey));
    assert!(has_key("ecs:cluster", json!({"context": {"ECS:Cluster": CLUSTER}}), &EveryKey));
    let pass = || json!({"action": "iam:PassRole"});
    assert!(!has_key("aws:ResourceTag/Environment", pass(), &EveryKey));
    assert!(!has_key("iam:ResourceTag/Environment", pass(), &EveryKey));
    assert!(has_key("aws:PrincipalTag/Environment", pass(), &EveryKey));
}

#[test]
fn a_document_that_is_refused_is_an_error_of_the_case() {
    let mut case = case(json!([]), json!({"expect": "deny"}));
    case["identity_policies"][0]["document"] = document(json!([{"Sid": "A", "Effect": "deny"}]));
    let answer = answer(&case, &EveryKey);
    let reason =
        "identity:role: statement `A`: effect `deny` does not exist, expected `Allow` or `Deny`";
    assert_eq!(answer["errors"], json!([reason]));
    assert_eq!((&answer["decision"], &answer["ok"]), (&json!("error"), &json!(false)));
}

#[test]
fn a_context_key_given_twice_is_an_error_of_the_case() {
    let case = case(allow("*", "*"), json!({"context": {"a:b": "x", "A:B": "y"}}));
    assert_eq!(answer(&case, &EveryKey)["errors"], json!(["context key `A:B` is given twice"]));
}

/// Small documents over few words, so that statements often apply.
fn statements() -> impl Strategy<Value = Vec<Value>> {
    let action = prop::sample::select(vec![
        "*",
        "ecs:*",
        "ecs:UpdateService",
        "ecs:Stop?ask",
        "iam:PassRole",
    ]);
    let resource = prop::sample::select(vec!["*", SERVICE, CLUSTER, "arn:aws:ecs:*:*:service/*"]);
    let effect = prop::sample::select(vec!["Allow", "Allow", "Deny"]);
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringEqualsIfExists",
    ]);
    let value = prop::sample::select(vec![
        "staging",
        "prod",
        "s*",
        "${aws:PrincipalTag/Environment}",
        "${aws:x}",
    ]);
    let condition = prop::option::of((operator, value)).prop_map(|pair| match pair {
        Some((operator, value)) => json!({operator: {"aws:ResourceTag/Environment": value}}),
        None => json!({}),
    });
    let statement = (effect, action, resource, condition).prop_map(|(effect, action, resource, condition)| {
        json!({"Effect": effect, "Action": action, "Resource": resource, "Condition": condition})
    });
    prop::collection::vec(statement, 1..4)
}

proptest! {
    #[test]
    fn a_further_deny_never_grants(base in statements(), further in statements(), tag in "staging|prod|") {
        let changes = json!({"resource": {"arn": SERVICE, "tags": {"Environment": tag}}});
        let before = answer(&case(json!(base), changes.clone()), &EveryKey);
        let denies = further.into_iter().map(|mut statement| {
            statement["Effect"] = json!("Deny");
            statement
        });
        let more: Vec<Value> = base.into_iter().chain(denies).collect();
        let after = answer(&case(json!(more), changes), &EveryKey);
        prop_assert!(before["decision"] == "allow" || after["decision"] == "deny");
    }

    #[test]
    fn a_negated_operator_is_the_opposite_when_the_key_has_one_value(
        (positive, negated) in prop::sample::select(vec![
            ("StringEquals", "StringNotEquals"),
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
            ("StringLike", "StringNotLike"),
            ("NumericEquals", "NumericNotEquals"),
            ("DateEquals", "DateNotEquals"),
            ("IpAddress", "NotIpAddress"),
            ("ArnLike", "ArnNotLike"),
            ("ArnEquals", "ArnNotEquals"),
        ]),
        value in "[a1*?:.]{0,5}|1\\.1\\.1\\.[12]|a:a:a:a:a:[ab]",
        written in prop::collection::vec("[a1*?:.]{0,5}|1\\.1\\.1\\.[12](/3[12])?|a:a:\\*:a:a:[ab]", 0..3),
    ) {
        let decision = |operator: &str| {
            let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {operator: {"x:y": written}}});
            answer(&case(statement, json!({"context": {"x:y": value}})), &EveryKey)["decision"].clone()
        };
        prop_assert_ne!(decision(positive), decision(negated));
    }
}

#[test]
fn what_is_no_case_is_an_answer_too() {
    let error = serde_json::from_str::<Case>(r#"{"id": 7}"#).unwrap_err();
    let answer = CaseAnswer::error(format!("line 1: {error}"));
    assert!(answer.is_error());
    assert_eq!(answer.is_ok(), None);
}
