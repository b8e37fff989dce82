//! Answers that are whole and cannot be true, or leave out what was asked: they are not believed.

use serde_json::{Value, json};

use super::collected;
use super::denied::as_member;
use crate::double::{FLEET, Lint, SINGLE, Snapshot};

/// Two calls contradict each other: a cluster that is described is there, whatever is said where its services are listed.
#[test]
fn clusters_that_are_said_to_be_gone() {
    let code = "ClusterNotFoundException";
    let rules =
        json!([{"op": "ListServices", "times": 1, "fault": "error", "status": 400, "code": code}]);
    let read = collected(&SINGLE, &rules, &[]);
    assert_eq!(read.said.code, 3, "{:?}", read.said);
    let unread = ["123456789012/eu-west-1 ecs:ListServices ClusterNotFoundException"];
    assert_eq!(read.snapshot.unread(), unread);
}

/// Of clusters that no call finds nothing is missing.
#[test]
fn clusters_that_go_between_two_calls() {
    let code = "ClusterNotFoundException";
    let gone = |op| json!({"op": op, "fault": "error", "status": 400, "code": code});
    let file = SINGLE.whole().file("123456789012/eu-west-1.json");
    let clusters = file["clusters"].as_array().unwrap().iter();
    let missing = clusters.map(|one| json!({"arn": one["clusterArn"], "reason": "MISSING"}));
    let body = json!({"failures": missing.collect::<Vec<Value>>()}).to_string();
    let described = json!({"op": "DescribeClusters", "fault": "answer", "body": body});
    let rules = json!([gone("ListServices"), gone("ListTasks"), described]);
    let read = collected(&SINGLE, &rules, &[]);
    assert_eq!(read.snapshot.unread(), [""; 0], "{:?}", read.said);
    assert_eq!(read.said.code, 0, "{:?}", read.said);
}

/// Whoever asks about something gets a word about it.
#[test]
fn descriptions_of_nothing_are_not_believed() {
    let operations =
        ["DescribeClusters", "DescribeServices", "DescribeTasks", "DescribeTaskDefinition"];
    for op in operations {
        let read = collected(&SINGLE, &json!([{"op": op, "fault": "answer"}]), &[]);
        assert_eq!(read.said.code, 3, "{op}: {:?}", read.said);
        let unread = read.snapshot.unread();
        let of_operation = format!("123456789012/eu-west-1 ecs:{op} ");
        assert!(unread.iter().any(|one| one.starts_with(&of_operation)), "{op}: {unread:?}");
    }
}

/// Of an Organization, whoever asks is a part. No service answers so, and it is not believed.
#[test]
fn an_organization_that_is_empty_is_not_believed() {
    for op in ["ListRoots", "ListAccountsForParent"] {
        let rules = json!([{"op": op, "fault": "answer"}]);
        let read = collected(&FLEET, &rules, &[]);
        assert_eq!(read.said.code, 3, "{:?}", read.said);
        let unread = read.snapshot.unread();
        assert_eq!(unread, ["123456789012/ organizations:ListRoots IncompleteAnswer"], "{op}");
        assert!(!read.snapshot.names().contains(&"organization.json"), "{op}");
    }
}

/// So it is with the bare double, which shows members a root without anything below it.
#[test]
fn an_organization_that_contradicts_itself_is_not_believed() {
    let (said, snapshot) = as_member(FLEET.double.endpoint(), "platform-nonprod");
    assert_eq!(said.code, 3, "{said:?}");
    let unread = snapshot.unread();
    assert!(unread.iter().any(|one| one.contains(" organizations:")), "{unread:?}");
    assert!(!snapshot.names().contains(&"organization.json"));
}

/// A last page that says there are more.
#[test]
fn lists_that_end_before_their_end() {
    for marker in ["", "<Marker></Marker>"] {
        let body = format!(
            "<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult>\
             <IsTruncated>true</IsTruncated>{marker}</GetAccountAuthorizationDetailsResult>\
             </GetAccountAuthorizationDetailsResponse>"
        );
        let rules =
            json!([{"op": "GetAccountAuthorizationDetails", "fault": "answer", "body": body}]);
        let read = collected(&SINGLE, &rules, &[]);
        let unread = ["123456789012/ iam:GetAccountAuthorizationDetails UnreadableAnswer"];
        let missing = ["123456789012/credentials.json", "123456789012/iam.json"];
        read.assert_short(&SINGLE, &unread, &missing);
    }
}

/// A name that is none would be the name of another file.
#[test]
fn regions_without_a_name() {
    let body = "<R><item><regionName>eu-west-1</regionName></item><item><regionName> </regionName></item></R>";
    let rules = json!([{"op": "DescribeRegions", "fault": "answer", "body": body}]);
    let proxy = SINGLE.proxy(&[]);
    proxy.faults(&rules);
    let folder = tempfile::tempdir().unwrap();
    let said = Lint::new(proxy.endpoint()).args(["collect", "--out"]).args([folder.path()]).run();
    assert_eq!(said.code, 3, "{said:?}");
    let unread = ["123456789012/ ec2:DescribeRegions UnreadableAnswer"];
    assert_eq!(Snapshot::read(folder.path()).unread(), unread);
}
