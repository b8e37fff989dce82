//! Nothing that `--fix` makes grants what was not granted before, whatever the policy.

use std::cell::Cell;

use fortem_compile::iam::{Decision, Document, NamedDocument, Policies, Request, Values, Why};
use fortem_compile::reference::Reference;
use fortem_lint::audit::Audit;
use fortem_lint::check::Selection;
use fortem_lint::environments::Environments;
use fortem_lint::finding::Persona;
use fortem_lint::input;
use fortem_lint::repair::widening::{self, Verdict};
use fortem_lint::repair::{Outcome, Repairs};
use fortem_lint::unit::Unit;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

const ACTIONS: &[&str] = &[
    "ecs:StopTask",
    "ecs:UpdateService",
    "ecs:TagResource",
    "ecs:CreateService",
    "ecs:ListServices",
    "ecs:*",
    "iam:PassRole",
    "*",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:ecs:*:*:service/staging/*",
    "arn:aws:iam::*:role/${aws:PrincipalTag/Environment}-*",
];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringEqualsIfExists",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringLikeIfExists",
    "StringNotEquals",
    "StringNotLike",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringEquals",
    "Null",
];
const KEYS: &[&str] = &[
    "aws:ResourceTag/Environment",
    "aws:RequestTag/Environment",
    "aws:TagKeys",
    "ecs:ResourceTag/Environment",
    "ecs:CreateAction",
    "iam:PassedToService",
    "aws:PrincipalTag/Environment",
];
const VALUES: &[&str] = &[
    "staging",
    "prod",
    "prod*",
    "s*g",
    "true",
    "false",
    "Environment",
    "RunTask",
    "${aws:PrincipalTag/Environment}",
    "${aws:PrincipalTag/Environment, 'staging'}",
];
/// What calls carry; no policy of these tests writes the last ones.
const CARRIED: &[&str] = &[
    "staging",
    "prod",
    "prod*",
    "prodx",
    "s*g",
    "Environment",
    "RunTask",
    "CreateService",
    "ecs-tasks.amazonaws.com",
    "${aws:PrincipalTag/Environment}",
    "qa",
    "",
];

type Condition = (&'static str, &'static str, Vec<&'static str>);

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let one = (select(OPERATORS), select(KEYS), prop::collection::vec(select(VALUES), 1..3));
    prop::collection::vec(one, 0..3)
}

fn statement() -> impl Strategy<Value = Map<String, Value>> {
    let actions = prop::collection::vec(select(ACTIONS), 1..3);
    let effect = prop::sample::select(&["Allow", "Allow", "Deny"][..]);
    (effect, actions, select(RESOURCES), conditions()).prop_map(
        |(effect, actions, resource, conditions)| {
            let mut condition = Map::new();
            for (operator, key, values) in conditions {
                let keys = condition.entry(operator).or_insert_with(|| json!({}));
                let values =
                    if operator == "Null" { json!(values[0] == "true") } else { json!(values) };
                keys.as_object_mut().unwrap().insert(key.to_owned(), values);
            }
            let mut statement = Map::new();
            statement.insert("Effect".to_owned(), json!(effect));
            statement.insert("Action".to_owned(), json!(actions));
            statement.insert("Resource".to_owned(), json!(resource));
            if !condition.is_empty() {
                statement.insert("Condition".to_owned(), Value::Object(condition));
            }
            statement
        },
    )
}

fn document(statements: &[Map<String, Value>]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// Calls, too many to be shown.
struct Calls(Vec<Request>);

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} calls", self.0.len())
    }
}

/// Calls with any of the values under any of the keys.
fn calls() -> impl Strategy<Value = Calls> {
    let carried = prop::collection::vec(
        prop::option::of((prop::collection::vec(select(CARRIED), 0..3), any::<bool>())),
        KEYS.len(),
    );
    let resources = &[
        "arn:aws:ecs:eu-west-1:111122223333:service/staging/web",
        "arn:aws:ecs:eu-west-1:111122223333:service/prod/web",
        "arn:aws:iam::111122223333:role/staging-task",
        "*",
    ][..];
    let one = (select(&ACTIONS[..5]), select(resources), carried).prop_map(
        |(action, resource, carried)| {
            let mut request = Request::new(action, resource);
            for (key, values) in KEYS.iter().zip(carried) {
                let Some((values, is_one)) = values else { continue };
                let mut values: Vec<String> = values.into_iter().map(str::to_owned).collect();
                // Of these keys only this one is a list (service authorization reference, 2026-09-26).
                let values = match (values.pop(), *key) {
                    (last, "aws:TagKeys") if !is_one => {
                        Values::Many(values.into_iter().chain(last).collect())
                    }
                    (Some(last), _) => Values::One(last),
                    (None, _) => continue,
                };
                request.context_mut().insert(key, values);
            }
            request
        },
    );
    prop::collection::vec(one, 200).prop_map(Calls)
}

/// From denied over not mentioned to allowed: what a correction may only lower.
fn rank(policies: &Policies, call: &Request) -> u8 {
    let answer = policies.decide(call);
    match (answer.decision(), answer.why()) {
        (Decision::Allow, _) => 2,
        (Decision::Deny, Why::ExplicitlyDenied) => 0,
        (Decision::Deny, _) => 1,
    }
}

fn policies(text: &str) -> Policies {
    Policies::of_identity([NamedDocument::new("p", Document::parse(text).unwrap())])
}

fn assert_narrower(before: &str, after: &str, calls: &Calls) -> Result<(), TestCaseError> {
    let (old, new) = (policies(before), policies(after));
    for call in &calls.0 {
        let wider = rank(&new, call) > rank(&old, call);
        prop_assert!(!wider, "{before}\nbecame\n{after}\nwhich grants {call:?}");
    }
    Ok(())
}

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
}

#[test]
fn what_is_fixed_is_within_what_was() {
    let reference = Reference::builtin().unwrap();
    let selection = Selection {
        select: crate::fixes::RULES.iter().map(|id| (*id).to_owned()).collect(),
        persona: Some(Persona::Auditor),
        ..Selection::default()
    };
    let made = Cell::new(0);
    let strategy = (prop::collection::vec(statement(), 1..4), calls());
    runner(150)
        .run(&strategy, |(statements, calls)| {
            let before = document(&statements);
            if Document::parse(&before).is_err() {
                return Ok(());
            }
            let reading = input::of_text("policy.json", before.clone(), true);
            let environments = Environments::inferred(&reading.units);
            let audit = Audit {
                environments: &environments,
                organization: None,
                reference,
                selection: &selection,
                today: date(2026, 10, 1),
                ignores: None,
                baseline: None,
            };
            let judge = |unit: &Unit| {
                audit.run(std::slice::from_ref(unit), Vec::new(), Vec::new()).findings
            };
            let repairs =
                Repairs { judge: &judge, environments: &environments, unsafe_fixes: false };
            let (after, repairs) = repairs.make("policy.json", &before);
            made.set(
                made.get() + repairs.iter().filter(|one| one.outcome == Outcome::Made).count(),
            );
            assert_narrower(&before, &after, &calls)
        })
        .unwrap();
    assert!(made.get() > 30, "only {} corrections were tried", made.get());
}

/// The judge of corrections never calls one harmless that grants more, whatever is changed.
#[test]
fn what_is_judged_narrower_is_narrower() {
    let environments = Environments::inferred(&Vec::<Unit>::new());
    let (within, wider) = (Cell::new(0), Cell::new(0));
    let change = (conditions(), any::<bool>(), select(ACTIONS), select(RESOURCES));
    let strategy = (statement(), statement(), change, calls());
    runner(250)
        .run(&strategy, |(before, other, (_, adds, action, resource), calls)| {
            let mut after = before.clone();
            let mut take = |key: &str, value: Option<Value>| match value {
                Some(value) => drop(after.insert(key.to_owned(), value)),
                None => drop(after.remove(key)),
            };
            if adds {
                take("Condition", other.get("Condition").cloned());
            } else if action.len() % 2 == 0 {
                take("Action", Some(json!([action])));
            } else {
                take("Resource", Some(json!(resource)));
            }
            let (before, after) = (document(&[before]), document(&[after]));
            let (Ok(old), Ok(new)) = (Document::parse(&before), Document::parse(&after)) else {
                return Ok(());
            };
            match widening::judge(&old.statements()[0], &new.statements()[0], &environments) {
                Verdict::Within => {
                    within.set(within.get() + 1);
                    assert_narrower(&before, &after, &calls)
                }
                Verdict::Wider(call) => {
                    wider.set(wider.get() + 1);
                    // The example is one: one reading of it at least grants more.
                    let (old, new) = (&old.statements()[0], &new.statements()[0]);
                    prop_assert_ne!(old.applies(&call), new.applies(&call));
                    Ok(())
                }
                Verdict::Unknown(_) => Ok(()),
            }
        })
        .unwrap();
    assert!(
        within.get() > 20 && wider.get() > 20,
        "{} within, {} wider",
        within.get(),
        wider.get()
    );
}

#[test]
fn what_would_take_too_long_is_not_called_harmless() {
    let keys: Map<String, Value> =
        (0..40).map(|number| (format!("aws:ResourceTag/{number}"), json!("x"))).collect();
    let statement = |operator: &str| {
        document(&[json!({"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*",
            "Condition": {operator: keys}})
        .as_object()
        .unwrap()
        .clone()])
    };
    let (before, after) = (statement("StringEquals"), statement("StringLike"));
    let (before, after) = (Document::parse(&before).unwrap(), Document::parse(&after).unwrap());
    let environments = Environments::inferred(&Vec::<Unit>::new());
    let verdict = widening::judge(&before.statements()[0], &after.statements()[0], &environments);
    assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
}
