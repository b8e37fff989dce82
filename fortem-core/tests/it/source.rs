//! A policies directory: what is read, and what is said of a bad one.

use std::fs;
use std::path::Path;

use fortem_core::{PolicyKind, Source};
use insta::{assert_snapshot, with_settings};
use tempfile::TempDir;

use crate::rendered::rendered;

const FLEET: &str = "[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n";
const ROLE: &str =
    "@id(\"looker\")\npermit (principal in ?principal, action, resource in ?resource);\n";

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn problems(path: &Path) -> String {
    let text = rendered(&Source::load(path).expect_err("a mistake"));
    text.replace(&path.display().to_string(), "DIR")
}

#[test]
fn the_shipped_policies_are_read() {
    let source = Source::load("../policies").unwrap();
    let kinds: Vec<_> = source.policies().iter().map(|p| (p.id(), p.kind())).collect();
    assert_eq!(
        kinds,
        [
            ("developer", PolicyKind::Role),
            ("exec", PolicyKind::Role),
            ("log-viewer", PolicyKind::Role),
            ("never-prod", PolicyKind::Guard),
            ("operator", PolicyKind::Role),
        ]
    );
    assert!(source.policies().iter().all(|policy| !policy.doc().is_empty()));
}

#[test]
fn an_empty_directory_lacks_policies_and_fleet() {
    assert_snapshot!(problems(directory(&[]).path()));
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = directory(&[]);
    assert_snapshot!(problems(&directory.path().join("nowhere")));
}

#[test]
fn a_missing_fleet_file_is_named() {
    assert_snapshot!(problems(directory(&[("looker.cedar", ROLE)]).path()));
}

#[test]
fn every_syntax_error_is_reported() {
    let files = [
        ("a.cedar", "@id(\"a\")\npermit (principal, action resource);\n"),
        ("roles/b.cedar", "@id(\"b\")\nforbid (principal, action, resource)\nwhen { context. };\n"),
        ("fleet.toml", FLEET),
    ];
    assert_snapshot!(problems(directory(&files).path()));
}

#[test]
fn a_policy_that_does_not_fit_the_vocabulary_is_refused() {
    let text = "// A typo in the second policy.\n\
        @id(\"fits\")\npermit (principal in ?principal, action, resource in ?resource);\n\
        @id(\"typo\")\npermit (principal in ?principal, action, resource in ?resource)\nwhen { context.mfaa };\n\
        @id(\"unknown\")\nforbid (principal, action == Fortem::Action::\"reboot\", resource);\n\
        @id(\"never\")\nforbid (principal, action, resource)\nwhen { resource is Fortem::Task && resource is Fortem::Cache };\n";
    assert_snapshot!(problems(directory(&[("x.cedar", text), ("fleet.toml", FLEET)]).path()));
}

#[test]
fn ids_are_given_and_given_once() {
    let unnamed = "permit (principal in ?principal, action, resource in ?resource);\n\
        @id(\"Über role\")\npermit (principal in ?principal, action, resource in ?resource);\n";
    let files = [("a.cedar", ROLE), ("b.cedar", ROLE), ("fleet.toml", FLEET)];
    assert_snapshot!("duplicate", problems(directory(&files).path()));
    let files = [("c.cedar", unnamed), ("fleet.toml", FLEET)];
    assert_snapshot!("missing", problems(directory(&files).path()));
}

#[test]
fn mistakes_in_policies_do_not_hide_those_in_the_fleet() {
    let fleet = "[[environment]]\nname = \"dev\"\n\
        [[user]]\nname = \"alice\"\n\
        [[assignment]]\nrole = \"looker\"\nuser = \"alice\"\nenvironments = [\"dev\"]\n";
    let files = [("looker.cedar", "@id(\"looker\") permit"), ("fleet.toml", fleet)];
    assert_snapshot!(problems(directory(&files).path()));
}

#[test]
fn another_vocabulary_beside_the_policies_is_refused() {
    let other = fs::read_to_string("../policies/fortem.cedarschema")
        .unwrap()
        .replace("entity Cluster in", "entity Clusters in");
    let files = [("a.cedar", ROLE), ("fleet.toml", FLEET), ("fortem.cedarschema", &other)];
    assert_snapshot!(problems(directory(&files).path()));
}

#[test]
fn schemas_beside_the_policies_add_to_the_vocabulary() {
    let schema = "namespace Fortem { action drain in [operate] appliesTo\n  \
                  { principal: User, resource: Service, context: Session }; }\n";
    let policy = "@id(\"drainer\")\npermit (principal in ?principal, action == Fortem::Action::\"drain\", resource in ?resource);\n";
    let builtin = fs::read_to_string("../policies/fortem.cedarschema").unwrap();
    let files = [
        ("roles/drainer.cedar", policy),
        ("fleet.toml", FLEET),
        ("fortem.cedarschema", &builtin),
        ("vocabulary/drain.cedarschema", schema),
    ];
    let source = Source::load(directory(&files).path()).unwrap();
    assert!(source.vocabulary().members("operate").contains("drain"));
    let without = directory(&files[..3]);
    assert!(problems(without.path()).contains("unrecognized action"));
}

#[test]
fn a_directory_of_schemas_alone_lacks_policies() {
    let files = [("fleet.toml", FLEET), ("a.cedarschema", "namespace Fortem {}")];
    assert_snapshot!(problems(directory(&files).path()));
}

#[test]
fn a_file_that_is_not_text_is_named() {
    let directory = directory(&[("fleet.toml", FLEET)]);
    fs::write(directory.path().join("bad.cedar"), b"\xff\xfe").unwrap();
    with_settings!({filters => vec![(r"cannot read `.*/", "cannot read `DIR/")]}, {
        assert_snapshot!(problems(directory.path()));
    });
}

#[test]
fn hidden_files_and_other_files_are_passed_over() {
    let files = [
        ("looker.cedar", ROLE),
        (".hidden.cedar", "nonsense"),
        (".git/x.cedar", "nonsense"),
        ("README.md", "nonsense"),
        ("fleet.toml", FLEET),
    ];
    assert_eq!(Source::load(directory(&files).path()).unwrap().policies().len(), 1);
}
