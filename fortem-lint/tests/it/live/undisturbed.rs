//! What is read where nothing goes wrong.

use serde_json::json;

use super::collected;
use crate::double::{Double, FLEET, Lint, MANAGEMENT, REGION, SINGLE, Snapshot, collect};

#[test]
fn an_account_is_read() {
    let whole = SINGLE.whole();
    let files = ["credentials.json", "eu-west-1.json", "iam.json"];
    let mut expected: Vec<String> =
        files.iter().map(|name| format!("{MANAGEMENT}/{name}")).collect();
    expected.push("snapshot.json".to_owned());
    assert_eq!(whole.names(), expected);
    let inventory = whole.file(&format!("{MANAGEMENT}/{REGION}.json"));
    let count = |list: &str| inventory[list].as_array().unwrap().len();
    let counts =
        ["clusters", "services", "tasks", "taskDefinitions", "containerInstances"].map(count);
    assert_eq!(counts, [5, 14, 26, 14, 1]);
    let counts =
        ["logGroups", "replicationGroups", "schedules", "scheduleGroups", "scalableTargets"]
            .map(count);
    assert_eq!(counts, [12, 4, 4, 5, 4]);
    let iam = whole.file(&format!("{MANAGEMENT}/iam.json"));
    let count = |list: &str| iam[list].as_array().unwrap().len();
    assert_eq!(["UserDetailList", "GroupDetailList", "RoleDetailList"].map(count), [5, 2, 52]);
    // Of AWS's own policies, those that are attached.
    assert_eq!(count("Policies"), 30);
    let policy = &iam["RoleDetailList"][0]["AssumeRolePolicyDocument"];
    assert_eq!(policy["Version"], "2012-10-17", "documents are decoded: {policy}");
}

#[test]
fn an_organization_is_read() {
    let whole = FLEET.whole();
    let accounts = whole.file("snapshot.json")["accounts"].as_array().unwrap();
    let mut read: Vec<&str> = accounts.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let mut seeded: Vec<&str> = FLEET.manifest.accounts.iter().map(|one| &*one.id).collect();
    read.sort_unstable();
    seeded.sort_unstable();
    assert_eq!(read, seeded);
    let organization = whole.file("organization.json");
    let policies = organization["policies"].as_array().unwrap();
    let targets = |name: &str| {
        let policy = policies.iter().find(|policy| policy["name"] == name).unwrap();
        policy["targets"].as_array().unwrap().len()
    };
    let names = ["require-environment-tag", "deny-leave", "environment-values"];
    assert_eq!(names.map(targets), [1, 1, 1]);
    assert_eq!(organization["nodes"].as_array().unwrap().len(), 8);
}

#[test]
fn accounts_are_chosen() {
    let [nonprod, sandbox] = ["platform-nonprod", "sandbox"].map(|name| FLEET.account(name));
    let chosen = format!("{nonprod},{sandbox}");
    let read = collected(&FLEET, &json!([]), &["--accounts", &chosen]);
    assert_eq!(read.said.code, 0, "{:?}", read.said);
    let accounts = read.snapshot.file("snapshot.json")["accounts"].as_array().unwrap();
    let mut ids: Vec<&str> = accounts.iter().map(|one| one["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = [nonprod, sandbox];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    // What is there of the others is missing, and nothing else.
    let missing = FLEET.whole().shortfall(&read.snapshot);
    assert!(
        missing.iter().all(|name| !name.contains(nonprod) && !name.contains(sandbox)),
        "{missing:?}"
    );
    assert_eq!(missing.len(), 9, "{missing:?}");
}

#[test]
fn pages_are_put_together() {
    let proxy = SINGLE.proxy(&["--page-size", "3"]);
    let folder = tempfile::tempdir().unwrap();
    let said = SINGLE.collect(&proxy, folder.path()).run();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(SINGLE.whole().shortfall(&Snapshot::read(folder.path())), [""; 0]);
    let calls = proxy.stats().calls;
    assert!(calls["iam:GetAccountAuthorizationDetails"] >= 30, "{calls:?}");
    assert!(calls["ecs:ListTasks"] > calls["ecs:DescribeTasks"], "{calls:?}");
}

#[test]
fn calls_under_way_are_bounded() {
    let slow = json!([{"fault": "slow", "delay": 0.05}]);
    let read = collected(&SINGLE, &slow, &["--concurrency", "4"]);
    read.assert_whole(&SINGLE);
    let most = read.stats.most_in_flight;
    assert!((2..=4).contains(&most), "{most} calls at once");
}

#[test]
fn a_rate_is_kept() {
    // With an account that takes 20 calls of an operation at once, and then 20 a second, nothing is throttled.
    let proxy = SINGLE.proxy(&["--rps", "10"]);
    let folder = tempfile::tempdir().unwrap();
    let said = SINGLE.collect(&proxy, folder.path()).args(["--max-rps", "9"]).run();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(proxy.stats().met("throttle"), 0);
}

#[test]
fn a_snapshot_is_never_overwritten() {
    let proxy = SINGLE.proxy(&[]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let said = SINGLE.collect(&proxy, folder.path()).run();
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(SINGLE.collect(&proxy, folder.path()).run().code, 0);
    let before = Snapshot::read(folder.path()).texts;
    let said = SINGLE.collect(&proxy, folder.path()).run();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("holds a snapshot already"), "{said:?}");
    assert!(Snapshot::read(folder.path()).texts == before, "it was changed");
}

#[test]
fn a_region_that_is_not_enabled_is_not_passed_over() {
    let proxy = SINGLE.proxy(&[]);
    let folder = tempfile::tempdir().unwrap();
    let said = Lint::new(proxy.endpoint())
        .args(["collect", "--regions", "eu-west-1,mars-north-1", "--out"])
        .args([folder.path()])
        .run();
    assert_eq!(said.code, 3, "{said:?}");
    let snapshot = Snapshot::read(folder.path());
    assert_eq!(snapshot.unread(), ["123456789012/ ec2:DescribeRegions RegionNotEnabled"]);
    let reason = snapshot.file("snapshot.json")["unread"][0]["reason"].to_string();
    assert!(reason.contains("mars-north-1"), "{reason}");
}

/// The double alone answers some calls as no service does: what it cannot do is unread, and nothing else is lost.
#[test]
fn the_bare_double_is_read_as_far_as_it_goes() {
    let double = Double::start();
    double.seed("empty", &[]);
    let folder = tempfile::tempdir().unwrap();
    let said = collect(double.endpoint(), folder.path()).run();
    let snapshot = Snapshot::read(folder.path());
    assert_eq!(
        snapshot.unread(),
        ["123456789012/eu-west-1 elasticache:DescribeServerlessCaches HTTP500"]
    );
    assert_eq!(said.code, 3, "{said:?}");
    let inventory = snapshot.file(&format!("{MANAGEMENT}/{REGION}.json"));
    assert_eq!(inventory["clusters"], json!([]));
    assert!(inventory.get("serverlessCaches").is_none(), "none were read: {inventory}");
}
