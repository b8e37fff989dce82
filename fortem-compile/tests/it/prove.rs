//! The deep proof: the shipped policies are proved, and documents that mean something else are not.
//!
//! Without a solver, named by `CVC5`, the tests say so and pass.

#![expect(clippy::print_stderr, reason = "a test that was skipped says so")]

use std::path::PathBuf;

use fortem_compile::prove::{NotProvable, Outcome, Prover};
use fortem_compile::{compile, output};
use fortem_core::Source;
use serde_json::{Value, json};

fn solver() -> Option<PathBuf> {
    let solver = std::env::var_os("CVC5").filter(|path| !path.is_empty());
    if solver.is_none() {
        eprintln!("CVC5 names no solver: the deep proof was skipped");
    }
    solver.map(PathBuf::from)
}

/// Every action of a role, in its documents as they are.
fn prove_all(role: &str) {
    let Some(solver) = solver() else { return };
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[role.to_owned()]).unwrap();
    let documents = output::documents(&compiled);
    let mut prover = Prover::new(&source, compiled.world(), &solver).unwrap();
    for action in source.vocabulary().actions() {
        let proof = prover.prove(role, action.name(), &documents).unwrap();
        assert!(matches!(proof.outcome(), Outcome::Proved | Outcome::NoCall), "{proof}");
    }
}

#[test]
fn the_developer_role_is_proved() {
    prove_all("developer");
}

#[test]
fn the_exec_role_is_proved() {
    prove_all("exec");
}

#[test]
fn the_log_viewer_role_is_proved() {
    prove_all("log-viewer");
}

#[test]
fn the_operator_role_is_proved() {
    prove_all("operator");
}

/// What comes of one action when the only document of a role is changed.
fn changed(role: &str, action: &str, change: impl Fn(&mut Value)) -> Option<Outcome> {
    let solver = solver()?;
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[role.to_owned()]).unwrap();
    let mut documents = output::documents(&compiled);
    let [(_, text)] = documents.as_mut_slice() else { panic!("one document") };
    let mut document: Value = serde_json::from_str(text).unwrap();
    let before = document.clone();
    change(&mut document);
    assert_ne!(document, before, "nothing was changed");
    *text = document.to_string();
    let mut prover = Prover::new(&source, compiled.world(), &solver).unwrap();
    Some(prover.prove(role, action, &documents).unwrap().outcome().clone())
}

fn statement<'a>(document: &'a mut Value, sid: &str) -> &'a mut Value {
    let mut statements = document["Statement"].as_array_mut().unwrap().iter_mut();
    statements.find(|statement| statement["Sid"] == sid).unwrap()
}

fn without_statement(document: &mut Value, sid: &str) {
    document["Statement"].as_array_mut().unwrap().retain(|statement| statement["Sid"] != sid);
}

fn without_condition(document: &mut Value, sid: &str, operator: &str, key: &str) {
    let condition = &mut statement(document, sid)["Condition"][operator];
    condition.as_object_mut().unwrap().shift_remove(key).unwrap();
}

/// The prover confirms each counterexample on Cedar's authorizer, or fails.
fn iam_allows_too_much(role: &str, action: &str, change: impl Fn(&mut Value)) {
    match changed(role, action, change) {
        Some(Outcome::Counterexample(found)) => {
            assert!(found.iam().allows() && !found.cedar().allows(), "{found}");
            assert!(!found.iam().because().is_empty(), "{found}");
        }
        Some(other) => panic!("{other:?}"),
        None => {}
    }
}

const RESOURCE_TAG: &str = "aws:ResourceTag/Environment";

#[test]
fn a_condition_dropped_from_an_allow_is_found() {
    for (role, action, sid, operator, key) in [
        ("developer", "pauseSchedule", "OwnTag", "StringEquals", RESOURCE_TAG),
        ("developer", "restartService", "UpdateService", "StringEquals", RESOURCE_TAG),
        ("developer", "restartService", "UpdateService", "ArnLike", "ecs:cluster"),
        ("developer", "restartService", "UpdateService", "ArnLikeIfExists", "ecs:task-definition"),
        ("developer", "runTask", "PassRole", "StringEquals", "iam:PassedToService"),
        ("developer", "runTask", "RunTask", "ForAllValues:StringEquals", "aws:TagKeys"),
        ("developer", "viewStatus", "OwnCluster", "ArnLike", "ecs:cluster"),
        ("exec", "execCommand", "ExecuteCommand", "Bool", "aws:MultiFactorAuthPresent"),
    ] {
        iam_allows_too_much(role, action, |document| {
            without_condition(document, sid, operator, key);
        });
    }
}

#[test]
fn a_deny_dropped_is_found() {
    for (action, sid) in [("viewLogs", "NeverProdPrincipal"), ("restartService", "NoExec")] {
        iam_allows_too_much("developer", action, |document| without_statement(document, sid));
    }
}

#[test]
fn a_pattern_in_place_of_a_value_is_found() {
    iam_allows_too_much("developer", "pauseSchedule", |document| {
        let own = statement(document, "OwnTag");
        own["Condition"] = json!({ "StringLike": { RESOURCE_TAG: "*" } });
    });
}

#[test]
fn a_wider_resource_is_found() {
    iam_allows_too_much("developer", "runTask", |document| {
        statement(document, "PassRole")["Resource"] = json!("arn:aws:iam::*:role/ecs/*");
    });
}

#[test]
fn an_allow_dropped_is_found() {
    let outcome = changed("operator", "stopTask", |document| {
        let statements = document["Statement"].as_array_mut().unwrap();
        statements.retain(|one| !one["Action"].to_string().contains("ecs:StopTask"));
    });
    match outcome {
        Some(Outcome::Counterexample(found)) => {
            assert!(!found.iam().allows() && found.cedar().allows(), "{found}");
            assert_eq!(found.cedar().because(), ["operator"]);
        }
        Some(other) => panic!("{other:?}"),
        None => {}
    }
}

#[test]
fn what_cedar_cannot_say_is_refused_with_the_statement() {
    for (resource, said) in [
        ("arn:aws:events:*:*:rule/stag?ng-*", "the wildcard `?`"),
        ("arn:aws:events:*:*:rule/${aws:username}-*", "the policy variable `${aws:username}`"),
    ] {
        let outcome = changed("developer", "pauseSchedule", |document| {
            statement(document, "OwnTag")["Resource"] = json!(resource);
        });
        let Some(outcome) = outcome else { return };
        let Outcome::NotProvable(NotProvable::Statement { statement, construct }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            (statement.as_str(), construct.as_str()),
            ("identity/developer.json#OwnTag", said)
        );
    }
}
