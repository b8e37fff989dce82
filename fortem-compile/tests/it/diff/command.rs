//! The command, run as a person runs it.

use std::fs;

use insta::assert_snapshot;

use crate::scratch::{Scratch, text};

/// A scratch directory with the output of the shipped policies.
fn built() -> Scratch {
    let scratch = Scratch::new();
    scratch.run(&[]);
    scratch
}

/// What the command prints, and how it exits.
fn run(scratch: &Scratch, arguments: &[&str]) -> (String, Option<i32>) {
    let output = scratch.run(arguments);
    assert_eq!(text(&output.stderr), "");
    (text(&output.stdout), output.status.code())
}

#[test]
fn a_source_and_its_output_are_equal() {
    let (said, code) = run(&built(), &["diff", "policies", "out"]);
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!(said);
}

#[test]
fn a_role_that_gains_an_action_is_wider() {
    let scratch = built();
    scratch.replace(
        "roles/log-viewer.cedar",
        "observe\"]",
        "observe\", Fortem::Action::\"stopTask\"]",
    );
    let (said, code) = run(&scratch, &["diff", "out", "policies"]);
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

#[test]
fn a_condition_that_is_lost_shows_another_environment() {
    let scratch = built();
    let path = scratch.path("out/identity/developer.json");
    let document = fs::read_to_string(&path).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let statements = document["Statement"].as_array_mut().unwrap();
    let stop = statements
        .iter_mut()
        .find(|one| one["Action"].to_string().contains("ecs:StopTask"))
        .unwrap();
    stop["Condition"].as_object_mut().unwrap().remove("StringEquals");
    fs::write(scratch.path("policy.json"), document.to_string()).unwrap();
    let (said, code) = run(&scratch, &["diff", "policies", "policy.json", "--role", "developer"]);
    assert_eq!(code, Some(10));
    assert_snapshot!("lost_condition", said);
    let (said, _) = run(
        &scratch,
        &["diff", "policies", "policy.json", "--role", "developer", "--format", "markdown"],
    );
    assert_snapshot!("lost_condition_markdown", said);
    let (said, _) = run(
        &scratch,
        &[
            "diff",
            "policies",
            "policy.json",
            "--role",
            "developer",
            "--format",
            "json",
            "-o",
            "answer.json",
        ],
    );
    assert_eq!(said, "");
    assert_snapshot!(
        "lost_condition_json",
        fs::read_to_string(scratch.path("answer.json")).unwrap()
    );
}

#[test]
fn a_guard_that_goes_is_told_although_nothing_is_allowed_by_it() {
    let scratch = built();
    let path = scratch.path("out/identity/exec.json");
    let document = fs::read_to_string(&path).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&document).unwrap();
    document["Statement"].as_array_mut().unwrap().retain(|one| one["Sid"] != "NoUntag");
    fs::write(&path, document.to_string()).unwrap();
    let (said, code) = run(&scratch, &["diff", "policies", "out"]);
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

#[test]
fn whatever_a_document_opens_is_told_by_service() {
    let scratch = built();
    let wide = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    fs::write(scratch.path("out/identity/exec-2.json"), wide).unwrap();
    let (said, code) = run(&scratch, &["diff", "policies", "out"]);
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

#[test]
fn environments_assignments_and_roles_of_one_side_are_told() {
    let scratch = built();
    scratch.run(&["build", "--policies", "policies", "--out", "before"]);
    fs::rename(scratch.path("policies"), scratch.path("old")).unwrap();
    let again = Scratch::new();
    let old = scratch.path("old").display().to_string();
    again.replace("fleet.toml", "environments = [\"dev\", \"qa\"]", "environments = [\"dev\"]");
    again.policy(
        "roles/support.cedar",
        "@id(\"support\") permit (principal in ?principal, action == Fortem::Action::\"viewStatus\", resource in ?resource);",
    );
    fs::remove_file(again.path("policies/roles/operator.cedar")).unwrap();
    let (said, code) = run(&again, &["diff", &old, "policies"]);
    assert_eq!(code, Some(10));
    assert_snapshot!(said.replace(&old, "old"));
}

#[test]
fn a_role_of_documents_has_to_be_named_where_there_are_several() {
    let scratch = built();
    let output = scratch.run(&["diff", "policies", "out/identity/exec.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(text(&output.stderr));
    let (said, code) =
        run(&scratch, &["diff", "policies", "out/identity/exec.json", "--role", "exec"]);
    assert_eq!(code, Some(0), "{said}");
    // Documents that are attached together.
    let (said, code) = run(&scratch, &["diff", "out/identity/exec.json", "out/identity/exec.json"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let scratch = built();
    fs::write(
        scratch.path("broken.json"),
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "allow"}]}"#,
    )
    .unwrap();
    let output = scratch.run(&["diff", "policies", "broken.json", "--role", "exec"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(text(&output.stderr));
    fs::remove_file(scratch.path("out/identity/exec.json")).unwrap();
    let output = scratch.run(&["diff", "policies", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!("missing", text(&output.stderr));
    fs::create_dir(scratch.path("nothing")).unwrap();
    let output = scratch.run(&["diff", "policies", "nothing"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!("nothing", text(&output.stderr));
}
