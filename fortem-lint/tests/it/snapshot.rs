//! The folder of a snapshot: what is read of it, and what is said of what is missing.

use std::fs;
use std::path::Path;

use fortem_compile::reference::Reference;
use fortem_lint::check::{Report, Selection, check};
use fortem_lint::environments::Environments;
use fortem_lint::exit::Exit;
use fortem_lint::finding::{Persona, Severity};
use fortem_lint::input::{self, Kind, NotAssessed, Reading};
use fortem_lint::snapshot::{Cluster, Inventory, Service, Tags, TaskDefinition, Variable};

const ACCOUNT: &str = "111122223333";
const SECRET: &str = "hunter22-of-production";

fn arn(rest: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:{rest}")
}

fn tags(value: &str) -> Tags {
    Tags::new(vec![("Environment".to_owned(), value.to_owned())])
}

fn inventory() -> Inventory {
    let cluster = Cluster {
        cluster_arn: arn("cluster/fleet"),
        cluster_name: "fleet".to_owned(),
        tags: Some(tags("prod")),
        ..Cluster::default()
    };
    let service = Service {
        service_arn: arn("service/fleet/web"),
        service_name: "web".to_owned(),
        cluster_arn: cluster.cluster_arn.clone(),
        task_definition: arn("task-definition/web:1"),
        tags: Some(tags("staging")),
        ..Service::default()
    };
    let variable =
        Variable { name: "DB_PASSWORD".to_owned(), value: SECRET.to_owned(), redacted: None };
    let container = fortem_lint::snapshot::Container {
        name: "web".to_owned(),
        environment: vec![variable],
        ..Default::default()
    };
    let definition = TaskDefinition {
        task_definition_arn: arn("task-definition/web:1"),
        family: "web".to_owned(),
        revision: Some(1),
        container_definitions: vec![container],
        tags: Some(Tags::default()),
        ..TaskDefinition::default()
    };
    Inventory {
        clusters: Some(vec![cluster.into()]),
        services: Some(vec![service.into()]),
        task_definitions: Some(vec![definition.into()]),
        tasks: Some(Vec::new()),
        ..Inventory::default()
    }
}

/// A snapshot of one account and Region.
fn write(folder: &Path) {
    let account = folder.join(ACCOUNT);
    fs::create_dir_all(&account).unwrap();
    let manifest = r#"{"schema": "fortem-snapshot", "version": 1, "regions": ["eu-west-1"],
        "accounts": [{"id": "111122223333", "name": "shop"}]}"#;
    fs::write(folder.join("snapshot.json"), manifest).unwrap();
    let iam =
        r#"{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}"#;
    fs::write(account.join("iam.json"), iam).unwrap();
    let text = serde_json::to_string_pretty(&inventory()).unwrap();
    fs::write(account.join("eu-west-1.json"), text).unwrap();
}

fn read(folder: &Path) -> Reading {
    let (entries, problems) = input::entries(&[folder.to_owned()]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(entries.len(), 1, "a snapshot is one input");
    let entry = entries.first().unwrap();
    input::read(entry)
}

fn judge(reading: Reading, rules: &[&str]) -> Report {
    let environments = Environments::inferred(&reading.units);
    let selection = Selection {
        select: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        persona: Some(Persona::Auditor),
        ..Selection::default()
    };
    let mut report =
        check(&reading.units, &environments, None, Reference::builtin().unwrap(), &selection);
    report.not_assessed.extend(reading.not_assessed);
    report
}

fn lines(of: &[NotAssessed]) -> String {
    of.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let reading = read(folder.path());
    assert_eq!(lines(&reading.not_assessed), "");
    assert_eq!(reading.input.kind, Kind::Snapshot);
    let [unit] = reading.units.as_slice() else { panic!("one account") };
    assert_eq!(unit.account.as_deref(), Some(ACCOUNT));
    assert_eq!(unit.account_name.as_deref(), Some("shop"));
    let resources = unit.resources.as_ref().unwrap();
    let read = serde_json::to_value(&resources.regions[0]).unwrap();
    let mut written = serde_json::to_value(inventory()).unwrap();
    written["account"] = ACCOUNT.into();
    written["region"] = "eu-west-1".into();
    assert_eq!(read, written);
    let definition = &resources.regions[0].task_definitions.as_ref().unwrap()[0];
    let place = definition.place.as_ref().unwrap();
    assert_eq!(place.pointer, "/taskDefinitions/0");
    assert!(unit.text_at(place).starts_with('{') && unit.text_at(place).contains("web:1"));
}

#[test]
fn a_list_that_is_absent_is_not_judged_and_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let report = judge(read(folder.path()), &["FL001", "FL003", "FL007"]);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let text = lines(&report.not_assessed);
    assert!(text.contains("replicationGroups in eu-west-1 of account 111122223333 not read, so not judged by FL007"), "{text}");
    assert!(!text.contains("tasks in") && !text.contains("clusters in"), "{text}");
    assert!(report.is_incomplete());
}

#[test]
fn a_credential_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let report = judge(read(folder.path()), &[]);
    assert!(report.findings.iter().any(|one| one.rule == "FL608"));
    for finding in &report.findings {
        let text = serde_json::to_string(finding).unwrap();
        assert!(!text.contains(SECRET), "{} shows it: {text}", finding.rule);
    }
}

#[test]
fn what_is_missing_or_cut_off_is_said() {
    let cases: [(&str, Option<&str>, &str); 7] = [
        ("snapshot.json", Some("{\"schema\": \"fortem-snapshot\", \"ver"), "is not JSON"),
        (
            "snapshot.json",
            Some("{\"schema\": \"fortem-snapshot\", \"version\": 2}"),
            "of version 2",
        ),
        ("111122223333/iam.json", None, "iam.json of account 111122223333 is not in the snapshot"),
        ("111122223333/iam.json", Some("{\"UserDetailList\": ["), "iam.json is not JSON"),
        (
            "111122223333/eu-west-1.json",
            None,
            "eu-west-1 of account 111122223333 is not in the snapshot",
        ),
        ("111122223333/eu-west-1.json", Some("{\"clusters\": [{"), "eu-west-1.json is not JSON"),
        (
            "111122223333/eu-west-1.json",
            Some("{\"clusters\": [{}, 7]}"),
            "`/clusters/1` cannot be read",
        ),
    ];
    for (name, text, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        match text {
            Some(text) => fs::write(folder.path().join(name), text).unwrap(),
            None => fs::remove_file(folder.path().join(name)).unwrap(),
        }
        let reading = read(folder.path());
        let said = lines(&reading.not_assessed);
        assert!(said.contains(expected), "{name}: {said}");
        assert!(reading.not_assessed.iter().all(|one| one.incomplete));
    }
}

#[test]
fn calls_that_failed_are_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let manifest = r#"{"schema": "fortem-snapshot", "version": 1, "regions": ["eu-west-1", "us-east-1"],
        "accounts": [{"id": "111122223333"}], "unread": [{"account": "111122223333", "region": "us-east-1",
        "service": "ecs", "call": "ListClusters", "reason": "AccessDeniedException"}]}"#;
    fs::write(folder.path().join("snapshot.json"), manifest).unwrap();
    let said = lines(&read(folder.path()).not_assessed);
    assert_eq!(
        said,
        "ecs:ListClusters in us-east-1 of account 111122223333 could not be read: AccessDeniedException"
    );
}

#[test]
fn what_the_command_line_prints_is_an_input() {
    let definition = r#"{"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/web:8",
        "family": "web", "revision": 8, "containerDefinitions": [{"name": "mysql", "image": "mysql",
        "environment": [{"name": "MYSQL_ROOT_PASSWORD", "value": "password"}]}]}, "tags": []}"#;
    let register = r#"{"family": "web", "containerDefinitions": [{"name": "mysql", "image": "mysql",
        "environment": [{"name": "MYSQL_ROOT_PASSWORD", "value": "password"}]}]}"#;
    for text in [definition, register] {
        let reading = input::of_text("input.json", text.to_owned(), true);
        assert_eq!(lines(&reading.not_assessed), "");
        assert_eq!(reading.input.kind, Kind::Inventory);
        let report = judge(reading, &["FL608"]);
        let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
        assert_eq!(finding.excerpt, "\"MYSQL_ROOT_PASSWORD\"");
    }
    let other = r#"{"services": [{"name": "web", "image": "nginx"}]}"#;
    assert_eq!(input::of_text("compose.json", other.to_owned(), false).input.kind, Kind::Unknown);
}

#[test]
fn a_gap_is_a_finding_for_auditors_and_leaves_the_result_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let manifest = r#"{"schema": "fortem-snapshot", "version": 1, "regions": ["eu-west-1"],
        "accounts": [{"id": "111122223333"}], "unread": [{"account": "444455556666",
        "service": "sts", "call": "AssumeRole", "reason": "AccessDenied"}]}"#;
    fs::write(folder.path().join("snapshot.json"), manifest).unwrap();
    let report = judge(read(folder.path()), &["FL508"]);
    let of_account = |number: &str| {
        report.findings.iter().filter(|one| one.account.as_deref() == Some(number)).count()
    };
    assert_eq!(of_account("444455556666"), 1);
    assert_eq!(report.summary.accounts, ["111122223333"], "the other account was not read");
    assert_eq!(Exit::of(&report, Severity::Low), Exit::Incomplete);
}

/// An account that cannot read the tree of its Organization knows which tag policy is in effect for it.
#[test]
fn the_tag_policy_in_effect_is_judged() {
    let strict = r#"{"tags": {"environment": {"tag_key": "Environment", "tag_value": ["prod", "staging"],
        "enforced_for": ["ecs:ALL_SUPPORTED"]}}}"#;
    let loose =
        r#"{"tags": {"environment": {"tag_key": "Environment", "tag_value": ["prod", "stag*"]}}}"#;
    let cases: [(&str, &[&str]); 3] =
        [(strict, &[]), (loose, &["FL503", "FL503"]), ("{}", &["FL502"])];
    for (policy, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let answer = serde_json::json!({"EffectivePolicy": {
            "PolicyContent": policy, "TargetId": ACCOUNT, "PolicyType": "TAG_POLICY"}});
        let path = folder.path().join(ACCOUNT).join("tag-policy.json");
        fs::write(path, answer.to_string()).unwrap();
        let report = judge(read(folder.path()), &["FL502", "FL503"]);
        let rules: Vec<&str> = report.findings.iter().map(|one| one.rule).collect();
        assert_eq!(rules, expected, "{policy}: {:?}", report.findings);
        assert!(report.summary.available.contains(&fortem_lint::rules::Input::TagPolicies));
    }
}

#[test]
fn a_tag_policy_that_cannot_be_read_is_told() {
    for text in [
        "{\"EffectivePolicy\": {",
        r#"{"EffectivePolicy": {"PolicyContent": "{", "TargetId": "1", "PolicyType": "TAG_POLICY"}}"#,
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        fs::write(folder.path().join(ACCOUNT).join("tag-policy.json"), text).unwrap();
        let reading = read(folder.path());
        assert!(lines(&reading.not_assessed).contains("tag-policy.json"), "{reading:?}");
    }
}
