//! Ignores: what they match, what they must say, and how each report tells of them.

use serde_json::Value;

use crate::sandbox::{POLICY, Said, Sandbox};

const ACCEPTED: &str = r#"[[ignore]]
rule = "FL105"
reason = "one team runs both"
owner = "platform"
expires = 2027-03-31
"#;

fn check(ignores: &str, arguments: &[&str]) -> Said {
    let sandbox = Sandbox::new(&[("policy.json", POLICY), ("fortem-lint.toml", ignores)]);
    let mut all = vec!["policy.json"];
    all.extend(arguments);
    sandbox.check(&all)
}

/// The rules of the findings that count, and of those that are ignored.
fn found(said: &Said) -> (Vec<String>, Vec<String>) {
    let report = said.json();
    let rules = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
    };
    (rules(&report["findings"]), rules(&report["suppressed"]))
}

fn json(ignores: &str) -> (Vec<String>, Vec<String>) {
    found(&check(ignores, &["--select", "FL104,FL105,FL72", "--format", "json"]))
}

#[test]
fn an_ignored_finding_is_listed_and_does_not_count() {
    assert_eq!(json("").0, ["FL105", "FL104"]);
    assert_eq!(json(ACCEPTED), (vec!["FL104".to_owned()], vec!["FL105".to_owned()]));
    let said = check(ACCEPTED, &["--select", "FL105", "--format", "json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let report = said.json();
    assert_eq!(report["summary"]["suppressed"], 1);
    let why = &report["suppressed"][0]["suppression"];
    assert_eq!(why["reason"], "one team runs both");
    assert_eq!(
        (why["owner"].as_str(), why["expires"].as_str()),
        (Some("platform"), Some("2027-03-31"))
    );
}

#[test]
fn without_ignores_everything_counts() {
    let said = check(ACCEPTED, &["--select", "FL105", "--no-ignores", "--format", "json"]);
    assert_eq!(said.code, 15);
    assert_eq!(found(&said), (vec!["FL105".to_owned()], Vec::new()));
}

#[test]
fn a_file_of_another_name_is_read_instead() {
    let sandbox = Sandbox::new(&[
        ("policy.json", POLICY),
        ("fortem-lint.toml", ACCEPTED),
        ("other.toml", &ACCEPTED.replace("FL105", "FL104")),
    ]);
    let arguments = [
        "policy.json",
        "--select",
        "FL104,FL105",
        "--format",
        "json",
        "--ignore-file",
        "other.toml",
    ];
    let said = sandbox.check(&arguments);
    assert_eq!(found(&said), (vec!["FL105".to_owned()], vec!["FL104".to_owned()]));
}

#[test]
fn every_matcher_must_match() {
    let with = |line: &str| json(&format!("{ACCEPTED}{line}\n")).1;
    assert_eq!(with(r#"arn = "policy.*""#), ["FL105"]);
    assert_eq!(with(r#"arn = "arn:aws:ecs:*""#), ["FL105"]);
    assert_eq!(with(r#"arn = "arn:aws:iam::*""#), Vec::<String>::new());
    assert_eq!(with(r#"environment = "prod""#), ["FL105"]);
    assert_eq!(with(r#"environment = "dev""#), Vec::<String>::new());
    assert_eq!(with(r#"account = "111122223333""#), Vec::<String>::new());
    let named = |rule: &str| json(&ACCEPTED.replace("FL105", rule)).1;
    assert_eq!(named("mutate-unscoped"), ["FL105"]);
    assert_eq!(named("FL10"), ["FL105", "FL104"]);
    assert_eq!(named("FL104"), ["FL104"]);
}

#[test]
fn accounts_and_principals_of_a_dump_are_matched() {
    let account = include_str!("../inputs/account.json");
    let alice = "arn:aws:iam::111122223333:user/people/alice";
    let with = |line: &str| {
        let ignores = format!("{ACCEPTED}{line}\n");
        let sandbox = Sandbox::new(&[("account.json", account), ("fortem-lint.toml", &ignores)]);
        let said = sandbox.check(&["account.json", "--select", "FL105", "--format", "json"]);
        let report = said.json();
        let list = report["suppressed"].as_array().unwrap().clone();
        list.iter().map(|one| one["principal"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(with(r#"account = "111122223333""#), [alice]);
    assert_eq!(with(r#"account = "444455556666""#), Vec::<String>::new());
    assert_eq!(with(r#"arn = "arn:aws:iam::*:user/people/*""#), [alice]);
    assert_eq!(with(r#"arn = "arn:aws:iam::*:user/people""#), Vec::<String>::new());
}

#[test]
fn the_last_day_counts_and_the_next_does_not() {
    let on = |day: &str| {
        let sandbox = Sandbox::new(&[("policy.json", POLICY), ("fortem-lint.toml", ACCEPTED)]);
        let said = sandbox.run(&[
            "check",
            "policy.json",
            "--select",
            "FL105,FL720",
            "--format",
            "json",
            "--today",
            day,
        ]);
        found(&said).0
    };
    assert_eq!(on("2027-03-31"), Vec::<String>::new());
    assert_eq!(on("2027-04-01"), ["FL105", "FL720"]);
}

#[test]
fn an_expired_ignore_says_what_counts_by_it() {
    let expired = ACCEPTED.replace("FL105", "FL10").replace("2027", "2026");
    let message = |ignores: &str| {
        let said = check(ignores, &["--select", "FL104,FL105,FL720", "--format", "json"]);
        let report = said.json();
        let findings = report["findings"].as_array().unwrap();
        let one = findings.iter().find(|one| one["rule"] == "FL720").unwrap();
        one["message"].as_str().unwrap().to_owned()
    };
    let begin = "the ignore of `FL10` expired after 2026-03-31, so that";
    assert_eq!(message(&expired), format!("{begin} 2 findings count again"));
    assert_eq!(message(&format!("{expired}{ACCEPTED}")), format!("{begin} a finding counts again"));
}

#[test]
fn an_ignore_is_not_unused_because_its_rule_or_severity_is_left_out() {
    let unused = ACCEPTED.replace("FL105", "FL602");
    assert_eq!(json(&unused).0, ["FL105", "FL104"], "FL602 was not run");
    let said =
        check(ACCEPTED, &["--select", "FL105,FL720", "--min-severity", "low", "--format", "json"]);
    assert_eq!(said.json()["summary"]["rules"].as_array().unwrap().len(), 2);
    assert_eq!(found(&said).0, Vec::<String>::new());
}

#[test]
fn an_ignore_of_what_is_too_mild_to_be_told_is_used() {
    let policy = POLICY.replace("sts:GetCallerIdentity", "ecs:StopTask");
    let ignores = ACCEPTED.replace("FL105", "redundant-statement");
    let rules = |severity: &str| {
        let sandbox = Sandbox::new(&[("policy.json", &policy), ("fortem-lint.toml", &ignores)]);
        let arguments = ["policy.json", "--select", "FL705,FL720", "--format", "json"];
        let persona = ["--persona", "auditor", "--min-severity", severity];
        found(&sandbox.check(&[&arguments[..], &persona].concat()))
    };
    assert_eq!(rules("informational"), (Vec::new(), vec!["FL705".to_owned()]));
    assert_eq!(rules("low"), (Vec::new(), Vec::new()));
}

#[test]
fn severities_that_are_not_told_are_not_told_as_ignored_either() {
    let said = check(ACCEPTED, &["--min-severity", "critical", "--format", "json"]);
    assert_eq!(found(&said).1, ["FL105"]);
    let ignores = ACCEPTED.replace("FL105", "FL104");
    let said = check(&ignores, &["--min-severity", "critical", "--format", "json"]);
    assert_eq!(found(&said).1, Vec::<String>::new());
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_place() {
    for (name, ignores) in [
        ("missing", "[[ignore]]\nrule = \"FL105\"\n"),
        ("unknown", &format!("{ACCEPTED}regoin = \"eu-west-1\"\n")),
        ("rule", &ACCEPTED.replace("FL105", "FL999")),
        ("own-rule", &ACCEPTED.replace("FL105", "stale-ignore")),
        ("date", &ACCEPTED.replace("2027-03-31", "\"next spring\"")),
        ("account", &format!("{ACCEPTED}account = \"1111\"\n")),
        ("table", "[ignore]\nrule = \"FL105\"\n"),
        ("syntax", "[[ignore]\nrule = \"FL105\"\n"),
        ("type", &ACCEPTED.replace("\"platform\"", "7")),
    ] {
        let said = check(ignores, &[]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{name}: {said:?}");
        insta::with_settings!({ snapshot_path => "../snapshots/ignores", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, said.err);
        });
    }
}

#[test]
fn every_report_says_what_is_ignored_and_why() {
    for format in ["text", "md", "html", "soc2", "sarif"] {
        let said = check(ACCEPTED, &["--select", "FL105", "--format", format]);
        for word in ["one team runs both", "platform", "2027-03-31"] {
            assert!(said.out.contains(word), "{format}: {}", said.out);
        }
    }
    let text = check(ACCEPTED, &["--select", "FL105"]).out;
    assert!(
        text.contains("ignored       1 finding by platform until 2027-03-31: one team runs both\n"),
        "{text}"
    );
}

#[test]
fn sarif_has_what_is_ignored_with_its_suppression() {
    let log = check(ACCEPTED, &["--select", "FL104,FL105", "--format", "sarif"]).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert!(results[0].get("suppressions").is_none());
    assert_eq!(results[1]["ruleId"], "FL105");
    assert_eq!(results[1]["suppressions"][0]["kind"], "external");
    assert_eq!(results[1]["suppressions"][0]["status"], "accepted");
}

#[test]
fn a_criterion_whose_findings_are_accepted_does_not_simply_pass() {
    let verdict = |ignores: &str| {
        let evidence = check(ignores, &["--select", "FL105", "--format", "soc2"]).json();
        let criteria = evidence["criteria"].as_array().unwrap();
        let one = criteria.iter().find(|one| one["id"] == "CC6.1").unwrap().clone();
        (
            one["verdict"].as_str().unwrap().to_owned(),
            one["accepted_exceptions"].as_array().unwrap().len(),
        )
    };
    assert_eq!(verdict(""), ("fail".to_owned(), 0));
    assert_eq!(verdict(ACCEPTED), ("accepted".to_owned(), 1));
}

#[test]
fn old_data_is_told_by_the_day_that_is_given() {
    let on = |day: &str| {
        let sandbox = Sandbox::new(&[("policy.json", POLICY)]);
        let said = sandbox.run(&[
            "check",
            "policy.json",
            "--select",
            "FL721",
            "--format",
            "json",
            "--today",
            day,
        ]);
        (said.code, found(&said).0.len())
    };
    // The data is of 2026-09-26.
    assert_eq!(on("2026-12-25"), (0, 0));
    assert_eq!(on("2026-12-26"), (0, 1));
    let said = Sandbox::new(&[]).run(&["check", ".", "--today", "tomorrow"]);
    assert_eq!(said.code, 2);
}
