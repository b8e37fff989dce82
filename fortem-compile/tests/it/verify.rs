//! Documents compared with Cedar: the ones that are emitted, and ones that were tampered with.

use std::collections::BTreeMap;

use fortem_compile::emit::Document;
use fortem_compile::verify::{Difference, Verifier};
use fortem_compile::{Identity, compile};
use fortem_core::Source;
use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::Value;

/// What is found in the sample's documents after a change to one of them.
fn found_after(role: &str, change: impl Fn(&mut Vec<Value>)) -> Vec<Difference> {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &[]).unwrap();
    let of_role = |all: &Vec<Document>| all.iter().map(Document::to_json).collect();
    let mut documents: BTreeMap<Identity, Vec<String>> =
        compiled.documents.iter().map(|(identity, all)| (*identity, of_role(all))).collect();
    let text = &mut documents.get_mut(&Identity::of(role)).unwrap()[0];
    let mut document: Value = serde_json::from_str(text).unwrap();
    change(document["Statement"].as_array_mut().unwrap());
    *text = document.to_string();
    Verifier::new(&source, compiled.world()).verify(&documents).unwrap()
}

#[test]
fn the_shipped_policies_are_verified() {
    assert_eq!(found_after("developer", |_| ()), []);
}

/// The first difference, as `build` prints it.
fn shown(differences: &[Difference]) -> String {
    let source = Source::load("../policies").unwrap();
    let [difference] = differences else { panic!("{differences:?}") };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut text = String::new();
    handler.with_width(100).render_report(&mut text, &difference.problem(&source)).unwrap();
    text
}

#[test]
fn a_difference_is_one_concrete_call() {
    let without = |sid: &'static str| {
        move |statements: &mut Vec<Value>| statements.retain(|one| one["Sid"] != sid)
    };
    insta::assert_snapshot!("shortfall", shown(&found_after("operator", without("StopTask"))));
    insta::assert_snapshot!("unguarded", shown(&found_after("operator", without("NeverProdTag"))));
    let excess = found_after("operator", |statements| {
        let stop = statements.iter_mut().find(|one| one["Sid"] == "StopTask").unwrap();
        stop["Condition"].as_object_mut().unwrap().remove("StringEquals");
    });
    insta::assert_snapshot!("excess", shown(&excess));
    let overreach = found_after("operator", |statements| {
        let exec = statements.iter_mut().find(|one| one["Sid"] == "NoExec").unwrap();
        exec.as_object_mut().unwrap().remove("Condition");
    });
    insta::assert_snapshot!("overreach", shown(&overreach));
}
