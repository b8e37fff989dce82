//! The ways in which documents know the environment.

use std::collections::BTreeMap;

use fortem_compile::verify::Verifier;
use fortem_compile::{Identity, compile};
use fortem_core::{Source, SourceFile};
use serde_json::Value;

use crate::evaluator::{Call, Context, allows};
use crate::mutation::{Mutant, mutants};

const ROLE: &str = "\
@id(\"operator\")
permit (principal in ?principal, action in [Fortem::Action::\"operate\"], resource in ?resource);
@id(\"never-prod\")
forbid (principal, action, resource) unless { resource in Fortem::Tier::\"nonproduction\" };
";

fn source(head: &str) -> Source {
    let environment = |name, tier: &str, rest: &str| {
        format!("[[environment]]\nname = \"{name}\"\ntier = \"{tier}\"\n{rest}\n")
    };
    let fleet = [
        head.to_owned(),
        environment("dev", "nonproduction", ""),
        environment("staging", "nonproduction", ""),
        environment("prod", "production", ""),
    ];
    let fleet = SourceFile::new("fleet.toml", fleet.concat());
    Source::parse(&fleet, &[SourceFile::new("all.cedar", ROLE)]).unwrap()
}

fn documents(source: &Source, identity: Identity) -> Vec<Value> {
    let compiled = compile(source, &[]).unwrap();
    let all = compiled.documents.get(&identity).into_iter().flatten();
    all.map(|one| serde_json::from_str(&one.to_json()).unwrap()).collect()
}

/// Whether a task may be stopped that is tagged with one environment, in the cluster of another.
fn stops(documents: &[Value], tags: &[(&str, &str)], of: &str, cluster: &str) -> bool {
    let arn = |kind: &str, rest: &str| {
        format!("arn:aws:ecs:eu-west-1:111122223333:{kind}/{cluster}{rest}")
    };
    let mut context = Context::new();
    let mut put =
        |key: &str, value: &str| context.insert(key.to_lowercase(), vec![value.to_owned()]);
    for (tag, value) in tags {
        put(&format!("aws:PrincipalTag/{tag}"), value);
    }
    put("aws:ResourceTag/Environment", of);
    put("ecs:cluster", &arn("cluster", ""));
    let resource = arn("task", "/0123");
    allows(documents, &Call { action: "ecs:StopTask", resource: &resource, context: &context }).0
}

#[test]
fn a_document_for_one_environment_has_no_variable_and_no_other_environment() {
    let source = source("mode = \"literal\"\n");
    let staging = Identity { role: "operator", environment: Some("staging") };
    let documents = documents(&source, staging);
    assert!(!documents.iter().any(|one| one.to_string().contains("${aws:")));
    assert!(stops(&documents, &[], "staging", "staging"));
    assert!(!stops(&documents, &[], "dev", "dev"));
    assert!(!stops(&documents, &[], "staging", "dev"));
    assert!(!stops(&documents, &[], "prod", "staging"));
}

#[test]
fn nobody_gets_a_document_for_an_environment_where_everything_is_forbidden() {
    let source = source("mode = \"literal\"\n");
    let compiled = compile(&source, &[]).unwrap();
    let environments: Vec<_> =
        compiled.documents.keys().filter_map(|one| one.environment).collect();
    assert_eq!(environments, ["dev", "staging"]);
}

#[test]
fn an_environment_with_names_of_its_own_has_a_document_of_its_own() {
    let fleet = "mode = \"literal\"\n[names]\nclusters = [\"{environment}\"]\n\
                 [[environment]]\nname = \"qa\"\ntier = \"nonproduction\"\nclusters = [\"quality\"]\n";
    let source = source(fleet);
    let documents = documents(&source, Identity { role: "operator", environment: Some("qa") });
    assert!(stops(&documents, &[], "qa", "quality"));
    assert!(!stops(&documents, &[], "qa", "qa"));
}

/// Documents that are those of another environment but for its names are not compared once more. Whatever is wrong in
/// them is found as if they stood alone.
#[test]
fn a_fault_in_the_documents_of_one_environment_is_found_beside_those_of_others() {
    let source = source("mode = \"literal\"\n");
    let compiled = compile(&source, &[]).unwrap();
    let of = |environment| Identity { role: "operator", environment: Some(environment) };
    let texts = |identity| -> Vec<String> {
        compiled.documents[&identity].iter().map(fortem_compile::emit::Document::to_json).collect()
    };
    let (dev, staging) = (texts(of("dev")), texts(of("staging")));
    let faults = |staging: &str, beside_others: bool| {
        let mut all = BTreeMap::from([(of("staging"), vec![staging.to_owned()])]);
        if beside_others {
            all.insert(of("dev"), dev.clone());
        }
        let mut verifier = Verifier::new(&source, compiled.world());
        verifier.verify(&all).map_or(true, |found| !found.is_empty())
    };
    let [staging] = staging.as_slice() else { panic!("one document") };
    assert!(!faults(staging, true));
    let others =
        [&dev[0], &staging.replace("staging", "prod"), &staging.replacen("staging", "dev", 1)];
    for other in others {
        assert!(faults(other, true), "{other}");
    }
    let in_capitals = staging.replace("\"staging\"", "\"STAGING\"");
    assert!(faults(&in_capitals, true));
    let mutants = mutants(&serde_json::from_str(staging).unwrap());
    let mut found = 0;
    for Mutant { fault, document } in mutants.into_iter().step_by(6) {
        let document = document.to_string();
        let expected = faults(&document, false);
        assert_eq!(faults(&document, true), expected, "{fault}");
        found += usize::from(expected);
    }
    assert!(found > 10, "{found}");
}

#[test]
fn slots_are_environments_side_by_side_that_do_not_mix() {
    let source = source("mode = \"slots\"\nslots = 2\n");
    let documents = documents(&source, Identity::of("operator"));
    let both = [("Environment1", "dev"), ("Environment2", "staging")];
    assert!(stops(&documents, &both, "dev", "dev"));
    assert!(stops(&documents, &both, "staging", "staging"));
    assert!(!stops(&documents, &both, "staging", "dev"));
    assert!(!stops(&documents, &both[..1], "staging", "staging"));
    assert!(!stops(&documents, &[("Environment1", "prod")], "prod", "prod"));
    assert!(!stops(&documents, &[("Environment1", "")], "", ""));
    assert!(!stops(&documents, &[("Environment", "dev")], "dev", "dev"));
}

#[test]
fn a_mode_can_be_said_for_one_role() {
    let source = source("[modes]\noperator = \"literal\"\n");
    let compiled = compile(&source, &[]).unwrap();
    assert!(compiled.documents.keys().all(|one| one.environment.is_some()));
}
