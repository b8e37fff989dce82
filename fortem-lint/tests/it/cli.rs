//! Arguments, help and exit codes.

use std::process::Command;

fn run(argument: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fortem-lint")).arg(argument).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn help_says_what_it_is_for() {
    let (code, text) = run("--help");
    assert_eq!(code, Some(0));
    assert!(text.starts_with("Audits AWS accounts"), "{text}");
}

#[test]
fn version_is_the_crate_version() {
    let (code, text) = run("--version");
    assert_eq!(code, Some(0));
    assert_eq!(text, format!("fortem-lint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    assert_eq!(run("--nope").0, Some(2));
}
