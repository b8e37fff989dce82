//! The shipped documents against themselves with one fault each.

use std::collections::BTreeSet;

use fortem_compile::diff::Verdict;
use fortem_compile::reference::{Action, ArnPattern, Carries, Reference, ResourceType};
use fortem_compile::{compile, output};
use fortem_core::Source;
use serde_json::{Value, json};

use super::{Call, compared, direction, examples_hold, says};
use crate::evaluator::Context;
use crate::mutation::{Mutant, mutants};

fn document_of(role: &str) -> Value {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[role.to_owned()]).unwrap();
    let documents = output::documents(&compiled);
    let [(_, text)] = documents.as_slice() else { panic!("one document") };
    serde_json::from_str(text).unwrap()
}

/// Numbers that look as if made at random, the same each time (Marsaglia, "Xorshift RNGs").
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap()
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.next() % from.len()]
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.next().is_multiple_of(number)
    }
}

const TAGS: [&str; 8] =
    ["dev", "staging", "qa", "prod", "production", "PROD", "nowhere", "staging-2"];

/// How many calls each fault is tried on.
const CALLS: usize = 3_000;

const NAMES: [&str; 6] = ["web", "fleet-staging", "staging-web", "redis-dev", "prod", "1"];

/// Calls on which a document may well have an opinion: its actions, resources and keys.
struct Calls {
    actions: Vec<&'static Action>,
    resources: Vec<String>,
    /// Keys, with the values that the document compares them with.
    keys: Vec<(String, Vec<String>)>,
    random: Random,
}

impl Calls {
    fn on(document: &Value) -> Self {
        let reference = Reference::builtin().unwrap();
        let statements = document["Statement"].as_array().unwrap();
        let texts = |value: &Value| -> Vec<String> {
            let one = value.as_str().map(str::to_owned);
            let many = value.as_array().into_iter().flatten();
            one.into_iter().chain(many.map(|text| text.as_str().unwrap().to_owned())).collect()
        };
        let patterns = statements.iter().flat_map(|one| texts(&one["Action"]));
        let patterns: BTreeSet<String> = patterns.filter(|pattern| pattern != "*").collect();
        let mut actions: Vec<_> = patterns
            .iter()
            .filter(|one| !one.contains('*'))
            .flat_map(|one| reference.matching(one))
            .collect();
        // Allowed actions thrice as often as what guards speak of.
        actions.extend(actions.clone());
        actions.extend(patterns.iter().flat_map(|pattern| reference.matching(pattern)));
        let resources = statements.iter().flat_map(|one| texts(&one["Resource"])).collect();
        let mut keys: Vec<(String, Vec<String>)> = Vec::new();
        for conditions in statements.iter().filter_map(|one| one["Condition"].as_object()) {
            for (key, values) in conditions.values().flat_map(|keys| keys.as_object().unwrap()) {
                match keys.iter_mut().find(|(known, _)| known == key) {
                    Some((_, known)) => known.extend(texts(values)),
                    None => keys.push((key.clone(), texts(values))),
                }
            }
        }
        Self { actions, resources, keys, random: Random(0x2545_f491_4f6c_dd1d) }
    }

    /// A pattern with its variables and wildcards replaced.
    fn filled(&mut self, pattern: &str, own: &str) -> String {
        let tag = if self.random.one_in(6) { *self.random.pick(&TAGS) } else { own };
        let text = pattern.replace("${aws:PrincipalTag/Environment}", tag);
        let mut filled = String::new();
        for letter in text.chars() {
            match letter {
                '*' => filled.push_str(NAMES[self.random.next() % NAMES.len()]),
                '?' => filled.push('x'),
                other => filled.push(other),
            }
        }
        filled
    }

    fn next(&mut self) -> Call {
        loop {
            let number = self.random.next() % self.actions.len();
            let action = self.actions[number];
            let own = if self.random.one_in(3) {
                *self.random.pick(&TAGS)
            } else {
                *self.random.pick(&TAGS[..3])
            };
            let kinds: Vec<Option<&ResourceType>> = match action.resource_types() {
                [] => vec![None],
                types => types.iter().map(Some).collect(),
            };
            let kind = *self.random.pick(&kinds);
            let Some(resource) = self.resource(kind, own) else { continue };
            let context = self.context(action, kind, own);
            return Call { api: action.name().to_owned(), resource, context };
        }
    }

    /// A resource of the type, within a pattern of the document as a rule.
    fn resource(&mut self, kind: Option<&ResourceType>, own: &str) -> Option<String> {
        let Some(kind) = kind else { return Some("*".to_owned()) };
        let parts = kind.arn().parts()?.join(":");
        let meets = |one: &&String| ArnPattern::new(one).overlaps(kind.arn()) && *one != "*";
        let near: Vec<String> = self.resources.iter().filter(meets).cloned().collect();
        let pattern = if near.is_empty() || self.random.one_in(4) {
            parts
        } else {
            self.random.pick(&near).clone()
        };
        let filled = self.filled(&pattern, own);
        let mut parts: Vec<&str> = filled.splitn(6, ':').collect();
        parts[1] = "aws";
        let filled = parts.join(":");
        kind.arn().matches(&filled).then_some(filled)
    }

    fn context(&mut self, action: &Action, kind: Option<&ResourceType>, own: &str) -> Context {
        let reference = Reference::builtin().unwrap();
        let mut context = Context::new();
        for (key, values) in self.keys.clone() {
            let carries = reference.carries(action.name(), kind.map(ResourceType::name), &key);
            // What a guard denies would hide the rest.
            let seldom = key == "ecs:enable-execute-command" && !self.random.one_in(4);
            if carries == Carries::No || seldom || self.random.one_in(10) {
                continue;
            }
            let own_values: Vec<String> =
                values.iter().filter(|value| value.contains("${")).cloned().collect();
            let value = if self.random.one_in(8) {
                (*self.random.pick(&TAGS)).to_owned()
            } else if key.contains("Tag/") && (key.contains("Principal") || !self.random.one_in(5))
            {
                own.to_owned()
            } else if own_values.is_empty() || self.random.one_in(5) {
                let value = self.random.pick(&values).clone();
                self.filled(&value, own)
            } else {
                let value = self.random.pick(&own_values).clone();
                self.filled(&value, own)
            };
            context.insert(key.to_lowercase(), vec![value]);
        }
        context
    }
}

/// Each fault, of `every` so many, that some call shows is told in the direction in which the call differs, and whatever is told is
/// so.
fn faults_are_told(role: &str, every: usize, least_shown: usize) {
    let document = document_of(role);
    let mut calls = Calls::on(&document);
    let calls = (0..CALLS).map(|_| calls.next());
    let calls: Vec<_> = calls.map(|call| (call.outcome(&document), call)).collect();
    let mut shown = 0;
    for Mutant { fault, document: mutant } in mutants(&document).into_iter().step_by(every) {
        let found = compared(&document, &mutant);
        examples_hold(&found, &document, &mutant);
        let mut is_shown = false;
        for (before, call) in &calls {
            let Some(direction) = direction(*before, call.outcome(&mutant)) else { continue };
            is_shown = true;
            assert!(says(&found, &call.api, direction), "{fault}: {direction:?} {call:?}");
        }
        shown += usize::from(is_shown);
        let back = compared(&mutant, &document).verdict;
        let expected = match found.verdict {
            Verdict::Narrowed => Verdict::Widened,
            Verdict::Widened => Verdict::Narrowed,
            same => same,
        };
        assert_eq!(back, expected, "{fault}");
    }
    assert!(shown >= least_shown, "{shown} faults show in some call");
}

#[test]
fn faults_in_the_developer_role_are_told() {
    faults_are_told("developer", 7, 10);
}

#[test]
fn faults_in_the_exec_role_are_told() {
    faults_are_told("exec", 3, 10);
}

#[test]
fn faults_in_the_operator_role_are_told() {
    faults_are_told("operator", 7, 10);
}

/// The verdict on each fault of a small role, for people to read.
#[test]
fn the_verdict_on_each_fault_in_the_exec_role() {
    let document = document_of("exec");
    let lines = mutants(&document).into_iter().map(|Mutant { fault, document: mutant }| {
        format!("{}: {fault}\n", compared(&document, &mutant).verdict.as_str())
    });
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn a_document_is_equal_to_itself() {
    for role in ["developer", "exec", "log-viewer", "operator"] {
        let document = document_of(role);
        assert_eq!(compared(&document, &document).verdict, Verdict::Equal);
    }
}

/// The same document with a statement for each action, resource and value of one condition, all in reverse order.
fn divided(document: &Value) -> Value {
    let list = |value: &Value| match value {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let mut statements = Vec::new();
    for statement in document["Statement"].as_array().unwrap() {
        let mut pieces = vec![statement.clone()];
        for element in ["Action", "Resource"] {
            let divide = |piece: &Value| match list(&piece[element]) {
                none if none.is_empty() => vec![piece.clone()],
                all => {
                    let of = |value: Value| {
                        let mut piece = piece.clone();
                        piece[element] = json!([value]);
                        piece
                    };
                    all.into_iter().map(of).collect()
                }
            };
            pieces = pieces.iter().flat_map(divide).collect();
        }
        statements.extend(pieces);
    }
    statements.reverse();
    for (number, statement) in statements.iter_mut().enumerate() {
        statement["Sid"] = json!(format!("S{number}"));
        let Some(conditions) = statement.get_mut("Condition") else { continue };
        for keys in conditions.as_object_mut().unwrap().values_mut() {
            for values in keys.as_object_mut().unwrap().values_mut() {
                let mut all = list(values);
                all.reverse();
                *values = Value::Array(all);
            }
        }
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[test]
fn order_and_division_make_no_difference() {
    for role in ["developer", "exec", "log-viewer", "operator"] {
        let document = document_of(role);
        let found = compared(&document, &divided(&document));
        assert_eq!(found.verdict, Verdict::Equal, "{found}");
    }
}
