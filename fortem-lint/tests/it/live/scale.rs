//! Many resources in few calls.

use serde_json::json;

use crate::double::{Double, MANAGEMENT, Proxy, REGION, Snapshot, collect};

#[test]
fn what_comes_in_batches_is_asked_in_batches() {
    let double = Double::start();
    let size = ["--clusters", "6", "--services", "25", "--tasks", "5", "--roles", "120"];
    double.seed("scale", &size);
    let proxy = Proxy::start(&double, &["--realistic"]);
    let folder = tempfile::tempdir().unwrap();
    let said = collect(proxy.endpoint(), folder.path()).run();
    assert_eq!(said.code, 0, "{said:?}");
    let snapshot = Snapshot::read(folder.path());
    let inventory = snapshot.file(&format!("{MANAGEMENT}/{REGION}.json"));
    let count = |list: &str| inventory[list].as_array().unwrap().len();
    assert_eq!(["clusters", "services", "tasks", "taskDefinitions"].map(count), [6, 150, 750, 4]);
    let iam = snapshot.file(&format!("{MANAGEMENT}/iam.json"));
    assert_eq!(iam["RoleDetailList"].as_array().unwrap().len(), 120);
    let calls = proxy.stats().calls;
    let made = |operation: &str| calls[&format!("ecs:{operation}")];
    // Of each cluster, 25 services ten at a time and 125 tasks in pages and batches of a hundred.
    assert_eq!(made("DescribeClusters"), 1);
    assert_eq!(made("ListServices"), 6);
    assert_eq!(made("DescribeServices"), 18);
    assert_eq!(made("ListTasks"), 12);
    assert_eq!(made("DescribeTasks"), 12);
    assert_eq!(made("DescribeTaskDefinition"), 4);
}

#[test]
fn every_region_that_is_enabled_is_read() {
    let double = Double::start();
    double.seed("empty", &[]);
    let proxy = Proxy::start(&double, &["--realistic"]);
    let read = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join(name);
        let lint = crate::double::Lint::new(proxy.endpoint()).args(["collect", "--out"]);
        let said = lint.args([&out]).run();
        (said, Snapshot::read(&out))
    };
    let (said, snapshot) = read("all");
    assert_eq!(said.code, 0, "{said:?}");
    let regions = snapshot.file("snapshot.json")["accounts"][0]["regions"].as_array().unwrap();
    assert!(regions.len() > 16 && regions.contains(&json!("us-east-1")), "{regions:?}");
    for region in regions {
        snapshot.file(&format!("{MANAGEMENT}/{}.json", region.as_str().unwrap()));
    }
    // Nobody can say which are enabled: those that no account can switch off are read, and the others are unread.
    proxy.faults(&json!([{"op": "DescribeRegions", "fault": "denied"}]));
    let (said, snapshot) = read("always");
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(snapshot.unread(), ["123456789012/ ec2:DescribeRegions UnauthorizedOperation"]);
    assert_eq!(
        snapshot.file("snapshot.json")["accounts"][0]["regions"].as_array().unwrap().len(),
        17
    );
}
