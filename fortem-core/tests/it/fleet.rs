//! The fleet file: every mistake at once, each with its place.

use std::collections::BTreeSet;

use fortem_core::{Fleet, Problems, SourceFile};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::rendered::rendered;

fn parse(text: &str) -> Result<Fleet, Problems> {
    let roles = BTreeSet::from(["developer".to_owned(), "exec".to_owned()]);
    Fleet::parse(&SourceFile::new("fleet.toml", text), &roles)
}

fn problems(text: &str) -> String {
    rendered(&parse(text).expect_err("a mistake"))
}

fn environments(names: &[&str]) -> String {
    let one =
        |name: &&str| format!("[[environment]]\nname = \"{name}\"\ntier = \"nonproduction\"\n");
    names.iter().map(one).collect()
}

#[test]
fn the_shipped_sample_has_no_mistakes() {
    let text = std::fs::read_to_string("../policies/fleet.toml").unwrap();
    let roles = ["developer", "log-viewer", "operator", "exec"].map(str::to_owned);
    let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &roles.into()).unwrap();
    let names: Vec<_> = fleet.environments().iter().map(fortem_core::Environment::name).collect();
    assert_eq!(names, ["dev", "staging", "qa", "prod"]);
    let teams: Vec<_> = fleet.teams().iter().map(fortem_core::Team::name).collect();
    assert_eq!(teams, ["payments", "storefront"]);
    let prod = fleet.environment("prod").unwrap();
    assert_eq!(prod.spellings().collect::<Vec<_>>(), ["prod", "production"]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    assert_snapshot!(problems(include_str!("fixtures/every_mistake.toml")));
}

#[test]
fn what_an_assignment_names_must_exist() {
    let text = environments(&["dev", "staging"])
        + "[[team]]\nname = \"payments\"\n\
           [[user]]\nname = \"alice\"\nteams = [\"payment\"]\n\
           [[assignment]]\nrole = \"developper\"\nteam = \"paiments\"\nenvironments = [\"stagin\", \"dev\"]\n\
           [[assignment]]\nrole = \"exec\"\nuser = \"bob\"\nenvironments = [\"dev\", \"dev\"]\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn names_and_aliases_are_given_once() {
    let text = environments(&["staging", "staging", "prod", "qa"])
        + "aliases = [\"prod\", \"PROD\", \"Qa\", \"qa\"]\n[[team]]\nname = \"a\"\n[[team]]\nname = \"a\"\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn a_name_that_reaches_into_another_is_a_trap() {
    assert_snapshot!(problems(&environments(&["staging-2", "dev", "staging"])));
}

#[test]
fn closed_patterns_are_no_trap() {
    let closed = "[names]\ntask_definitions = [\"{environment}_*\"]\n";
    let text = closed.to_owned() + &environments(&["staging", "staging-2", "staging-eu"]);
    assert!(parse(&text).is_ok());
}

#[test]
fn names_that_grants_are_tied_to_are_not_left_out() {
    let text =
        "schedule = \"scheduler-group\"\n[names]\nclusters = []\nlog_groups = []\ncaches = []\n";
    assert_snapshot!(problems(&(text.to_owned() + &environments(&["dev"]))));
}

#[test]
fn an_alias_can_be_the_trap() {
    let text = environments(&["prod", "live"]) + "aliases = [\"prod-eu\"]\n";
    assert_snapshot!(problems(&text));
}

#[test]
fn a_thousand_environments_are_checked_for_traps() {
    let names: Vec<String> = (0..1_000).map(|number| format!("e{number:04}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(parse(&environments(&names)).unwrap().environments().len(), 1_000);
    names.push("e0500-x");
    assert_eq!(parse(&environments(&names)).unwrap_err().as_slice().len(), 1);
}

#[test]
fn toml_that_cannot_be_read_is_reported_with_its_place() {
    assert_snapshot!(problems("tag_key = \n[[environment]\nname = \"a\"\n"));
}

#[test]
fn an_empty_file_has_no_environments() {
    assert_snapshot!(problems(""));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn any_value_is_read_or_refused(
        key in "tag_key|task_tags|names|environment|team|user|assignment|accept_leaks|schedule",
        value in "1|true|\"\"|\"é\\{environment\\}\"|\\[\\]|\\[1\\]|\\{\\}|\\{ name = 1 \\}|\\[\\{\\}\\]",
    ) {
        let _ = parse(&format!("{key} = {value}\n"));
    }
}
