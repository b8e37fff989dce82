//! Emitted documents with one fault each: the verifier must object to every fault that changes what the
//! documents mean.

use std::collections::BTreeMap;
use std::fmt::Write;

use fortem_compile::compile;
use fortem_compile::output;
use fortem_compile::verify::{Difference, Kind, Verifier};
use fortem_core::Source;
use serde_json::{Value, json};

/// A fault put into a document, and the document with it.
struct Mutant {
    fault: String,
    document: Value,
}

/// Every mutant of a document, the kinds of fault one after the other.
fn mutants(document: &Value) -> Vec<Mutant> {
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

/// What the verifier finds in a role whose documents are these.
fn judge(verifier: &mut Verifier, role: &str, document: &Value) -> Option<Kind> {
    let documents = BTreeMap::from([(role, vec![document.to_string()])]);
    verifier.verify(&documents).unwrap().first().map(Difference::kind)
}

/// Survivors mean the same as the original, for the reasons given in the snapshot's review.
#[test]
fn each_fault_that_changes_the_meaning_is_found() {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let mut verifier = Verifier::new(&source).unwrap();
    let mut report = String::new();
    for (path, text) in output::documents(&compiled) {
        let role = path.trim_start_matches("identity/").trim_end_matches(".json");
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut survivors = Vec::new();
        for mutant in mutants(&serde_json::from_str(&text).unwrap()) {
            match judge(&mut verifier, role, &mutant.document) {
                Some(kind) => *counts.entry(kind).or_default() += 1,
                None => survivors.push(mutant.fault),
            }
        }
        writeln!(report, "{role}: {counts:?}, {} survive", survivors.len()).unwrap();
        for survivor in survivors {
            writeln!(report, "  {survivor}").unwrap();
        }
    }
    insta::assert_snapshot!("mutants", report);
}
