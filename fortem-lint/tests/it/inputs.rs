//! What each kind of input gives, and what is said of input that is wrong.

use std::fs;
use std::path::Path;

use fortem_compile::reference::Reference;
use fortem_lint::check::{Report, Selection, check};
use fortem_lint::environments::Environments;
use fortem_lint::input::{self, Kind, Reading};

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs").join(name);
    fs::read_to_string(path).unwrap()
}

fn read(name: &str) -> Reading {
    input::of_text(name, text(name), true)
}

fn judge(reading: &Reading) -> Report {
    let environments = Environments::inferred(&reading.units);
    let selection = Selection { select: vec!["FL105".to_owned()], ..Selection::default() };
    check(&reading.units, &environments, None, Reference::builtin().unwrap(), &selection)
}

/// Of each finding: whose, in what, where.
fn places(report: &Report) -> Vec<(&str, &str, usize)> {
    let findings = report.findings.iter();
    findings
        .map(|one| {
            (one.principal.as_deref().unwrap_or(""), one.pointer.as_str(), one.position.line)
        })
        .collect()
}

#[test]
fn groups_grant_boundaries_limit_and_old_versions_are_not_in_force() {
    let reading = read("account.json");
    assert_eq!(reading.input.kind, Kind::AuthorizationDetails);
    let report = judge(&reading);
    assert_eq!(
        places(&report),
        [(
            "arn:aws:iam::111122223333:user/people/alice",
            "/GroupDetailList/0/GroupPolicyList/0/PolicyDocument/Statement/0",
            20
        )]
    );
}

#[test]
fn a_policy_that_is_attached_and_not_in_the_dump_makes_the_result_incomplete() {
    let reading = read("account.json");
    let said: Vec<String> = reading.not_assessed.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "arn:aws:iam::111122223333:policy/elsewhere of arn:aws:iam::111122223333:role/deployer is not in the input"
        ]
    );
    assert!(reading.not_assessed[0].incomplete);
}

#[test]
fn further_pages_that_are_missing_make_the_result_incomplete() {
    let text = text("account.json").replacen('{', "{ \"IsTruncated\": true, \"Marker\": \"x\",", 1);
    let reading = input::of_text("account.json", text, true);
    let truncated = reading.not_assessed.last().unwrap();
    assert!(truncated.incomplete && truncated.why.contains("IsTruncated"), "{truncated}");
    assert_eq!(judge(&reading).findings.len(), 1, "what is there is judged");
}

#[test]
fn an_entry_that_cannot_be_read_leaves_the_others() {
    let text = text("account.json").replace("\"RoleName\": \"deployer\"", "\"RoleName\": 7");
    let reading = input::of_text("account.json", text, true);
    let said = reading.not_assessed[0].to_string();
    assert!(said.contains("`RoleDetailList/0` cannot be read"), "{said}");
    // Its managed policy is that of whoever has it.
    assert_eq!(judge(&reading).findings.len(), 2);
}

#[test]
fn a_plan_is_put_together_through_its_references() {
    let reading = read("plan.json");
    assert_eq!(reading.input.kind, Kind::TerraformPlan);
    let report = judge(&reading);
    assert_eq!(
        places(&report),
        [(
            "arn:aws:iam::111122223333:role/people/dev",
            "/planned_values/root_module/resources/0/values/policy/Statement/0",
            15
        )]
    );
    let said: Vec<String> = reading.not_assessed.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["`policy` of aws_iam_role_policy.x in plan.json is only known after the plan is applied"]
    );
}

#[test]
fn a_template_is_judged_with_its_functions_resolved() {
    let reading = read("template.json");
    assert_eq!(reading.input.kind, Kind::CloudFormation);
    let report = judge(&reading);
    let role = "arn:aws:iam::111122223333:role/dev-staging";
    assert_eq!(
        places(&report),
        [
            (role, "/Resources/Dev/Properties/Policies/0/PolicyDocument/Statement/1", 64),
            (role, "/Resources/Shared/Properties/PolicyDocument/Statement/0", 93),
        ]
    );
    assert!(reading.not_assessed.is_empty());
}

#[test]
fn input_that_is_wrong_is_named_with_its_fault() {
    let deep = format!("{{\"Statement\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (text, said) in [
        ("", "x is none of the inputs that can be judged"),
        ("# Readme", "x is none of the inputs that can be judged"),
        ("{\"a\": 1}", "x is none of the inputs that can be judged"),
        ("{\"UserDetailList\": [", "x is not JSON: EOF while parsing a list, at line 1, column 20"),
        (
            "{\"RoleDetailList\": [], \"RoleDetailList\": []}",
            "x is not JSON: duplicate field `RoleDetailList`, at line 1, column 39",
        ),
        (deep.as_str(), ""),
    ] {
        let reading = input::of_text("x", text.to_owned(), true);
        match reading.not_assessed.as_slice() {
            [] => assert_eq!(said, ""),
            [one] => {
                assert_eq!(one.to_string(), said);
                assert!(one.incomplete);
            }
            more => panic!("{more:?}"),
        }
    }
}

#[test]
fn a_file_that_is_no_input_is_only_counted_unless_it_was_named() {
    let reading = input::of_text("README.md", "# Policies".to_owned(), false);
    assert!(!reading.not_assessed[0].incomplete);
    let reading = input::of_text("account.json", "{\"RoleDetailList\": [".to_owned(), false);
    assert!(reading.not_assessed[0].incomplete, "it is meant to be an account");
}

#[test]
fn a_byte_order_mark_is_left_out_and_said() {
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}}"#;
    let reading = input::of_text("policy.json", format!("\u{feff}{policy}"), true);
    assert_eq!(
        reading.not_assessed[0].to_string(),
        "policy.json begins with a byte order mark, which AWS refuses; it was left out"
    );
    assert_eq!(judge(&reading).findings.len(), 1);
}
