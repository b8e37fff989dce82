//! Corrections: made where they grant nothing new, refused elsewhere, and nothing else in the file is touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fortem_lint::rules;
use serde_json::Value;

use crate::sandbox::{Said, Sandbox};

/// The rules whose findings have corrections.
pub(crate) const RULES: [&str; 9] =
    ["FL115", "FL122", "FL124", "FL128", "FL129", "FL130", "FL131", "FL202", "FL303"];

/// Those whose corrections are not for `--fix` alone, and why.
const UNSAFE: [(&str, &str); 2] = [
    // What is left out today may be granted by AWS tomorrow, when the action gets the key.
    ("FL130", "it may grant more"),
    // Calls that have the general key and not the older one are allowed from then on.
    ("FL131", "it may grant more"),
];

/// The files that a rule fires on.
fn cases(id: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(id);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("fires") && path.extension().is_some_and(|one| one == "json")
        })
        .collect();
    paths.sort();
    paths
}

fn check(sandbox: &Sandbox, id: &str, arguments: &[&str]) -> Said {
    let mut all = vec!["case.json", "--select", id, "--persona", "auditor", "--format", "json"];
    all.extend(arguments);
    sandbox.check(&all)
}

fn with_fix(said: &Said) -> usize {
    let report = said.json();
    report["findings"].as_array().unwrap().iter().filter(|one| one.get("fix").is_some()).count()
}

#[test]
fn every_case_with_a_correction_is_clean_once_it_is_made() {
    let mut corrected = BTreeSet::new();
    for id in rules::all().iter().map(|rule| rule.meta().id) {
        for case in cases(id) {
            let text = fs::read_to_string(&case).unwrap();
            let sandbox = Sandbox::new(&[("case.json", &text)]);
            let before = check(&sandbox, id, &[]);
            if with_fix(&before) == 0 || text.contains("DetailList") {
                continue;
            }
            let name = case.display();
            corrected.insert(id);
            let mut said = check(&sandbox, id, &["--fix"]);
            if let Some((_, why)) = UNSAFE.iter().find(|(rule, _)| *rule == id) {
                assert!(said.err.contains(why), "{name}: {}", said.err);
                assert_eq!(sandbox.read("case.json"), text, "{name}");
                said = check(&sandbox, id, &["--fix", "--unsafe-fixes"]);
            } else {
                assert!(!said.err.contains("now grants"), "{name}: {}", said.err);
            }
            assert!(said.err.contains("fixed: case.json /Statement"), "{name}: {}", said.err);
            assert_eq!(with_fix(&said), 0, "{name}: {}", said.out);
            let again = check(&sandbox, id, &[]);
            assert_eq!(said.json()["inputs"], again.json()["inputs"], "{name}");
            assert_eq!(with_fix(&again), 0, "{name}: {}", again.out);
            assert_ne!(sandbox.read("case.json"), text, "{name}");
            assert_eq!(sandbox.names(), ["case.json"], "{name}");
        }
    }
    assert_eq!(corrected.into_iter().collect::<Vec<_>>(), RULES);
}

/// Two faults of different rules; tabs, an odd order and a blank too many are the author's own.
const POLICY: &str = "{\n\t\"Version\": \"2012-10-17\",\n\t\"Statement\": [\n\t\t{\n\t\t\t\"Effect\": \"Allow\",  \"Sid\": \"Own\",\n\t\t\t\"Action\": [\"ecs:UpdateService\",\"ecs:StopTask\"],\n\t\t\t\"Resource\": \"*\",\n\t\t\t\"Condition\": {\n\t\t\t\t\"StringEqualsIfExists\": { \"aws:ResourceTag/Environment\": \"staging\" }\n\t\t\t}\n\t\t},\n\t\t{ \"Sid\": \"Pass\", \"Effect\": \"Allow\", \"Action\": \"iam:PassRole\", \"Resource\": \"arn:aws:iam::111122223333:role/staging-task\" }\n\t]\n}\n\n";

#[test]
fn nothing_but_the_fault_is_touched() {
    let sandbox = Sandbox::new(&[("case.json", POLICY)]);
    let said = sandbox.check(&["case.json", "--select", "FL122,FL202", "--fix"]);
    let expected = POLICY.replace("StringEqualsIfExists", "StringEquals").replace(
        "role/staging-task\"",
        "role/staging-task\", \"Condition\": {\"StringEquals\": {\"iam:PassedToService\": \"ecs-tasks.amazonaws.com\"}}",
    );
    assert_eq!(sandbox.read("case.json"), expected, "{said:?}");
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn line_ends_and_byte_order_mark_stay() {
    let text = format!("\u{feff}{}", POLICY.replace('\n', "\r\n"));
    let sandbox = Sandbox::new(&[("case.json", &text)]);
    sandbox.check(&["case.json", "--select", "FL122", "--fix"]);
    let expected = text.replace("StringEqualsIfExists", "StringEquals");
    assert_eq!(sandbox.read("case.json"), expected);
}

#[test]
fn a_dry_run_shows_the_change_and_writes_nothing() {
    let sandbox = Sandbox::new(&[("case.json", POLICY)]);
    let said = sandbox.check(&["case.json", "--select", "FL122", "--fix", "--dry-run"]);
    assert_eq!(sandbox.read("case.json"), POLICY);
    assert_eq!(said.code, 0, "the exit code is that of the corrected files");
    assert_eq!(said.err, "would fix: case.json /Statement/0: FL122: take `IfExists` off\n");
    let changed: Vec<&str> =
        said.out.lines().filter(|line| line.starts_with(['+', '-'])).map(str::trim_end).collect();
    assert_eq!(
        changed,
        [
            "--- case.json",
            "+++ case.json",
            "-\t\t\t\t\"StringEqualsIfExists\": { \"aws:ResourceTag/Environment\": \"staging\" }",
            "+\t\t\t\t\"StringEquals\": { \"aws:ResourceTag/Environment\": \"staging\" }",
        ]
    );
}

/// A policy with one statement of one condition.
fn one(effect: &str, condition: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "One", "Effect": "{effect}", "Action": "ecs:StopTask",
  "Resource": "*", "Condition": {condition}}}]}}"#
    )
}

fn fix(text: &str, id: &str, arguments: &[&str]) -> (String, Said) {
    let sandbox = Sandbox::new(&[("case.json", text)]);
    let mut all = vec!["--fix"];
    all.extend(arguments);
    let said = check(&sandbox, id, &all);
    (sandbox.read("case.json"), said)
}

#[test]
fn a_dead_allow_is_made_live_only_on_request() {
    let text = one("Allow", r#"{"StringEquals": {"aws:ResourceTag/Environment": "stag*"}}"#);
    let (after, said) = fix(&text, "FL128", &[]);
    assert_eq!(after, text);
    assert!(said.err.contains("not fixed: case.json /Statement/0: FL128: compare by pattern: it may grant more; `--unsafe-fixes` makes it"), "{}", said.err);
    let (after, said) = fix(&text, "FL128", &["--unsafe-fixes"]);
    assert_eq!(after, text.replace("StringEquals", "StringLike"));
    assert!(said.err.contains("fixed: case.json /Statement/0: FL128: compare by pattern; it now grants `ecs:StopTask` on"), "{}", said.err);
}

/// What calls itself safe is not believed: here the correction would put a demand in the place of its opposite.
#[test]
fn a_correction_that_grants_more_than_it_says_is_refused() {
    let condition = r#"{"ForAllValues:StringEquals": {"aws:ResourceTag/Environment": "staging"},
    "StringLike": {"ecs:cluster": "*"}, "Null": {"aws:ResourceTag/Environment": "true"}}"#;
    let text = one("Allow", condition);
    let (after, said) = fix(&text, "FL124", &[]);
    assert_eq!(after, text);
    assert!(said.err.contains("it would grant"), "{}", said.err);
}

#[test]
fn several_faults_of_one_statement_are_all_mended() {
    let condition = r#"{"StringEqualsIfExists": {"aws:ResourceTag/Environment": "staging", "aws:ResourceTag/Team": "pay"}}"#;
    let (after, said) = fix(&one("Allow", condition), "FL122", &[]);
    let after: Value = serde_json::from_str(&after).unwrap();
    let condition = &after["Statement"][0]["Condition"];
    assert_eq!(condition["StringEquals"]["aws:ResourceTag/Environment"], "staging", "{said:?}");
    assert_eq!(with_fix(&said), 0, "{said:?}");
}

#[test]
fn what_is_ignored_or_known_is_not_corrected() {
    let ignores =
        "[[ignore]]\nrule = \"FL122\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-03-31\n";
    let sandbox = Sandbox::new(&[("case.json", POLICY), ("fortem-lint.toml", ignores)]);
    let said = sandbox.check(&["case.json", "--select", "FL122", "--fix"]);
    assert_eq!((sandbox.read("case.json").as_str(), said.err.as_str()), (POLICY, ""));
    let arguments = ["case.json", "--select", "FL122", "--no-ignores"];
    sandbox.check(&[&arguments[..], &["--write-baseline", "known.json"]].concat());
    sandbox.check(&[&arguments[..], &["--baseline", "known.json", "--fix"]].concat());
    assert_eq!(sandbox.read("case.json"), POLICY);
    sandbox.check(&[&arguments[..], &["--fix"]].concat());
    assert_ne!(sandbox.read("case.json"), POLICY);
}

#[test]
fn evidence_is_not_rewritten() {
    let dump = format!(
        r#"{{"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [{{"RoleName": "r", "Path": "/",
  "Arn": "arn:aws:iam::111122223333:role/r", "AttachedManagedPolicies": [],
  "RolePolicyList": [{{"PolicyName": "p", "PolicyDocument": {POLICY}}}]}}]}}"#
    );
    let sandbox = Sandbox::new(&[("case.json", &dump)]);
    let said = sandbox.check(&["case.json", "--select", "FL122", "--fix", "--unsafe-fixes"]);
    assert_eq!(sandbox.read("case.json"), dump);
    assert_eq!(
        said.err,
        "not fixed: case.json: 1 finding: it is evidence of what AWS has; correct what it was deployed from\n"
    );
    let printed = format!(r#"{{"PolicyVersion": {{"VersionId": "v1", "Document": {POLICY}}}}}"#);
    let sandbox = Sandbox::new(&[("case.json", &printed)]);
    let said = sandbox.check(&["case.json", "--select", "FL122", "--fix"]);
    assert_eq!(sandbox.read("case.json"), printed);
    assert!(
        said.err.starts_with("not fixed: case.json: 1 finding: it is evidence"),
        "{}",
        said.err
    );
}

#[test]
fn plans_templates_and_standard_input_are_not_rewritten() {
    for (text, why) in [
        (
            include_str!("../inputs/plan.json"),
            "a plan is made from a configuration; correct it there",
        ),
        (
            include_str!("../inputs/template.json"),
            "templates are not rewritten; correct the statement there",
        ),
    ] {
        let sandbox = Sandbox::new(&[("case.json", text)]);
        let said = sandbox.check(&["case.json", "--select", "FL105", "--fix"]);
        assert_eq!(sandbox.read("case.json"), text);
        assert!(said.err.ends_with(&format!(": {why}\n")), "{}", said.err);
    }
    let sandbox = Sandbox::new(&[("case.json", POLICY)]);
    let said = sandbox.check_stdin(POLICY, &["-", "--select", "FL122", "--fix"]);
    assert_eq!(said.err, "not fixed: <stdin>: 1 finding: standard input cannot be rewritten\n");
    assert_eq!(said.code, 14);
}

#[test]
fn a_document_that_is_not_valid_is_left_alone() {
    let text = POLICY.replace("\"Sid\": \"Pass\",", "\"Sid\": \"Pass\", \"Sid\": \"Own\",");
    let (after, said) = fix(&text, "FL122", &[]);
    assert_eq!(after, text);
    assert!(said.err.contains("the document is not valid; correct that first"), "{}", said.err);
}

#[test]
fn a_file_keeps_its_permissions_and_a_link_stays_one() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let sandbox = Sandbox::new(&[("real.json", POLICY)]);
        let real = sandbox.path("real.json");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.json", sandbox.path("case.json")).unwrap();
        sandbox.check(&["case.json", "--select", "FL122", "--fix"]);
        assert!(sandbox.path("case.json").is_symlink());
        assert_ne!(fs::read_to_string(&real).unwrap(), POLICY);
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

#[test]
fn what_belongs_to_fix_asks_for_it() {
    let sandbox = Sandbox::new(&[("case.json", POLICY)]);
    assert_eq!(sandbox.check(&["case.json", "--unsafe-fixes"]).code, 2);
    assert_eq!(sandbox.check(&["case.json", "--dry-run"]).code, 2);
    let both = ["case.json", "--fix", "--dry-run", "--write-baseline", "known.json"];
    assert_eq!(sandbox.check(&both).code, 2);
}
