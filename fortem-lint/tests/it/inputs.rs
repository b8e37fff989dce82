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

/// The dump in two pages: the first one has the roles, the second one all the rest.
fn pages() -> [String; 2] {
    let mut all: serde_json::Value = serde_json::from_str(&text("account.json")).unwrap();
    let roles = all.as_object_mut().unwrap().remove("RoleDetailList").unwrap();
    let first = serde_json::json!({"RoleDetailList": roles, "IsTruncated": true, "Marker": "x"});
    [first.to_string(), all.to_string()]
}

/// What is read of files of a folder, by name and text.
fn read_files(files: &[(&str, &str)]) -> input::Readings {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (entries, problems) = input::entries(&[folder.path().to_owned()]);
    assert!(problems.is_empty(), "{problems:?}");
    input::read_all(&entries)
}

fn said(not_assessed: &[input::NotAssessed]) -> Vec<String> {
    not_assessed.iter().filter(|one| one.incomplete).map(ToString::to_string).collect()
}

#[test]
fn pages_of_an_account_are_judged_as_one() {
    let [first, last] = pages();
    let whole = read("account.json");
    let of_whole = judge(&whole);
    let read = read_files(&[("1.json", &first), ("2.json", &last)]);
    assert_eq!(said(&read.not_assessed), said(&whole.not_assessed));
    let [unit] = read.units.as_slice() else { panic!("one account") };
    assert_eq!(unit.principals.len(), whole.units[0].principals.len());
    let missing = unit.principals.iter().flat_map(|one| &one.missing).collect::<Vec<_>>();
    assert_eq!(missing, ["arn:aws:iam::111122223333:policy/elsewhere"]);
    let environments = Environments::inferred(&read.units);
    let selection = Selection { select: vec!["FL105".to_owned()], ..Selection::default() };
    let reference = Reference::builtin().unwrap();
    let report = check(&read.units, &environments, None, reference, &selection);
    let facts = |report: &Report| -> Vec<(Option<String>, String)> {
        let findings = report.findings.iter();
        findings.map(|one| (one.principal.clone(), one.pointer.clone())).collect()
    };
    assert_eq!(facts(&report), facts(&of_whole));
    assert!(report.findings[0].file.ends_with("2.json"), "{}", report.findings[0].file);
}

#[test]
fn without_its_last_page_an_account_is_incomplete() {
    let [first, last] = pages();
    let last = last.replacen('{', "{\"IsTruncated\": true, \"Marker\": \"y\",", 1);
    let read = read_files(&[("1.json", &first), ("2.json", &last)]);
    let said = said(&read.not_assessed);
    let end = said.iter().find(|one| one.contains("IsTruncated")).unwrap();
    assert!(end.starts_with("account 111122223333 in ") && end.contains("2.json goes on"), "{end}");
}

#[test]
fn whole_dumps_of_one_account_are_no_pages() {
    let text = text("account.json");
    let read = read_files(&[("monday.json", &text), ("tuesday.json", &text)]);
    assert_eq!(read.units.len(), 2);
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.json");
    // Without content on the disk, and without time to read it.
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    fs::write(folder.path().join("account.json"), text("account.json")).unwrap();
    let (entries, _) = input::entries(&[folder.path().to_owned()]);
    let read = input::read_all(&entries);
    assert!(said(&read.not_assessed)[1].ends_with("large.json is larger than 512 MiB"));
    assert_eq!(read.units.len(), 1, "the rest is judged");
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (&b"{\"Statement\": \"\xff\"}"[..], "is not UTF-8: byte 15 begins no character"),
        (&utf16, "is UTF-16, as Windows PowerShell writes what it redirects"),
        (b"{\"RoleDetailList\": [{\"RoleName\": \"a\0\"}]}", "is not JSON: control character"),
        (b"{\"RoleDetailList\": 7}", "`RoleDetailList` cannot be read"),
        (b"{\"RoleDetailList\": [null]}", "`RoleDetailList/0` cannot be read"),
    ] {
        let path = folder.path().join("x.json");
        fs::write(&path, bytes).unwrap();
        let read = input::read_all(&input::entries(&[path]).0);
        let said = said(&read.not_assessed).join("; ");
        assert!(said.contains(expected), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_named_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink(folder.path(), folder.path().join("round")).unwrap();
    let (entries, problems) = input::entries(&[folder.path().to_owned()]);
    assert!(entries.is_empty());
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(said[0].ends_with("pipe is neither a file nor a folder"), "{said:?}");
    assert!(said[1].ends_with("round is a link to a folder; name that folder"), "{said:?}");
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

/// The folder of real policies beside the project, where it is.
#[test]
fn real_policies_and_accounts_are_judged_or_named() {
    let Some(corpora) = std::env::var_os("FORTEM_CORPORA") else { return };
    let (entries, problems) = input::entries(&[corpora.into()]);
    let read = input::read_all(&entries);
    assert_eq!(read.inputs.len(), entries.len());
    let unknown = read.inputs.iter().filter(|one| one.kind == Kind::Unknown);
    for input in unknown {
        let named = read.not_assessed.iter().any(|one| one.what == input.file);
        assert!(named, "{} is passed over in silence", input.file);
    }
    assert!(read.units.len() > 1000, "{} units, {problems:?}", read.units.len());
    // Every hundredth: a build for tests takes its time.
    let environments = Environments::inferred(&read.units);
    let units: Vec<_> = read.units.into_iter().step_by(100).collect();
    let reference = Reference::builtin().unwrap();
    let report = check(&units, &environments, None, reference, &Selection::default());
    assert_eq!(
        report.summary.policies,
        units.iter().map(|unit| unit.policies.len()).sum::<usize>()
    );
}

/// An account with one role and a text that makes it as large as `bytes`; `truncated` tells that it goes on.
fn large_account(account: &str, role: &str, bytes: usize, truncated: bool) -> String {
    let filling = "x".repeat(bytes);
    format!(
        r#"{{"Filling": "{filling}", "UserDetailList": [], "GroupDetailList": [], "Policies": [],
        "IsTruncated": {truncated}, "RoleDetailList": [{{"RoleName": "{role}", "Path": "/",
        "Arn": "arn:aws:iam::{account}:role/{role}", "AttachedManagedPolicies": [], "RolePolicyList": [],
        "Tags": [{{"Key": "Env", "Value": "live"}}], "AssumeRolePolicyDocument": {{"Version": "2012-10-17",
        "Statement": []}}}}]}}"#
    )
}

#[test]
fn large_inputs_are_read_in_batches_and_pages_together() {
    let folder = tempfile::tempdir().unwrap();
    let half = 9 << 20;
    for (name, account, role, goes_on) in [
        ("a.json", "111122223333", "alice", true),
        ("b.json", "444455556666", "bob", false),
        ("c.json", "111122223333", "carol", false),
    ] {
        let text = large_account(account, role, half, goes_on);
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (entries, _) = input::entries(&[folder.path().to_owned()]);
    let survey = input::Survey::of(entries, true);
    let roles = survey.into_readings().map(|(batch, readings)| {
        assert_eq!(readings.not_assessed, [], "{:?}", batch.entries());
        let principals = readings.units.iter().flat_map(|unit| &unit.principals);
        let names: Vec<String> = principals.map(|one| one.name.clone()).collect();
        (names, readings.units.len(), batch.is_last())
    });
    let roles: Vec<_> = roles.collect();
    let names = |names: &[&str]| names.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    // The two pages of one account are judged together, apart from the other account.
    assert_eq!(roles, [(names(&["alice", "carol"]), 1, false), (names(&["bob"]), 1, true)]);
}

#[test]
fn what_is_read_in_batches_tells_of_its_environments_first() {
    let folder = tempfile::tempdir().unwrap();
    for (name, account) in [("a.json", "111122223333"), ("b.json", "444455556666")] {
        let text = large_account(account, "alice", 9 << 20, false);
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (entries, _) = input::entries(&[folder.path().to_owned()]);
    let environments = input::Survey::of(entries, true).seen.conclude();
    assert_eq!(environments.tag_key(), "Env");
    assert_eq!(environments.all()[0].name, "live");
}

#[test]
fn a_name_as_long_as_a_file_is_no_burden() {
    let action = format!("ecs:{}", "x".repeat(2_000_000));
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}]}}"#
    );
    let reading = input::of_text("policy.json", text, true);
    let environments = Environments::inferred(&reading.units);
    let report = check(
        &reading.units,
        &environments,
        None,
        Reference::builtin().unwrap(),
        &Selection::default(),
    );
    assert!(report.findings.iter().any(|one| one.rule == "FL703"));
}
