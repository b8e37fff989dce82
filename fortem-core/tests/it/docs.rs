//! The page about the fleet file: what it shows is taken, and nothing is left out of it.

use fortem_core::engine::Engine;
use fortem_core::{Fleet, PolicyKind, Roles, Source, SourceFile};
use miette::Diagnostic;

const PAGE: &str = include_str!("../../docs/fleet.md");

/// The blocks of a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    PAGE.split(&begin).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

#[test]
fn the_page_shows_what_is_taken() {
    let developer =
        "@id(\"developer\")\npermit (principal in ?principal, action, resource in ?resource);\n";
    let mut files = vec![SourceFile::new("developer.cedar", developer)];
    let cedar = blocks("cedar").into_iter().map(|text| SourceFile::new("role.cedar", text));
    files.extend(cedar);
    files.extend(
        blocks("cedarschema").into_iter().map(|text| SourceFile::new("own.cedarschema", text)),
    );
    let fleet = SourceFile::new("fleet.toml", blocks("toml").concat());
    let source = Source::parse(&fleet, &files).unwrap();
    let roles: Vec<&str> = source.roles().map(fortem_core::Policy::id).collect();
    assert_eq!(roles, ["auditor", "developer", "status-page"]);
    assert!(source.policies().iter().all(|policy| policy.kind() == PolicyKind::Role));
    assert!(source.vocabulary().members("operate").contains("purgeQueue"));
    assert_eq!(Engine::of(&source).unwrap().stats().assignments, 3);
}

#[test]
fn the_page_has_every_key() {
    let file = SourceFile::new("fleet.toml", "unknown = 1\n");
    let problems = Fleet::parse(&file, &Roles::any()).unwrap_err();
    let labels = problems.as_slice().iter().flat_map(|one| one.labels().into_iter().flatten());
    let expected: Vec<String> = labels.filter_map(|one| Some(one.label()?.to_owned())).collect();
    let keys = expected.iter().find(|text| text.contains("`tag_key`")).unwrap();
    let keys: Vec<&str> = keys.split('`').skip(1).step_by(2).collect();
    assert!(keys.len() > 10, "{keys:?}");
    let missing = keys.iter().filter(|key| {
        ![format!("`{key}`"), format!("`[{key}]`"), format!("`[[{key}]]`")]
            .iter()
            .any(|written| PAGE.contains(written.as_str()))
    });
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new());
}
