//! The cases of `tests/cases`: no attack is allowed, no ordinary call refused.

use std::collections::BTreeMap;
use std::fs;

use fortem_compile::reference::{ArnPattern, Carries, Reference};
use fortem_compile::{compile, iam, output};
use fortem_core::Source;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::evaluator::{Call, Context, allows};

/// One line of a case file; the fields are those of `tests/cases/README.md`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(default)]
    identity_policies: Vec<Named>,
    principal: Principal,
    action: String,
    resource: Option<Resource>,
    resources: Option<Vec<Resource>>,
    #[serde(default)]
    request_tags: BTreeMap<String, String>,
    #[serde(default)]
    context: BTreeMap<String, Value>,
    #[serde(default)]
    also: Vec<Also>,
    expect: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    action: String,
    resource: Resource,
    #[serde(default)]
    request_tags: BTreeMap<String, String>,
    #[serde(default)]
    context: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[expect(dead_code, reason = "the format has it; the evaluator names statements alone")]
    name: String,
    document: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Principal {
    arn: String,
    account: String,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// What the documents say of one authorization of a case.
struct Authorization<'a> {
    action: &'a str,
    resource: &'a Resource,
    request_tags: &'a BTreeMap<String, String>,
    context: &'a BTreeMap<String, Value>,
}

impl Case {
    fn authorizations(&self) -> Vec<Authorization<'_>> {
        let resources = self.resource.iter().chain(self.resources.iter().flatten());
        let own = resources.map(|resource| Authorization {
            action: &self.action,
            resource,
            request_tags: &self.request_tags,
            context: &self.context,
        });
        let also = self.also.iter().map(|also| Authorization {
            action: &also.action,
            resource: &also.resource,
            request_tags: &also.request_tags,
            context: &also.context,
        });
        own.chain(also).collect()
    }

    /// Allowed only if every authorization is; with the statements that decided each.
    fn decide(&self, emitted: &[Value]) -> (bool, Vec<String>) {
        let own = self.identity_policies.iter().map(|policy| policy.document.clone());
        let documents: Vec<Value> = emitted.iter().cloned().chain(own).collect();
        let mut decided = Vec::new();
        let mut allowed = true;
        for one in self.authorizations() {
            let context = context(&self.principal, &one);
            let call = Call { action: one.action, resource: &one.resource.arn, context: &context };
            let (allows, statements) = allows(&documents, &call);
            allowed &= allows;
            decided.push(format!("{} {allows} {statements:?}", one.action));
        }
        (allowed, decided)
    }
}

/// The condition keys of a call: tag keys only where the reference says that the action carries them,
/// and never those of a role that is passed.
fn context(principal: &Principal, one: &Authorization) -> Context {
    let reference = Reference::builtin().unwrap();
    let action = reference.action(one.action).unwrap_or_else(|| panic!("{}?", one.action));
    let types = action.resource_types().iter();
    let arn = ArnPattern::new(&one.resource.arn);
    let reached: Vec<_> = types.filter(|kind| kind.arn().overlaps(&arn)).collect();
    let carries = |key: &str| {
        let on = |kind: Option<&str>| reference.carries(action.name(), kind, key) != Carries::No;
        if reached.is_empty() { on(None) } else { reached.iter().any(|kind| on(Some(kind.name()))) }
    };
    let mut context = Context::new();
    let mut put = |key: String, values: Vec<String>| context.insert(key.to_lowercase(), values);
    put("aws:PrincipalArn".into(), vec![principal.arn.clone()]);
    put("aws:PrincipalAccount".into(), vec![principal.account.clone()]);
    for (key, value) in &principal.tags {
        put(format!("aws:PrincipalTag/{key}"), vec![value.clone()]);
    }
    for (key, value) in one.resource.tags.iter().filter(|_| one.action != "iam:PassRole") {
        for key in [format!("aws:ResourceTag/{key}"), format!("ecs:ResourceTag/{key}")] {
            if carries(&key) {
                put(key, vec![value.clone()]);
            }
        }
    }
    for (key, value) in &one.request_tags.iter().collect::<Vec<_>>() {
        if carries(&format!("aws:RequestTag/{key}")) {
            put(format!("aws:RequestTag/{key}"), vec![(*value).clone()]);
        }
    }
    if !one.request_tags.is_empty() && carries("aws:TagKeys") {
        put("aws:TagKeys".into(), one.request_tags.keys().cloned().collect());
    }
    for (key, value) in one.context {
        put(key.clone(), texts(value));
    }
    context
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("tests/cases/{file}.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn cases(file: &str) -> Vec<Case> {
    let case = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    lines(file).iter().map(|line| case(line)).collect()
}

fn emitted(role: &str) -> Vec<Value> {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[role.to_owned()]).unwrap();
    let documents = output::documents(&compiled);
    documents.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect()
}

/// Every case of a file whose answer is not the expected one.
fn wrong(cases: &[Case], documents: &[Value]) -> Vec<String> {
    let answers = cases.iter().map(|case| {
        let (allowed, decided) = case.decide(documents);
        let answer = if allowed { "allow" } else { "deny" };
        (answer == case.expect, format!("{}: {answer}, {decided:?}", case.id))
    });
    answers.filter(|(right, _)| !right).map(|(_, text)| text).collect()
}

#[track_caller]
fn check(role: &str, file: &str, at_least: usize) {
    let cases = cases(file);
    assert!(cases.len() >= at_least, "cases are missing from {file}");
    let wrong = wrong(&cases, &emitted(role));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_ordinary_call_of_a_developer_is_refused() {
    check("developer", "ordinary", 45);
}

#[test]
fn no_attack_of_a_developer_is_allowed() {
    check("developer", "attacks", 200);
}

#[test]
fn guards_hold_against_what_another_policy_allows() {
    check("developer", "wider", 35);
}

#[test]
fn the_other_roles_do_what_they_are_for_and_no_more() {
    check("exec", "exec", 11);
    check("log-viewer", "log-viewer", 8);
    check("operator", "operator", 5);
}

/// The same lines through the library's evaluator, which knows all of IAM's language.
#[test]
fn the_evaluator_of_the_library_judges_the_same() {
    let reference = Reference::builtin().unwrap();
    let files = ["ordinary", "attacks", "wider", "exec", "log-viewer", "operator"];
    for file in files {
        let role =
            if ["ordinary", "attacks", "wider"].contains(&file) { "developer" } else { file };
        let emitted = emitted(role).into_iter().enumerate();
        let emitted: Vec<Value> = emitted
            .map(|(index, document)| json!({"name": format!("{role}-{index}"), "document": document}))
            .collect();
        for line in lines(file) {
            let mut case: Value = serde_json::from_str(&line).unwrap();
            let expected = case["expect"].clone();
            let own = case["identity_policies"].as_array().cloned().unwrap_or_default();
            case["identity_policies"] = emitted.iter().cloned().chain(own).collect();
            let case: iam::Case = serde_json::from_value(case).unwrap();
            let answer = case.decide(reference).unwrap();
            let decision = match answer.decision() {
                iam::Decision::Allow => "allow",
                iam::Decision::Deny => "deny",
            };
            assert_eq!(decision, expected, "{}: {:?}", case.id(), answer.matched());
        }
    }
}

#[test]
fn the_names_of_cases_are_unique() {
    let files = ["ordinary", "attacks", "wider", "exec", "log-viewer", "operator"];
    let mut ids: Vec<String> = files.iter().flat_map(|f| cases(f)).map(|case| case.id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

/// The cases can tell: without its Denies, or with a condition less, a document fails them.
#[test]
fn a_document_with_a_part_missing_fails_the_cases() {
    let whole = emitted("developer");
    let cases: Vec<Case> = ["ordinary", "attacks", "wider"].into_iter().flat_map(cases).collect();
    let mut unnoticed = Vec::new();
    let statements = whole[0]["Statement"].as_array().unwrap();
    for (index, statement) in statements.iter().enumerate() {
        let operators = statement["Condition"].as_object().into_iter().flatten();
        let parts = operators.flat_map(|(operator, keys)| {
            keys.as_object().unwrap().keys().map(move |key| (operator.clone(), key.clone()))
        });
        for part in std::iter::once(None).chain(parts.map(Some)) {
            let mut changed = whole.clone();
            let name = format!("{} without {part:?}", statement["Sid"]);
            match part {
                None => drop(changed[0]["Statement"].as_array_mut().unwrap().remove(index)),
                Some((operator, key)) => {
                    let keys = &mut changed[0]["Statement"][index]["Condition"][&operator];
                    keys.as_object_mut().unwrap().remove(&key);
                }
            }
            if cases.iter().all(|case| wrong(std::slice::from_ref(case), &changed).is_empty()) {
                unnoticed.push(name);
            }
        }
    }
    assert_eq!(unnoticed, Vec::<String>::new());
}
