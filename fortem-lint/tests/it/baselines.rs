//! Baselines, and what changed between two reports.

use serde_json::{Value, json};

use crate::sandbox::{POLICY, Said, Sandbox};

const SELECT: [&str; 3] = ["policy.json", "--select", "FL104,FL105"];

fn check(sandbox: &Sandbox, arguments: &[&str]) -> Said {
    let mut all = SELECT.to_vec();
    all.extend(arguments);
    sandbox.check(&all)
}

/// A sandbox whose policy has its findings in `known.json`.
fn with_baseline() -> Sandbox {
    let sandbox = Sandbox::new(&[("policy.json", POLICY)]);
    let said = check(&sandbox, &["--write-baseline", "known.json"]);
    assert_eq!(said.code, 0, "what has just been written is known");
    assert!(said.out.contains("FL105"), "the run that writes it lists everything");
    sandbox
}

fn rules(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_baseline_is_readable_and_leaves_nothing_beside_it() {
    let sandbox = with_baseline();
    assert_eq!(sandbox.names(), ["known.json", "policy.json"]);
    let baseline: Value = serde_json::from_str(&sandbox.read("known.json")).unwrap();
    assert_eq!(baseline["schema"], "fortem-lint-baseline/1");
    assert_eq!(rules(&baseline["findings"]), ["FL104", "FL105"]);
    assert!(baseline["findings"][0]["message"].as_str().unwrap().contains("logs:GetLogEvents"));
}

#[test]
fn what_is_known_does_not_count_and_what_is_new_does() {
    let sandbox = with_baseline();
    let said = check(&sandbox, &["--baseline", "known.json"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("No new findings."), "{}", said.out);
    assert!(
        said.out.contains("baseline      2 known findings not listed, 0 fixed since"),
        "{}",
        said.out
    );
    // Lines above do not make a finding new, another statement does.
    let more = r#"{ "Sid": "Update", "Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*" },"#;
    let changed = POLICY.replace("\"Statement\": [", &format!("\"Statement\": [\n\n{more}"));
    sandbox.write("policy.json", &changed);
    let said = check(&sandbox, &["--baseline", "known.json", "--format", "json"]);
    assert_eq!(said.code, 15);
    let report = said.json();
    assert_eq!(rules(&report["findings"]), ["FL105"]);
    assert_eq!(report["findings"][0]["sid"], "Update");
    assert_eq!((&report["summary"]["known"], &report["summary"]["fixed"]), (&json!(2), &json!(0)));
}

#[test]
fn what_is_gone_is_fixed_only_if_it_was_looked_for() {
    let sandbox = with_baseline();
    sandbox.write("policy.json", &POLICY.replace("logs:GetLogEvents", "logs:DescribeLogGroups"));
    let report = check(&sandbox, &["--baseline", "known.json", "--format", "json"]).json();
    assert_eq!(rules(&report["baseline"]["fixed"]), ["FL104"]);
    assert_eq!(report["summary"]["known"], 1);
    let fixed = |arguments: &[&str]| {
        let mut all = vec!["--baseline", "known.json", "--format", "json"];
        all.extend(arguments);
        sandbox.check(&all).json()["summary"]["fixed"].clone()
    };
    assert_eq!(fixed(&["policy.json", "--select", "FL105"]), 0, "by another rule");
    sandbox.write("other.json", "{\"Statement\": []}");
    assert_eq!(fixed(&["other.json"]), 0, "in another file");
    assert_eq!(fixed(&["policy.json", "missing.json"]), 0, "of an incomplete run");
}

#[test]
fn a_finding_that_has_become_worse_is_new() {
    let sandbox = with_baseline();
    let baseline = sandbox.read("known.json").replace("\"critical\"", "\"medium\"");
    sandbox.write("known.json", &baseline);
    let report = check(&sandbox, &["--baseline", "known.json", "--format", "json"]).json();
    assert_eq!(rules(&report["findings"]), ["FL105"]);
    assert_eq!(report["summary"]["fixed"], 0);
}

#[test]
fn a_baseline_knows_each_finding_once() {
    let sandbox = with_baseline();
    let mut baseline: Value = serde_json::from_str(&sandbox.read("known.json")).unwrap();
    let known = baseline["findings"].as_array_mut().unwrap();
    known.retain(|one| one["rule"] == "FL105");
    sandbox.write("known.json", &baseline.to_string());
    // Two statements of one Sid have one fingerprint.
    let twice = POLICY.replace("\"Logs\"", "\"Stop\"").replace("logs:GetLogEvents", "ecs:StopTask");
    sandbox.write("policy.json", &twice);
    let report = check(&sandbox, &["--baseline", "known.json", "--format", "json"]).json();
    assert_eq!(report["summary"]["known"], 1);
    assert_eq!(rules(&report["findings"]), ["FL105"]);
}

#[test]
fn known_findings_stay_in_sarif_and_fail_their_criteria() {
    let sandbox = with_baseline();
    let log = check(&sandbox, &["--baseline", "known.json", "--format", "sarif"]).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() == 2 && results.iter().all(|one| one["baselineState"] == "unchanged"));
    let evidence = check(&sandbox, &["--baseline", "known.json", "--format", "soc2"]).json();
    let criteria = evidence["criteria"].as_array().unwrap();
    let one = criteria.iter().find(|one| one["id"] == "CC6.1").unwrap();
    assert_eq!(one["verdict"], "fail");
}

#[test]
fn what_is_no_baseline_ends_the_run() {
    let sandbox = Sandbox::new(&[
        ("policy.json", POLICY),
        ("known.json", "{\"schema\": \"x/1\", \"findings\": []}"),
    ]);
    let said = check(&sandbox, &["--baseline", "known.json"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.err,
        "error: known.json is of the shape `x/1`, expected `fortem-lint-baseline/1`\n"
    );
    assert_eq!(check(&sandbox, &["--baseline", "policy.json"]).code, 1);
    assert_eq!(check(&sandbox, &["--baseline", "missing.json"]).code, 1);
}

#[test]
fn the_baseline_of_a_run_that_read_not_everything_is_incomplete() {
    let sandbox = Sandbox::new(&[("policy.json", POLICY)]);
    let said = check(&sandbox, &["missing.json", "--write-baseline", "known.json"]);
    assert_eq!(said.code, 3);
}

/// What changed between two policies, with the reports in `old.json` and `new.json`.
fn diff(old: &str, new: &str, arguments: &[&str]) -> (Sandbox, Said) {
    let sandbox = Sandbox::new(&[("policy.json", old)]);
    sandbox.write("old.json", &check(&sandbox, &["--format", "json"]).out);
    sandbox.write("policy.json", new);
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    sandbox.write("new.json", &check(&sandbox, &all).out);
    let said = sandbox.run(&["diff", "old.json", "new.json"]);
    (sandbox, said)
}

#[test]
fn nothing_new_is_clean() {
    let (_, said) = diff(POLICY, POLICY, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("unchanged                2\n"), "{}", said.out);
}

#[test]
fn new_and_fixed_findings_are_told() {
    let new = POLICY.replace("logs:GetLogEvents", "ecs:UpdateService");
    let (sandbox, said) = diff(POLICY, &new, &[]);
    assert_eq!(said.code, 15);
    insta::with_settings!({ snapshot_path => "../snapshots/reports", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("diff", said.out);
    });
    let said = sandbox.run(&["diff", "old.json", "new.json", "--format", "json"]);
    let difference = said.json();
    assert_eq!(rules(&difference["new"]), ["FL105"]);
    assert_eq!(rules(&difference["fixed"]), ["FL104"]);
    assert_eq!(difference["unchanged"], 1);
    // Seen the other way round, what was fixed is new; it is only high.
    assert_eq!(sandbox.run(&["diff", "new.json", "old.json"]).code, 14);
    assert_eq!(sandbox.run(&["diff", "new.json", "old.json", "--fail-on", "critical"]).code, 0);
}

#[test]
fn what_is_accepted_or_known_is_neither_new_nor_fixed() {
    let ignores =
        "[[ignore]]\nrule = \"FL104\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-03-31\n";
    let sandbox = Sandbox::new(&[("policy.json", POLICY), ("ignores.toml", ignores)]);
    let run = |name: &str, arguments: &[&str]| {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        sandbox.write(name, &check(&sandbox, &all).out);
    };
    run("old.json", &[]);
    run("new.json", &["--ignore-file", "ignores.toml"]);
    let between = |old: &str, new: &str| {
        let difference = sandbox.run(&["diff", old, new, "--format", "json"]).json();
        let count = |list: &str| difference[list].as_array().unwrap().len();
        (
            count("new"),
            count("fixed"),
            count("suppressed"),
            difference["unchanged"].as_u64().unwrap(),
        )
    };
    assert_eq!(between("old.json", "new.json"), (0, 0, 1, 1));
    check(&sandbox, &["--write-baseline", "known.json"]);
    run("new.json", &["--baseline", "known.json"]);
    assert_eq!(between("old.json", "new.json"), (0, 0, 0, 2));
}

#[test]
fn nothing_is_fixed_that_the_later_report_did_not_look_for() {
    let (sandbox, _) = diff(POLICY, POLICY, &["--ignore", "FL104"]);
    let difference = sandbox.run(&["diff", "old.json", "new.json", "--format", "json"]).json();
    assert_eq!(rules(&difference["not_judged"]), ["FL104"]);
    let (_, said) = diff(POLICY, POLICY, &["missing.json"]);
    assert_eq!(said.code, 3, "{said:?}");
}

#[test]
fn what_is_no_report_ends_the_comparison() {
    let sandbox = Sandbox::new(&[("policy.json", POLICY)]);
    let said = sandbox.run(&["diff", "policy.json", "policy.json"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.starts_with("error: policy.json is no report of `--format json`"),
        "{}",
        said.err
    );
}
