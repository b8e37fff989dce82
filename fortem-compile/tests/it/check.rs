//! `check`: an output that was changed, or that is older than its sources.

use std::fs;
use std::process::Output;

use fortem_compile::check::{self, Drift};
use fortem_compile::deploy::Format;
use fortem_compile::target::{Target, targets};
use fortem_compile::verify::Kind;
use fortem_compile::{compile, output};
use fortem_core::Source;
use insta::assert_snapshot;
use serde_json::Value;

use crate::mutation::{self, mutants};
use crate::scratch::{Scratch, text};

/// What `check` says after a change to the output: exit code, answer and problems.
fn after(change: impl Fn(&Scratch)) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    scratch.run(&[]);
    change(&scratch);
    let Output { status, stdout, stderr } = scratch.run(&["check"]);
    (status.code(), text(&stdout) + &text(&stderr))
}

fn edit(scratch: &Scratch, file: &str, from: &str, to: &str) {
    let path = scratch.path("out").join(file);
    let before = fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{file} does not hold {from:?}");
    fs::write(path, before.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_was_just_built_is_equal() {
    let (code, said) = after(|_| ());
    assert_eq!((code, said.as_str()), (Some(0), "out: 23 files, as the sources say\n"));
}

#[test]
fn an_output_of_some_roles_is_compared_with_those_and_says_so() {
    let scratch = Scratch::new();
    scratch.run(&["--role", "exec"]);
    let output = scratch.run(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "out: 11 files, as the sources say\nmade for exec alone: no other role was looked at\n"
    );
}

/// What was asked for stands in the manifest, so that `check` needs to be told nothing.
#[test]
fn an_output_is_compared_in_the_formats_and_with_the_targets_it_was_made_in() {
    let scratch = Scratch::new();
    let formats = ["--format", "terraform,cloudformation", "--target", "identity"];
    let output = scratch.run(&[&["--role", "exec"], formats.as_slice()].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_snapshot!("built_in_formats", text(&output.stdout));
    let output = scratch.run(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_snapshot!("checked_in_formats", text(&output.stdout));
    edit(&scratch, "terraform/main.tf.json", "ecs:ExecuteCommand", "ecs:*");
    let output = scratch.run(&["check"]);
    assert_eq!(output.status.code(), Some(10));
    assert!(text(&output.stdout).contains("out/terraform/main.tf.json: changed"));
    fs::remove_dir_all(scratch.path("out/cloudformation")).unwrap();
    let output = scratch.run(&["check"]);
    assert!(text(&output.stdout).contains("out/cloudformation/template.json: missing"));
}

#[test]
fn a_widened_document_is_shown_with_a_call_that_it_lets_through() {
    let (code, said) = after(|scratch| {
        edit(scratch, "identity/operator.json", "\"ecs:StopTask\"", "\"ecs:*\"");
    });
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

/// What is missing beside what is widened; a document that allows too much does not hide the other.
#[test]
fn a_document_that_is_narrowed_is_shown_with_a_call_that_is_missing() {
    let (code, said) = after(|scratch| {
        edit(scratch, "identity/operator.json", "\"ecs:StopTask\"", "\"ecs:StartTask\"");
    });
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

#[test]
fn sources_that_have_gone_on_are_a_difference() {
    let (code, said) = after(|scratch| {
        scratch.replace("roles/exec.cedar", "context.mfa", "!context.mfa");
    });
    assert_eq!(code, Some(10));
    assert!(
        said.contains("the documents of `exec` allow a call that Cedar does not permit"),
        "{said}"
    );
    assert!(said.contains("out/manifest.json: changed"), "{said}");
}

#[test]
fn files_that_are_missing_foreign_or_mangled_are_named() {
    let (code, said) = after(|scratch| {
        let out = scratch.path("out");
        fs::remove_file(out.join("identity/log-viewer.json")).unwrap();
        fs::write(out.join("notes.txt"), "hello").unwrap();
        let admin = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        fs::write(out.join("identity/admin.json"), admin).unwrap();
        // Would be attached beside the role's own document.
        fs::write(out.join("identity/developer-2.json"), admin).unwrap();
        fs::write(out.join("identity/exec.json"), "{\"Version\": \"2012-10-17\", \"State").unwrap();
        fs::write(out.join("report.md"), b"\xff\xfe").unwrap();
    });
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

/// The promise is about bytes, and what differs in bytes only is said to.
#[test]
fn white_space_and_order_are_differences_too() {
    let (code, said) = after(|scratch| {
        edit(scratch, "identity/exec.json", "{\n", "{\n\n");
        let path = scratch.path("out/identity/operator.json");
        let mut document: Value =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        document["Statement"].as_array_mut().unwrap().reverse();
        fs::write(path, format!("{document:#}\n")).unwrap();
    });
    assert_eq!(code, Some(10));
    assert_snapshot!(said);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_read() {
    let (code, said) = after(|scratch| {
        let path = scratch.path("out/report.md");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    });
    assert_eq!(code, Some(10));
    assert!(
        said.contains("report.md: changed\n  cannot be read\n    not a regular file"),
        "{said}"
    );
}

#[test]
fn a_machine_reads_what_differs() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    edit(&scratch, "identity/operator.json", "\"ecs:StopTask\"", "\"ecs:*\"");
    let output = scratch.run(&["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(10));
    assert_snapshot!(text(&output.stdout));
}

#[test]
fn without_an_output_nothing_is_compared() {
    let scratch = Scratch::new();
    let output = scratch.run(&["check"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    assert_snapshot!(text(&output.stderr));
}

#[test]
fn sources_that_are_refused_are_not_compared() {
    let scratch = Scratch::new();
    scratch.run(&[]);
    scratch.replace("roles/exec.cedar", "context.mfa", "context.mfaa");
    let output = scratch.run(&["check"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
}

/// Whatever is changed in a document is a difference; and what widens it, as the verifier sees it, is
/// shown as a call.
#[test]
fn each_fault_in_a_document_fails() {
    let source = Source::load("../policies").unwrap();
    let compiled = compile(&source, &["log-viewer".to_owned()]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let targets = targets(&source, &compiled, &[Target::Identity]).unwrap();
    let files = output::files(&source, &compiled, &targets, &[Format::Json]).unwrap();
    let directory = out.path().join("out");
    output::write(&directory, &files).unwrap();
    let drift = |text: &str| -> Drift {
        fs::write(directory.join("identity/log-viewer.json"), text).unwrap();
        check::compare(&source, &compiled, &directory).unwrap()
    };
    let document = compiled.documents.values().next().unwrap()[0].to_json();
    assert!(drift(&document).equal);
    let mut verifier = fortem_compile::verify::Verifier::new(&source, compiled.world());
    let mut widened = 0;
    // The verifier's own tests take each of them.
    for mutant in mutants(&serde_json::from_str(&document).unwrap()).into_iter().step_by(8) {
        let drift = drift(&format!("{:#}\n", mutant.document));
        assert!(!drift.equal, "{}", mutant.fault);
        assert_eq!(drift.files[0].parts.len(), 1, "{}", mutant.fault);
        let verdict = mutation::judge(&mut verifier, "log-viewer", &mutant.document);
        assert_eq!(drift.calls.is_empty(), verdict.is_none(), "{}", mutant.fault);
        if verdict.is_some_and(|one| one.kind() == Kind::Excess) {
            assert_eq!(drift.calls[0].kind, Kind::Excess, "{}", mutant.fault);
            widened += 1;
        }
    }
    assert!(widened > 1, "{widened}");
}
