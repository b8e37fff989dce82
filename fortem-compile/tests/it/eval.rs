//! `fortem-compile eval`, run as a person runs it.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::{Value, json};
use tempfile::TempDir;

const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}}"#;
const NO_STOP: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"NoStop","Effect":"Deny","Action":"ecs:StopTask","Resource":"*"}]}"#;
const READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecs:Describe*","Resource":"*"}}"#;

/// A call of `ecs:StopTask` by a principal that may do everything.
fn case(id: &str, expect: &str) -> Value {
    json!({
        "id": id,
        "identity_policies": [{"name": "all", "document": serde_json::from_str::<Value>(ALL).unwrap()}],
        "principal": {"arn": "arn:aws:iam::1:role/r", "account": "1", "tags": {}},
        "action": "ecs:StopTask",
        "resource": {"arn": "arn:aws:ecs:eu-west-1:1:task/c/1", "tags": {}},
        "expect": expect,
    })
}

/// Exit code, standard output, standard error.
fn eval(input: &str, arguments: &[&str], directory: &TempDir) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-compile"));
    command.arg("eval").args(arguments).current_dir(directory.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses its arguments has gone before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

#[test]
fn cases_are_answered_in_order_with_a_summary() {
    let input = format!("{}\n\n{}\n", case("first", "allow"), case("second", "allow"));
    let (code, out, _) = eval(&input, &[], &directory(&[]));
    assert_eq!(code, 0, "{out}");
    assert_snapshot!(out);
}

#[test]
fn an_unexpected_answer_fails() {
    let (code, out, _) = eval(&case("wrong", "deny").to_string(), &["-"], &directory(&[]));
    assert_eq!(code, 1);
    assert!(
        out.ends_with("{\"summary\":true,\"cases\":1,\"ok\":0,\"not_ok\":1,\"errors\":0}\n"),
        "{out}"
    );
}

#[test]
fn a_line_that_is_no_case_is_an_error_and_the_run_goes_on() {
    let input = format!("{{\"id\": 1}}\nnonsense\n{}\n", case("good", "allow"));
    let (code, out, _) = eval(&input, &[], &directory(&[]));
    assert_eq!(code, 1);
    assert_snapshot!(out);
}

#[test]
fn documents_of_the_command_line_replace_those_of_the_cases() {
    let files = directory(&[("no-stop.json", NO_STOP), ("read.json", READ), ("all.json", ALL)]);
    let answer = |arguments: &[&str]| -> Value {
        let (_, out, error) = eval(&case("c", "allow").to_string(), arguments, &files);
        let line = out.lines().next().unwrap_or_else(|| panic!("{error}"));
        serde_json::from_str(line).unwrap()
    };
    assert_eq!(answer(&[])["decision"], "allow");
    let denied = answer(&["--identity", "no-stop.json"]);
    assert_eq!((&denied["decision"], &denied["why"]), (&"deny".into(), &"ExplicitlyDenied".into()));
    assert_eq!(denied["matched"], json!(["Deny identity:no-stop.json#NoStop"]));
    assert_eq!(answer(&["--boundary", "read.json"])["blocked_by"], "boundary");
    assert_eq!(answer(&["--scp", "all.json", "--scp", "read.json"])["blocked_by"], "scp");
    assert_eq!(answer(&["--scp", "all.json", "--scp", "all.json"])["decision"], "allow");
}

#[test]
fn a_document_or_file_that_cannot_be_read_is_said() {
    let files = directory(&[("bad.json", r#"{"Statement": {"Effect": "Permit"}}"#)]);
    let (code, out, error) = eval("", &["--identity", "bad.json"], &files);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_snapshot!("bad_document", error);
    let (code, _, error) = eval("", &["missing.jsonl"], &files);
    assert_eq!(code, 1);
    assert_snapshot!("missing_file", error);
}
