//! A team's own actions: `lowering.toml` and a schema beside the fleet file.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::scratch::{Scratch, copy, text};

/// The sample with the example of `docs/adding-an-action.md`, and AWS's file on SQS.
fn example() -> Scratch {
    let scratch = Scratch::new();
    copy(Path::new("tests/reference"), &scratch.path("aws"));
    for name in ["actions.cedarschema", "lowering.toml"] {
        scratch.policy(name, &fs::read_to_string(format!("tests/own/{name}")).unwrap());
    }
    let roles = fs::read_to_string("tests/own/queues.cedar").unwrap();
    scratch.policy("roles/queues.cedar", &roles);
    scratch
}

#[test]
fn the_page_on_actions_shows_the_example() {
    let page = fs::read_to_string("docs/adding-an-action.md").unwrap();
    for name in ["actions.cedarschema", "lowering.toml", "queues.cedar"] {
        let text = fs::read_to_string(format!("tests/own/{name}")).unwrap();
        assert!(page.contains(&format!("\n{text}```\n")), "{name}");
    }
}

fn build(scratch: &Scratch) {
    let output = scratch.run(&["--service-reference", "aws"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// A call of a person in staging on a resource, whose tag says an environment or is not there.
fn call(action: &str, arn: &str, tag: Option<&str>) -> Value {
    let tags = tag.map_or_else(|| json!({}), |tag| json!({ "Environment": tag }));
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/staging";
    let context =
        if action.starts_with("ecs:") { json!({ "ecs:cluster": cluster }) } else { json!({}) };
    json!({
        "id": format!("{action} {arn} {tag:?}"),
        "principal": {
            "arn": "arn:aws:iam::111122223333:role/developer-staging",
            "account": "111122223333",
            "tags": { "Environment": "staging" },
        },
        "action": action,
        "resource": { "arn": arn, "tags": tags },
        "context": context,
    })
}

/// What `eval` says of calls under the documents of a role.
fn answers(scratch: &Scratch, role: &str, calls: &[Value]) -> Vec<String> {
    let lines: Vec<String> = calls.iter().map(Value::to_string).collect();
    fs::write(scratch.path("calls.jsonl"), lines.join("\n")).unwrap();
    let mut arguments: Vec<String> =
        ["eval", "calls.jsonl", "--service-reference", "aws"].map(str::to_owned).to_vec();
    for number in ["", "-2"] {
        let file = format!("out/identity/{role}{number}.json");
        if scratch.path(&file).exists() {
            arguments.extend(["--identity".to_owned(), file]);
        }
    }
    let output = scratch.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let printed = text(&output.stdout);
    let answers = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers = answers.filter(|answer| answer.get("summary").is_none());
    answers.map(|answer| answer["why"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_action_on_another_service_is_granted_in_the_own_environment_alone() {
    let scratch = example();
    build(&scratch);
    let queue = |name: &str| format!("arn:aws:sqs:eu-west-1:111122223333:{name}");
    let purge = |name: &str, tag| call("sqs:PurgeQueue", &queue(name), tag);
    let calls = [
        purge("staging-orders", Some("staging")),
        purge("dev-orders", Some("staging")),
        purge("staging-orders", Some("dev")),
        purge("prod-orders", Some("prod")),
        purge("prod-orders", Some("staging")),
        purge("staging-orders", None),
        call("sqs:DeleteQueue", &queue("staging-orders"), Some("staging")),
        call("sqs:UntagQueue", &queue("staging-orders"), Some("staging")),
    ];
    let [allowed, denied, never] = ["Allowed", "ImplicitlyDenied", "ExplicitlyDenied"];
    let expected = [allowed, denied, denied, never, never, never, denied, never];
    assert_eq!(answers(&scratch, "queue-keeper", &calls), expected);
    let report = fs::read_to_string(scratch.path("out/report.md")).unwrap();
    assert!(report.contains("- `arn:aws:sqs:*:*:{environment}-*`\n"), "{report}");
}

#[test]
fn an_action_can_take_built_in_calls_as_they_are_and_others() {
    let scratch = example();
    build(&scratch);
    let service = "arn:aws:ecs:eu-west-1:111122223333:service/staging/orders";
    let scale = |tag| call("ecs:UpdateService", service, tag);
    let target = "arn:aws:application-autoscaling:eu-west-1:111122223333:scalable-target/0e1f";
    let limit = |tag| call("application-autoscaling:RegisterScalableTarget", target, tag);
    let mut tagging = limit(Some("staging"));
    tagging["request_tags"] = json!({ "Environment": "prod" });
    let calls = [
        scale(Some("staging")),
        scale(Some("dev")),
        scale(Some("prod")),
        scale(None),
        limit(Some("staging")),
        limit(Some("dev")),
        limit(Some("prod")),
        limit(None),
        tagging,
        call("application-autoscaling:UntagResource", target, Some("staging")),
    ];
    let [allowed, denied, never] = ["Allowed", "ImplicitlyDenied", "ExplicitlyDenied"];
    let expected = [allowed, denied, never, never, allowed, denied, never, never, denied, never];
    assert_eq!(answers(&scratch, "operator", &calls), expected);
    // A role without the action has none of it.
    let calls = [limit(Some("staging")), limit(Some("prod"))];
    assert_eq!(answers(&scratch, "log-viewer", &calls), [denied, denied]);
}

#[test]
fn tags_that_own_rows_go_by_are_guarded_in_every_document() {
    let scratch = example();
    build(&scratch);
    for (path, document) in scratch.files("out/identity") {
        let document: Value = serde_json::from_str(&document).unwrap();
        let apis = |sid: &str| {
            let mut all = document["Statement"].as_array().unwrap().iter();
            all.find(|one| one["Sid"] == sid).unwrap()["Action"].to_string()
        };
        for api in ["application-autoscaling:TagResource", "sqs:TagQueue"] {
            assert!(apis("NoRetag").contains(api), "{path:?} {api}");
        }
        for api in ["application-autoscaling:UntagResource", "sqs:UntagQueue"] {
            assert!(apis("NoUntag").contains(api), "{path:?} {api}");
        }
    }
}

#[test]
fn a_build_without_the_reference_of_a_service_says_what_is_missing() {
    assert_snapshot!(example().refused(&[]));
}

#[test]
fn a_permitted_action_without_calls_is_refused() {
    let scratch = example();
    let table = fs::read_to_string("tests/own/lowering.toml").unwrap();
    scratch.policy("lowering.toml", table.split("[[kind]]\nname = \"queue\"").next().unwrap());
    assert_snapshot!(scratch.refused(&["--service-reference", "aws"]));
}

/// What is said of one change of the example's rows.
fn refusal(from: &str, to: &str) -> String {
    let scratch = example();
    scratch.replace("lowering.toml", from, to);
    scratch.refused(&["--service-reference", "aws"])
}

/// What is said of rows that follow those of the example.
fn refusals(rows: &[&str]) -> String {
    let table = fs::read_to_string("tests/own/lowering.toml").unwrap();
    refusal(table.as_str(), &format!("{table}\n{}", rows.join("\n")))
}

macro_rules! refused {
    ($($name:ident: $refused:expr;)*) => {$(
        #[test]
        fn $name() {
            assert_snapshot!($refused);
        }
    )*};
}

refused! {
    what_is_no_toml_is_shown: refusal("[[blind]]", "[[blind]");
    unknown_tables_fields_and_types_are_shown_at_once: refusals(&[
        "[[never]]\naction = \"viewLogs\"\n",
        "[[calls]]\napi = \"sqs:PurgeQueue\"\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nkind = [\"queue\"]\n",
        "[[call]]\nactions = \"purgeQueue\"\napi = \"sqs:SendMessage\"\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nkinds = [\"queue\"]\nchannels = [\"tag\"]\n",
        "[[blind]]\nactions = [\"purgeQueue\"]\napi = \"sqs:ListQueues\"\n",
    ]);
    what_a_row_names_must_exist: refusals(&[
        "[[call]]\nactions = [\"purgeQueues\", \"readSecret\"]\napi = \"sqs:PurgeQueues\"\nkinds = [\"queue\"]\nchannels = [\"name\"]\n",
        "[[call]]\nactions = []\napi = \"s3:GetObject\"\nkinds = [\"queue\"]\nchannels = [\"name\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nkinds = [\"queues\", \"service\"]\nchannels = [\"name\"]\nschedule = \"cron\"\n",
    ]);
    kinds_are_those_of_aws_and_new: refusals(&[
        "[[kind]]\nname = \"queue\"\nservice = \"sqs\"\ntypes = [\"queue\"]\nany = \"*\"\nown = []\n",
        "[[kind]]\nname = \"own-service\"\nservice = \"ecs\"\ntypes = [\"service\", \"capacity\"]\nany = \"service/*\"\nown = []\n",
        "[[kind]]\nname = \"nothing\"\nservice = \"ecs\"\ntypes = []\nany = \"*\"\nown = []\n",
    ]);
    patterns_of_a_kind_name_the_environment_and_nothing_else: [
        "queue-*", "{environment}-{environment}", "{env}-*", "{environment", "{environment}-?",
        "${aws:username}-{environment}",
    ].map(|own| refusal("own = [\"{environment}-*\"]", &format!("own = [\"{own}\"]"))).concat();
    every_arn_of_a_kind_is_meant: refusal("any = \"*\"", "any = \"staging-*\"");
    own_arns_are_of_the_kind: refusal("any = \"scalable-target/*\"\nown = []", "any = \"scalable-target/*\"\nown = [\"{environment}/*\"]");
    a_pattern_that_reaches_another_environment_is_a_trap: refusal("own = [\"{environment}-*\"]", "own = [\"*-{environment}\", \"*{environment}*\"]");
    a_call_goes_by_what_aws_fills_in: refusals(&[
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nkinds = [\"queue\"]\nchannels = [\"request-tag\", \"cluster\"]\n",
        "[[call]]\nactions = [\"viewLogs\"]\napi = \"logs:GetLogRecord\"\nkinds = [\"log-group\"]\nchannels = [\"resource-tag\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nchannels = [\"name\"]\n",
        "[[call]]\nactions = [\"scaleService\"]\napi = \"application-autoscaling:DeleteScalingPolicy\"\nkinds = [\"scalable-target\"]\nchannels = [\"name\"]\n",
    ]);
    a_call_is_tied_to_the_environment_by_what_there_is: refusals(&[
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:CreateQueue\"\nkinds = [\"queue\"]\nchannels = [\"request-tag\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nkinds = [\"queue\"]\nchannels = []\n",
        "[[call]]\nactions = [\"stopTask\"]\napi = \"ecs:StopServiceDeployment\"\nkinds = [\"service-deployment\"]\nchannels = [\"request-tag\"]\n",
        "[[call]]\nactions = [\"scaleService\"]\napi = \"ecs:DeleteService\"\nkinds = [\"service\"]\nchannels = [\"resource-tag\"]\n",
    ]);
    a_call_is_on_what_the_action_is_done_to: refusals(&[
        "[[call]]\nactions = [\"purgeQueue\", \"scaleService\"]\napi = \"sqs:SendMessage\"\nkinds = [\"queue\"]\nchannels = [\"name\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"ecs:StopTask\"\n",
        "[[kind]]\nname = \"secret\"\nentity = \"Secrets\"\nservice = \"secretsmanager\"\ntypes = [\"Secret\"]\nany = \"secret:*\"\nown = []\n",
    ]);
    tags_that_a_call_sets_are_closed: refusals(&[
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:CreateQueue\"\nkinds = [\"queue\"]\nchannels = [\"request-tag\", \"name\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:CreateQueue\"\nkinds = [\"queue\"]\nchannels = [\"name\"]\n",
    ]);
    what_is_built_in_is_not_had_in_another_way: refusals(&[
        "[[call]]\nactions = [\"scaleService\"]\napi = \"ecs:StopTask\"\nkinds = [\"task\"]\nchannels = [\"cluster\"]\n",
        "[[call]]\nactions = [\"scaleService\"]\napi = \"ecs:StopTask\"\nkinds = [\"task\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\n",
    ]);
    what_takes_further_rights_is_refused: refusals(&[
        "[[call]]\nactions = [\"scaleService\"]\napi = \"iam:PassRole\"\nkinds = [\"role\"]\nchannels = [\"name\"]\n",
        "[[call]]\nactions = [\"scaleService\"]\napi = \"iam:PassRole\"\n",
        "[[call]]\nactions = [\"scaleService\"]\napi = \"iam:AttachRolePolicy\"\nkinds = [\"role\"]\nchannels = [\"name\"]\n",
        "[[call]]\nactions = [\"scaleService\"]\napi = \"ecs:TagResource\"\nkinds = [\"service\"]\nchannels = [\"request-tag\", \"name\"]\n",
        "[[call]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SetQueueAttributes\"\nkinds = [\"queue\"]\nchannels = [\"name\"]\n",
        "[[blind]]\nactions = [\"scaleService\"]\napi = \"iam:CreateAccountAlias\"\nuse = \"u\"\nshows = \"s\"\n",
        "[[blind]]\nactions = [\"purgeQueue\"]\napi = \"sqs:SendMessage\"\nuse = \"u\"\nshows = \"s\"\n",
    ]);
    conditions_are_such_as_iam_can_judge: [
        ("StringMatches", "ecs:enable-ebs-volumes", "values = [\"true\"]"),
        ("StringLike", "ecs:container-instances", "values = [\"x\"]"),
        ("StringEquals", "ecs:CreateAction", "values = [\"x\"]"),
        ("StringEquals", "aws:ResourceTag/Environment", "values = [\"prod\"]"),
        ("StringEquals", "aws:PrincipalTag/Team", "values = [\"x\"]"),
        ("StringEquals", "ecs:enable-ebs-volumes", "values = [\"${aws:username}\"]"),
        ("StringEquals", "aws:TagKeys", "values = [\"x\"]"),
        ("ForAnyValue:StringEquals", "ecs:enable-ebs-volumes", "values = [\"x\"]"),
        ("Null", "ecs:enable-ebs-volumes", "values = [\"perhaps\"]"),
        ("ArnLike", "ecs:container-instances", "own = \"container-instance\""),
        ("ArnLike", "ecs:container-instances", ""),
        ("ForAllValues:StringEquals", "aws:tagkeys", "tag_keys = true"),
    ].map(|(operator, key, values)| refusals(&[START, &format!(
        "[[call.where]]\noperator = \"{operator}\"\nkey = \"{key}\"\n{values}\n"
    )])).concat();
}

const START: &str = r#"
[[call]]
actions = ["runTask"]
api = "ecs:StartTask"
kinds = ["task-definition"]
channels = ["resource-tag", "request-tag", "cluster", "name"]

[[call.where]]
operator = "ForAllValues:StringEquals"
key = "aws:TagKeys"
tag_keys = true
"#;

/// The second authorization of a call with tags, and roles for another service.
const SERVING: &str = r#"
[[call]]
actions = ["runTask"]
api = "ecs:TagResource"
kinds = ["task"]
channels = ["request-tag", "name"]
supporting = true

[[call.where]]
operator = "StringEquals"
key = "ecs:CreateAction"
values = ["StartTask"]

[[call.where]]
operator = "ForAllValues:StringEquals"
key = "aws:TagKeys"
tag_keys = true

[[call]]
actions = ["runTask"]
api = "iam:PassRole"
kinds = ["role"]
channels = ["name"]
supporting = true

[[call.where]]
operator = "StringEquals"
key = "iam:PassedToService"
values = ["states.amazonaws.com"]
"#;

#[test]
fn rights_that_are_bound_can_be_granted() {
    let scratch = example();
    let table = fs::read_to_string("tests/own/lowering.toml").unwrap();
    scratch.policy("lowering.toml", &format!("{table}{START}{SERVING}"));
    build(&scratch);
    let start = |definition: &str, cluster: &str, tag: &str| {
        let definition =
            format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{definition}:1");
        let mut start = call("ecs:StartTask", &definition, Some("staging"));
        start["request_tags"] = json!({ "Environment": tag });
        start["context"]["ecs:cluster"] =
            format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{cluster}").into();
        start
    };
    let tag = |created_by: &str, tag: &str| {
        let task = "arn:aws:ecs:eu-west-1:111122223333:task/staging/0e1f";
        let mut tagging = call("ecs:TagResource", task, None);
        tagging["request_tags"] = json!({ "Environment": tag });
        tagging["context"] = json!({ "ecs:CreateAction": created_by });
        tagging
    };
    let pass = |role: &str, service: &str| {
        let mut pass = call("iam:PassRole", &format!("arn:aws:iam::111122223333:role{role}"), None);
        pass["context"] = json!({ "iam:PassedToService": service });
        pass
    };
    let calls = [
        start("staging-job", "staging", "staging"),
        start("dev-job", "staging", "staging"),
        start("staging-job", "dev", "staging"),
        start("staging-job", "staging", "dev"),
        start("staging-job", "prod", "staging"),
        tag("StartTask", "staging"),
        tag("CreateService", "staging"),
        tag("StartTask", "prod"),
        pass("/ecs/staging/flow", "states.amazonaws.com"),
        pass("/ecs/staging/flow", "lambda.amazonaws.com"),
        pass("/ecs/dev/flow", "states.amazonaws.com"),
        pass("/ecs/prod/flow", "states.amazonaws.com"),
    ];
    let [allowed, denied, never] = ["Allowed", "ImplicitlyDenied", "ExplicitlyDenied"];
    let expected = [
        allowed, denied, denied, denied, never, allowed, denied, denied, allowed, denied, denied,
        never,
    ];
    assert_eq!(answers(&scratch, "operator", &calls), expected);
}
