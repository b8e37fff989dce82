//! A boundary is the role's ceiling: with it the role's policy allows what it allows without it, and nothing
//! else that is attached allows more than the role's API actions, past the guards.

use std::collections::BTreeSet;
use std::fs;

use fortem_compile::emit;
use fortem_compile::iam::{
    Case, Decision, Document, DocumentKind, NamedDocument, Policies, Request,
};
use fortem_compile::reference::Reference;
use fortem_compile::target::{Target, targets};
use fortem_compile::{Compiled, Identity, compile};
use fortem_core::Source;
use proptest::prelude::*;

use super::{parse, read, sample, source, text, witness};

/// A policy that allows everything.
const ADMINISTRATOR: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;

fn roles(compiled: &Compiled) -> Vec<(String, Vec<emit::Document>)> {
    let all = compiled.documents.iter();
    all.map(|(identity, documents)| (identity.role.to_owned(), documents.clone())).collect()
}

fn identity(documents: &[emit::Document]) -> Policies {
    let named = documents.iter().enumerate().map(|(at, document)| {
        NamedDocument::new(at.to_string(), Document::parse(&document.to_json()).unwrap())
    });
    Policies::of_identity(named)
}

fn administrator() -> Policies {
    Policies::of_identity([NamedDocument::new("all", Document::parse(ADMINISTRATOR).unwrap())])
}

fn granted(documents: &[emit::Document]) -> BTreeSet<String> {
    witness::calls(documents).iter().map(|call| call.action().to_owned()).collect()
}

#[test]
fn what_a_role_is_granted_is_granted_under_its_boundary_and_needs_each_action_of_it() {
    for mode in ["abac", "literal"] {
        granted_under_its_boundary(&source(|fleet| format!("mode = \"{mode}\"\n{fleet}"), &[]));
    }
}

fn granted_under_its_boundary(source: &Source) {
    let compiled = compile(source, &[]).unwrap();
    let written = targets(source, &compiled, &[Target::Boundary]).unwrap();
    assert_eq!(written.artifacts.len(), 4);
    for (role, documents) in roles(&compiled) {
        let file = format!("boundary/{role}.json");
        let boundary = read(&written, &file, DocumentKind::Boundary);
        let bounded = identity(&documents).with_boundary(vec![boundary]);
        let calls = witness::calls(&documents);
        assert!(!calls.is_empty());
        for call in calls {
            assert_eq!(identity(&documents).decide(&call).decision(), Decision::Allow, "{call:?}");
            assert_eq!(bounded.decide(&call).decision(), Decision::Allow, "{role}: {call:?}");
            let without = without_action(text(&written, &file), call.action());
            let narrower = identity(&documents).with_boundary(vec![without]);
            assert_eq!(narrower.decide(&call).decision(), Decision::Deny, "{role}: {call:?}");
        }
    }
}

fn without_action(text: &str, action: &str) -> Document {
    let mut json: serde_json::Value = serde_json::from_str(text).unwrap();
    let ceiling = &mut json["Statement"][0];
    assert_eq!(ceiling["Sid"], "Ceiling");
    let others = |one: &serde_json::Value| !one.as_str().unwrap().eq_ignore_ascii_case(action);
    match &mut ceiling["Action"] {
        serde_json::Value::Array(actions) => actions.retain(others),
        one => *one = "none:None".into(),
    }
    parse(&json.to_string(), DocumentKind::Boundary)
}

#[test]
fn the_cases_come_out_the_same_under_the_boundary() {
    let source = sample("");
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Boundary]).unwrap();
    let reference = Reference::builtin().unwrap();
    let files = ["ordinary", "attacks", "exec", "log-viewer", "operator"];
    for file in files {
        let role = if ["ordinary", "attacks"].contains(&file) { "developer" } else { file };
        let boundary = read(&written, &format!("boundary/{role}.json"), DocumentKind::Boundary);
        let boundary = std::sync::Arc::new(boundary);
        let own = compiled.documents[&Identity::of(role)].iter().map(|document| {
            let document = Document::parse(&document.to_json()).unwrap();
            (role.to_owned(), std::sync::Arc::new(document))
        });
        let own: Vec<_> = own.collect();
        let lines = fs::read_to_string(format!("tests/cases/{file}.jsonl")).unwrap();
        for line in lines.lines() {
            let case: Case = serde_json::from_str(line).unwrap();
            let case = case.with_identity_policies(&own);
            let without = case.decide(reference).unwrap().decision();
            let bounded = case.clone().with_boundary(boundary.clone()).decide(reference).unwrap();
            assert_eq!(bounded.decision(), without, "{role}: {}", case.id());
        }
    }
}

/// Whatever else is attached: no API action beyond the role's, and the guards hold.
#[test]
fn an_administrator_under_a_boundary_has_no_more_than_the_roles_actions_and_no_production() {
    let source = sample("");
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Boundary]).unwrap();
    let reference = Reference::builtin().unwrap();
    for (role, documents) in roles(&compiled) {
        let boundary = read(&written, &format!("boundary/{role}.json"), DocumentKind::Boundary);
        let bounded = administrator().with_boundary(vec![boundary]);
        let granted = granted(&documents);
        for action in reference.matching("*") {
            let name = action.name().to_ascii_lowercase();
            let decision = bounded.decide(&in_staging(&name)).decision();
            assert!(decision == Decision::Deny || granted.contains(&name), "{role}: {name}");
        }
        let mut call = in_staging("ecs:UpdateService");
        call.context_mut().insert("aws:ResourceTag/Environment", "prod");
        assert_eq!(bounded.decide(&call).decision(), Decision::Deny, "{role}");
    }
}

fn in_staging(action: &str) -> Request {
    let mut call = Request::new(action, "arn:aws:ecs:eu-west-1:111122223333:service/staging/web");
    for of in ["Principal", "Resource", "Request"] {
        call.context_mut().insert(&format!("aws:{of}Tag/Environment"), "staging");
    }
    call
}

fn some_call(granted: Vec<String>) -> impl Strategy<Value = Request> {
    let environment = || prop::sample::select(vec!["staging", "prod", "qa", "", "stagin"]);
    let actions: Vec<String> = Reference::builtin()
        .unwrap()
        .matching("*")
        .iter()
        .map(|one| one.name().to_owned())
        .collect();
    let resource = prop::sample::select(vec![
        "service/{}/web",
        "cluster/{}",
        "task/{}/1",
        "task-definition/{}-web:1",
    ]);
    let tags = prop::collection::vec(prop::option::of(environment()), 3);
    let action = prop_oneof![prop::sample::select(granted), prop::sample::select(actions)];
    (action, resource, environment(), tags, environment()).prop_map(
        |(action, resource, named, tags, cluster)| {
            let resource = resource.replace("{}", named);
            let mut call =
                Request::new(&action, &format!("arn:aws:ecs:eu-west-1:111122223333:{resource}"));
            for (of, tag) in ["Principal", "Resource", "Request"].into_iter().zip(tags) {
                if let Some(tag) = tag {
                    call.context_mut().insert(&format!("aws:{of}Tag/Environment"), tag);
                }
            }
            let cluster = format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{cluster}");
            call.context_mut().insert("ecs:cluster", cluster);
            call
        },
    )
}

#[test]
fn random_calls_come_out_the_same_under_the_boundary() {
    let source = sample("");
    let compiled = compile(&source, &[]).unwrap();
    let written = targets(&source, &compiled, &[Target::Boundary]).unwrap();
    let roles: Vec<(Policies, Policies)> = roles(&compiled)
        .into_iter()
        .map(|(role, documents)| {
            let boundary = read(&written, &format!("boundary/{role}.json"), DocumentKind::Boundary);
            (identity(&documents), identity(&documents).with_boundary(vec![boundary]))
        })
        .collect();
    let developer = granted(&compiled.documents[&Identity::of("developer")]);
    let call = some_call(developer.into_iter().collect());
    proptest!(ProptestConfig::with_cases(2_000), |(call in call)| {
        for (free, bounded) in &roles {
            prop_assert_eq!(free.decide(&call).decision(), bounded.decide(&call).decision());
        }
    });
}
