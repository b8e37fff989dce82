//! A call that a statement allows, for each API action and resource that it names.

use fortem_compile::emit::Document as Emitted;
use fortem_compile::iam::{Document, Effect, Request, Values};

/// The environment of the person who calls.
pub(super) const ENVIRONMENT: &str = "staging";

/// Calls of somebody in staging, each allowed by a statement of the documents.
pub(super) fn calls(documents: &[Emitted]) -> Vec<Request> {
    let mut calls = Vec::new();
    for document in documents {
        let document = Document::parse(&document.to_json()).unwrap();
        for statement in document.statements().iter().filter(|one| one.effect() == Effect::Allow) {
            for action in statement.actions() {
                for resource in statement.resources() {
                    let mut request = Request::new(action, &filled(resource));
                    fill(&mut request, statement);
                    calls.push(request);
                }
            }
        }
    }
    calls
}

fn fill(request: &mut Request, statement: &fortem_compile::iam::Statement) {
    let context = request.context_mut();
    context.insert("aws:PrincipalTag/Environment", ENVIRONMENT);
    context.insert("aws:PrincipalArn", "arn:aws:iam::111122223333:role/developer");
    context.insert("aws:ResourceTag/Environment", ENVIRONMENT);
    context.insert("aws:RequestTag/Environment", ENVIRONMENT);
    for condition in statement.conditions() {
        let value = filled(condition.values().first().unwrap());
        let values = if condition.key() == "aws:TagKeys" {
            Values::Many(vec![value])
        } else {
            Values::One(value)
        };
        context.insert(condition.key(), values);
    }
}

/// The text with staging for variables, and something for wildcards.
fn filled(text: &str) -> String {
    if text == "*" {
        return text.to_owned();
    }
    text.replace("${aws:PrincipalTag/Environment}", ENVIRONMENT).replace('*', "1")
}
