//! Why calls and actions are allowed, run as a person runs it, and against the evaluator of these tests.

use std::collections::BTreeMap;

use fortem_compile::explain::{Somebody, action, call};
use fortem_compile::{compile, output};
use fortem_core::Source;
use insta::assert_snapshot;
use serde_json::Value;

use crate::calls::steps;
use crate::evaluator::{self, Context, allows};
use crate::policies::ACTIONS;
use crate::scratch::{Scratch, text};

fn run(scratch: &Scratch, arguments: &[&str]) -> (String, Option<i32>) {
    let output = scratch.run(arguments);
    assert_eq!(text(&output.stderr), "");
    (text(&output.stdout), output.status.code())
}

const SERVICE: &str = "arn:aws:ecs:eu-west-1:111122223333:service/staging/web";
const CLUSTER: &str = "ecs:cluster=arn:aws:ecs:eu-west-1:111122223333:cluster/staging";

#[test]
fn an_allowed_call_is_told_with_its_statement_and_its_line_of_cedar() {
    let (said, code) = run(
        &Scratch::new(),
        &[
            "explain",
            "--role",
            "developer",
            "--tag",
            "staging",
            "ecs:UpdateService",
            SERVICE,
            "--key",
            "aws:ResourceTag/Environment=staging",
            "--key",
            CLUSTER,
        ],
    );
    assert_eq!(code, Some(0));
    assert_snapshot!(said);
}

#[test]
fn a_denied_call_is_told_with_the_guard() {
    let (said, code) = run(
        &Scratch::new(),
        &[
            "explain",
            "--role",
            "developer",
            "--environment",
            "prod",
            "ecs:StopTask",
            "arn:aws:ecs:eu-west-1:444455556666:task/prod/0123",
            "--key",
            "aws:ResourceTag/Environment=prod",
        ],
    );
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

#[test]
fn a_call_that_nothing_allows_is_told_with_what_it_lacks() {
    let arguments = [
        "explain",
        "--role",
        "developer",
        "--environment",
        "staging",
        "ecs:UpdateService",
        SERVICE,
        "--key",
        "aws:ResourceTag/Environment=qa",
        "--key",
        CLUSTER,
    ];
    let (said, code) = run(&Scratch::new(), &arguments);
    assert_eq!(code, Some(10));
    assert_snapshot!("lacks", said);
    let (said, _) = run(&Scratch::new(), &[&arguments[..], &["--format", "json"]].concat());
    assert_snapshot!("lacks_json", said);
}

#[test]
fn an_action_is_told_by_its_calls() {
    let scratch = Scratch::new();
    let (said, code) = run(
        &scratch,
        &["explain", "--role", "developer", "--environment", "staging", "restartService"],
    );
    assert_eq!(code, Some(0));
    assert_snapshot!("restart", said);
    let (said, code) =
        run(&scratch, &["explain", "--role", "developer", "--environment", "prod", "stopTask"]);
    assert_eq!(code, Some(10));
    assert_snapshot!("stop_in_production", said);
    let (said, code) =
        run(&scratch, &["explain", "--role", "log-viewer", "--environment", "staging", "viewLogs"]);
    assert_eq!(code, Some(0));
    assert_snapshot!("view_logs", said);
    let (said, code) = run(
        &scratch,
        &["explain", "--role", "developer", "--environment", "staging", "readSecret"],
    );
    assert_eq!(code, Some(10));
    assert_snapshot!("never", said);
}

#[test]
fn what_there_is_not_is_refused() {
    let scratch = Scratch::new();
    for (name, arguments) in [
        ("no_role", ["explain", "--role", "nobody", "--environment", "dev", "stopTask"]),
        ("no_action", ["explain", "--role", "exec", "--environment", "dev", "startTask"]),
        ("no_api_action", ["explain", "--role", "exec", "--environment", "dev", "ecs:Restart"]),
    ] {
        let output = scratch.run(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert_snapshot!(name, text(&output.stderr));
    }
    let output = scratch.run(&["explain", "--role", "exec", "stopTask"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!("nowhere", text(&output.stderr));
}

/// Whether the emitted documents of a role allow a call, by the evaluator of these tests.
fn is_allowed(
    documents: &[Value],
    api: &str,
    resource: &str,
    keys: &BTreeMap<String, Vec<String>>,
) -> bool {
    let context: Context =
        keys.iter().map(|(key, values)| (key.to_lowercase(), values.clone())).collect();
    allows(documents, &evaluator::Call { action: api, resource, context: &context }).0
}

#[test]
fn each_answer_about_an_action_is_one_that_calls_bear_out() {
    let source = Source::load("../policies").unwrap();
    for role in ["developer", "exec", "log-viewer", "operator"] {
        let compiled = compile(&source, &[role.to_owned()]).unwrap();
        let documents: Vec<Value> = output::documents(&compiled)
            .iter()
            .map(|(_, text)| serde_json::from_str(text).unwrap())
            .collect();
        for environment in ["staging", "prod", "nowhere"] {
            let somebody = Somebody::new(&source, &compiled, role, Some(environment)).unwrap();
            for (name, _) in ACTIONS {
                let answer = action(somebody, name).unwrap();
                for step in &answer.steps {
                    let Some(example) = &step.example else { continue };
                    let allowed =
                        is_allowed(&documents, &example.api, &example.resource, &example.keys);
                    assert_eq!(allowed, step.allowed, "{role} {environment} {name} {example}");
                    let said =
                        call(somebody, &example.api, &example.resource, &example.keys).unwrap();
                    assert_eq!(said.allowed, step.allowed, "{said}");
                }
                // The calls of these tests are written apart from the lowering table.
                for step in steps(source.fleet(), name, Some(environment)) {
                    let mut keys = BTreeMap::new();
                    let mut put = |key: &str, value: &str| {
                        keys.insert(key.to_owned(), vec![value.to_owned()])
                    };
                    put("aws:PrincipalTag/Environment", environment);
                    put("aws:MultiFactorAuthPresent", "true");
                    if step.shows_tag {
                        put("aws:ResourceTag/Environment", environment);
                    }
                    if step.sets_tag {
                        put("aws:RequestTag/Environment", environment);
                        put("aws:TagKeys", "Environment");
                    }
                    for (key, value) in &step.keys {
                        put(key, value);
                    }
                    let said = call(somebody, step.api, &step.resource, &keys).unwrap();
                    let allowed = is_allowed(&documents, step.api, &step.resource, &keys);
                    assert_eq!(said.allowed, allowed, "{said}");
                    assert!(allowed || !answer.allowed, "{answer}\n{said}");
                }
            }
        }
    }
}
