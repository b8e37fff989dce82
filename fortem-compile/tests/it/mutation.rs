//! Emitted documents with one fault each: the verifier must object to every fault that changes what the
//! documents mean.

use std::collections::BTreeMap;
use std::fmt::Write;

use fortem_compile::output;
use fortem_compile::verify::{Difference, Kind, Verifier};
use fortem_compile::{Identity, compile};
use fortem_core::Source;
use serde_json::{Value, json};

/// A fault put into a document, and the document with it.
pub(crate) struct Mutant {
    pub(crate) fault: String,
    pub(crate) document: Value,
}

/// Every mutant of a document, the kinds of fault one after the other.
pub(crate) fn mutants(document: &Value) -> Vec<Mutant> {
    let statements = document["Statement"].as_array().unwrap();
    let mut mutants = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let sid = statement["Sid"].as_str().unwrap();
        let mut add = |fault: String, changed: Option<Value>| {
            if changed.as_ref() == Some(statement) {
                return;
            }
            let mut document = document.clone();
            let list = document["Statement"].as_array_mut().unwrap();
            match changed {
                Some(changed) => list[index] = changed,
                None => drop(list.remove(index)),
            }
            mutants.push(Mutant { fault: format!("{sid}: {fault}"), document });
        };
        add("statement deleted".to_owned(), None);
        for element in ["Action", "NotAction", "Resource"] {
            for (value, rest) in without_each(&statement[element]) {
                add(format!("{element} {value} deleted"), Some(with(statement, element, rest)));
            }
        }
        add("Resource widened".to_owned(), Some(with(statement, "Resource", json!("*"))));
        for (fault, actions) in widened(&statement["Action"]) {
            add(fault, Some(with(statement, "Action", actions)));
        }
        for (fault, conditions) in changed_conditions(&statement["Condition"]) {
            add(fault, Some(with(statement, "Condition", conditions)));
        }
    }
    mutants
}

fn with(statement: &Value, element: &str, value: Value) -> Value {
    let mut changed = statement.clone();
    changed[element] = value;
    changed
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        single => vec![single.clone()],
    }
}

/// Each value of a list of two and more, and the list without it.
fn without_each(value: &Value) -> Vec<(Value, Value)> {
    let all = list(value);
    let without = |index: usize| {
        let mut rest = all.clone();
        let value = rest.remove(index);
        (value, Value::Array(rest))
    };
    if all.len() < 2 { Vec::new() } else { (0..all.len()).map(without).collect() }
}

/// Actions widened to everything, and each to its whole service.
fn widened(actions: &Value) -> Vec<(String, Value)> {
    let mut all = vec![("actions widened to *".to_owned(), json!("*"))];
    let list = list(actions);
    for (index, action) in list.iter().enumerate() {
        let service = action.as_str().unwrap().split(':').next().unwrap();
        if service == "*" {
            continue;
        }
        let mut wider = list.clone();
        wider[index] = json!(format!("{service}:*"));
        if wider != list {
            all.push((format!("action {action} widened"), Value::Array(wider)));
        }
    }
    // A statement with `NotAction` has no actions to widen.
    if list.is_empty() { Vec::new() } else { all }
}

/// Each condition and each value deleted, each equality replaced by `StringLike *`.
fn changed_conditions(conditions: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (operator, keys) in conditions.as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().unwrap() {
            let mut without = conditions.clone();
            without[operator].as_object_mut().unwrap().remove(key);
            all.push((format!("{operator} {key} deleted"), without.clone()));
            for (value, rest) in without_each(values) {
                let mut changed = conditions.clone();
                changed[operator][key] = rest;
                all.push((format!("{operator} {key} {value} deleted"), changed));
            }
            if operator == "StringEquals" {
                without["StringLike"][key] = json!("*");
                all.push((format!("{operator} {key} replaced by StringLike *"), without));
            }
        }
    }
    all
}

/// What the verifier finds in a role whose only document is this.
pub(crate) fn judge(verifier: &mut Verifier, role: &str, document: &Value) -> Option<Difference> {
    let documents = BTreeMap::from([(Identity::of(role), vec![document.to_string()])]);
    verifier.verify(&documents).unwrap().pop()
}

/// Faults that may go unnoticed, and why they change nothing: beginnings of what a mutant is called.
const HARMLESS: [(&str, &str); 8] = [
    ("PassRole: action", "no other call has the key iam:PassedToService, which is asked for"),
    ("TagResource: action", "no other call has the key ecs:CreateAction, which is asked for"),
    (
        "ExecuteCommand: action",
        "no other call on a cluster has the key ecs:cluster, which is asked for",
    ),
    ("NeverProdCluster: action", "only calls of ECS have the key ecs:cluster"),
    ("NeverProdPrincipal: action", "whoever is of a forbidden environment may be denied anything"),
    ("OwnTag: Resource", "the actions have no other resources with tags"),
    ("StopTask: Resource", "the action has no other resources"),
    ("UpdateService: Resource", "the action has no other resources"),
];

/// Every fault is found, or known to change nothing.
fn survivors_of(role: &str) {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[role.to_owned()]).unwrap();
    let mut verifier = Verifier::new(&source, compiled.world());
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut report = String::new();
    let documents = output::documents(&compiled);
    let [(_, text)] = documents.as_slice() else { panic!("one document") };
    let mutants = mutants(&serde_json::from_str(text).unwrap());
    for Mutant { fault, document } in &mutants {
        if let Some(found) = judge(&mut verifier, role, document) {
            *counts.entry(found.kind()).or_default() += 1;
            continue;
        }
        let reason = HARMLESS.iter().find(|(beginning, _)| fault.starts_with(beginning));
        let (_, reason) = reason.unwrap_or_else(|| panic!("{fault} was not found"));
        writeln!(report, "{fault}: {reason}").unwrap();
    }
    insta::assert_snapshot!(role, format!("{} faults, found: {counts:?}\n{report}", mutants.len()));
}

#[test]
fn each_fault_in_the_developer_role_is_found() {
    survivors_of("developer");
}

#[test]
fn each_fault_in_the_exec_role_is_found() {
    survivors_of("exec");
}

#[test]
fn each_fault_in_the_log_viewer_role_is_found() {
    survivors_of("log-viewer");
}

#[test]
fn each_fault_in_the_operator_role_is_found() {
    survivors_of("operator");
}
