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

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fortem-lint")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_of_every_command() {
    for arguments in [
        &["--help"][..],
        &["check", "--help"],
        &["diff", "--help"],
        &["drift", "--help"],
        &["who-can", "--help"],
        &["rules", "--help"],
        &["explain", "--help"],
    ] {
        let name = format!("help {}", arguments[0].trim_start_matches('-'));
        insta::with_settings!({ snapshot_path => "../snapshots/help", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.replace(' ', "-"), printed(arguments));
        });
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(printed(&["completions", shell]).contains("fortem-lint"), "{shell}");
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let list: serde_json::Value =
        serde_json::from_str(&printed(&["rules", "--format", "json"])).unwrap();
    assert_eq!(list.as_array().unwrap().len(), fortem_lint::rules::all().len());
    assert!(
        printed(&["rules", "--format", "md"]).contains("| [FL105](FL105.md) | mutate-unscoped |")
    );
    let page = printed(&["explain", "mutate-unscoped"]);
    for heading in ["Why it matters", "Example", "What to do", "Limits", "SOC 2 criteria"] {
        assert!(page.contains(heading), "{page}");
    }
    assert_eq!(page, printed(&["explain", "fl105"]));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
    let mut child = command
        .args(["rules", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_fleet_file_may_stand_alone_and_its_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = folder.path().join("fleet.toml");
    let policy = folder.path().join("policy.json");
    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "ecs:StopTask", "Resource": "*"}]}"#;
    std::fs::write(&policy, document).unwrap();
    let check = |text: &str| {
        std::fs::write(&fleet, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
        let command = command.args(["check", "--format", "json", "--fleet"]).arg(&fleet);
        command.arg(&policy).output().unwrap()
    };
    // No Cedar source lies beside it that has this role.
    let assigned = "[[environment]]\nname = \"blue\"\ntier = \"production\"\n\n[[team]]\nname = \"payments\"\n\n\
                    [[assignment]]\nrole = \"developer\"\nteam = \"payments\"\nenvironments = [\"blue\"]\n";
    let output = check(assigned);
    assert_eq!(output.status.code(), Some(15), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"environment_to\": \"blue\""));
    let output = check(&assigned.replace("production", "productive"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("productive"));
}

#[test]
fn a_misspelt_rule_is_a_usage_error_that_names_the_nearest() {
    for arguments in
        [&["explain", "mutate-unscopd"][..], &["check", "-", "--select", "mutate-unscopd"]]
    {
        let output =
            Command::new(env!("CARGO_BIN_EXE_fortem-lint")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("did you mean `mutate-unscoped`?"), "{text}");
    }
}

#[test]
fn an_empty_folder_is_no_clean_result() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
    let output = command.args(["check", "--format", "csv"]).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("not assessed: ") && text.contains("nothing that can be judged"));
}

#[test]
fn a_report_goes_to_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let input = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inputs/account.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fortem-lint"));
    let output =
        command.args(["check", input, "--format", "html", "-o"]).arg(&path).output().unwrap();
    assert!(output.stdout.is_empty());
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("<!doctype html>"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    printed(&["man", folder.path().to_str().unwrap()]);
    let page = std::fs::read_to_string(folder.path().join("fortem-lint-check.1")).unwrap();
    assert!(page.contains("sarif"), "{page}");
}
