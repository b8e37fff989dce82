//! What may not be read: an operation, a Region, an account, and credentials that end.

use serde_json::{Value, json};

use super::collected;
use crate::double::{FLEET, Lint, MANAGEMENT, Proxy, REGION, SINGLE, Snapshot, collect};

#[test]
fn an_operation() {
    let rules = json!([{"op": "DescribeClusters", "fault": "denied"}]);
    let read = collected(&SINGLE, &rules, &[]);
    let unread = ["123456789012/eu-west-1 ecs:DescribeClusters AccessDeniedException"];
    // Which capacity providers there are is said by clusters alone.
    let missing = [
        "123456789012/eu-west-1.json capacityProviders: absent",
        "123456789012/eu-west-1.json clusters: absent",
    ];
    read.assert_short(&SINGLE, &unread, &missing);
}

#[test]
fn every_operation_of_a_kind_is_named() {
    let rules = json!([{"op": "ListTagsForResource", "fault": "denied"}]);
    let read = collected(&SINGLE, &rules, &[]);
    let unread = [
        "123456789012/eu-west-1 application-autoscaling:ListTagsForResource AccessDeniedException",
        "123456789012/eu-west-1 elasticache:ListTagsForResource AccessDenied",
        "123456789012/eu-west-1 logs:ListTagsForResource AccessDeniedException",
        "123456789012/eu-west-1 scheduler:ListTagsForResource AccessDeniedException",
    ];
    let missing = [
        "123456789012/eu-west-1.json cacheUsers: 1",
        "123456789012/eu-west-1.json logGroups: 12",
        "123456789012/eu-west-1.json replicationGroups: 4",
        "123456789012/eu-west-1.json scalableTargets: 4",
        "123456789012/eu-west-1.json scheduleGroups: 5",
    ];
    read.assert_short(&SINGLE, &unread, &missing);
    let untagged = &read.snapshot.file("123456789012/eu-west-1.json")["logGroups"][0];
    assert!(untagged.get("tags").is_none(), "tags that were not read are not empty: {untagged}");
}

#[test]
fn a_region() {
    let proxy = SINGLE.proxy(&[]);
    proxy.faults(&json!([{"region": "eu-central-1", "fault": "denied"}]));
    let folder = tempfile::tempdir().unwrap();
    let said = Lint::new(proxy.endpoint())
        .args(["collect", "--regions", "eu-central-1,eu-west-1", "--out"])
        .args([folder.path()])
        .run();
    assert_eq!(said.code, 3, "{said:?}");
    let snapshot = Snapshot::read(folder.path());
    let unread = snapshot.unread();
    assert!(
        unread.contains(
            &"123456789012/eu-central-1 ecs:ListClusters AccessDeniedException".to_owned()
        ),
        "{unread:?}"
    );
    assert!(unread.iter().all(|one| one.starts_with("123456789012/eu-central-1 ")), "{unread:?}");
    let denied = snapshot.file("123456789012/eu-central-1.json").as_object().unwrap();
    let lists: Vec<&String> =
        denied.iter().filter(|(_, list)| list.is_array()).map(|(name, _)| name).collect();
    assert!(lists.is_empty(), "nothing is known to be empty: {lists:?}");
    for file in ["123456789012/eu-west-1.json", "123456789012/iam.json"] {
        assert_eq!(snapshot.file(file), SINGLE.whole().file(file));
    }
}

#[test]
fn the_region_with_everything() {
    let rules = json!([{"region": REGION, "service": "e*", "fault": "denied"}]);
    let read = collected(&SINGLE, &rules, &[]);
    assert_eq!(read.said.code, 3);
    assert_eq!(
        read.snapshot.file("123456789012/iam.json"),
        SINGLE.whole().file("123456789012/iam.json")
    );
    let services = [
        "ecs:ListClusters",
        "elasticache:DescribeUsers",
        "events:ListEventBuses",
        "ecr:DescribeRepositories",
    ];
    let unread = read.snapshot.unread();
    for service in services {
        assert!(unread.iter().any(|one| one.contains(service)), "{service}: {unread:?}");
    }
}

/// All of an account but the way into it is closed.
#[test]
fn an_account_behind_its_role() {
    let account = FLEET.account("shared-legacy");
    let rules = json!([{"account": account, "fault": "denied"}]);
    let read = collected(&FLEET, &rules, &[]);
    assert_eq!(read.said.code, 3, "{:?}", read.said);
    let unread = read.snapshot.unread();
    assert!(unread.iter().all(|one| one.starts_with(account)), "{unread:?}");
    assert!(
        unread.contains(&format!("{account}/ iam:GetAccountAuthorizationDetails AccessDenied")),
        "{unread:?}"
    );
    let missing = FLEET.whole().shortfall(&read.snapshot);
    assert!(missing.iter().all(|one| one.starts_with(account)), "{missing:?}");
}

#[test]
fn the_role_of_an_account() {
    let account = FLEET.account("platform-prod");
    let role = format!("{account}%3Arole");
    let read =
        collected(&FLEET, &json!([{"op": "AssumeRole", "contains": role, "fault": "denied"}]), &[]);
    let unread = [format!("{account}/ sts:AssumeRole AccessDenied")];
    let files = ["credentials.json", "eu-west-1.json", "iam.json"];
    let missing = files.map(|file| format!("{account}/{file}"));
    read.assert_short(
        &FLEET,
        &unread.each_ref().map(String::as_str),
        &missing.each_ref().map(String::as_str),
    );
}

/// Accounts that leave the Organization while it is read: what was entered is there, all others are named.
#[test]
fn accounts_that_leave() {
    let read = collected(&FLEET, &json!([{"op": "AssumeRole", "skip": 2, "fault": "denied"}]), &[]);
    assert_eq!(read.said.code, 3, "{:?}", read.said);
    let unread = read.snapshot.unread();
    assert_eq!(unread.len(), 2, "{unread:?}");
    assert!(unread.iter().all(|one| one.ends_with("/ sts:AssumeRole AccessDenied")), "{unread:?}");
    let missing = FLEET.whole().shortfall(&read.snapshot);
    assert_eq!(missing.len(), 6, "{missing:?}");
    for file in missing {
        let account = file.split('/').next().unwrap();
        assert!(unread.iter().any(|one| one.starts_with(account)), "{file} is missing silently");
    }
}

#[test]
fn an_account_that_leaves_midway() {
    let account = FLEET.account("shared-legacy");
    let rules = json!([{"account": account, "skip": 40, "fault": "denied"}]);
    let read = collected(&FLEET, &rules, &[]);
    assert_eq!(read.said.code, 3, "{:?}", read.said);
    let unread = read.snapshot.unread();
    assert!(!unread.is_empty() && unread.iter().all(|one| one.starts_with(account)), "{unread:?}");
    let missing = FLEET.whole().shortfall(&read.snapshot);
    assert!(
        !missing.is_empty() && missing.iter().all(|one| one.starts_with(account)),
        "{missing:?}"
    );
}

#[test]
fn credentials_that_are_renewed() {
    // Each session ends after so many calls; a new one is good again.
    let rules =
        json!([{"account": FLEET.account("shared-legacy"), "lasts": 40, "fault": "expired"}]);
    let read = collected(&FLEET, &rules, &[]);
    assert!(
        read.stats.met("expired") > 0 && read.stats.calls["sts:AssumeRole"] > 4,
        "{:?}",
        read.stats
    );
    read.assert_whole(&FLEET);
}

#[test]
fn credentials_that_end_for_a_while() {
    let rules = json!([{"skip": 40, "times": 2, "fault": "expired"}]);
    let read = collected(&SINGLE, &rules, &[]);
    assert_eq!(read.stats.met("expired"), 2);
    read.assert_whole(&SINGLE);
}

#[test]
fn credentials_that_end_for_ever() {
    let rules = json!([{"skip": 40, "fault": "expired"}]);
    let read = collected(&SINGLE, &rules, &[]);
    assert_eq!(read.said.code, 3, "{:?}", read.said);
    let unread = read.snapshot.unread();
    assert!(!unread.is_empty(), "{:?}", read.said);
    assert!(unread.iter().all(|one| one.contains("ExpiredToken")), "{unread:?}");
    assert!(!SINGLE.whole().shortfall(&read.snapshot).is_empty());
}

#[test]
fn credentials_that_are_not_good() {
    let proxy = SINGLE.proxy(&[]);
    proxy.faults(&json!([{"service": "sts", "fault": "denied", "code": "InvalidClientTokenId"}]));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("snapshot");
    let said = collect(proxy.endpoint(), &out).run();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("InvalidClientTokenId"), "{said:?}");
    assert!(!out.exists(), "nothing was collected");
    let said = collect(proxy.endpoint(), &out)
        .env("AWS_ACCESS_KEY_ID", None)
        .env("AWS_SECRET_ACCESS_KEY", None)
        .run();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(!out.exists(), "nothing was collected");
}

/// The accounts of an Organization are read though its policies may not be.
#[test]
fn the_policies_of_an_organization() {
    let read =
        collected(&FLEET, &json!([{"op": "DescribePolicy", "skip": 1, "fault": "denied"}]), &[]);
    let unread = ["123456789012/ organizations:DescribePolicy AccessDeniedException"];
    read.assert_short(&FLEET, &unread, &["organization.json"]);
}

/// As the account of that name, not the one that manages the Organization.
pub(super) fn as_member(endpoint: &str, name: &str) -> (crate::sandbox::Said, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let said = collect(endpoint, folder.path()).of_account(FLEET.member(name)).run();
    (said, Snapshot::read(folder.path()))
}

/// "No SCP" would be said of an Organization that was not read.
#[test]
fn an_organization_to_its_members() {
    let account = FLEET.account("platform-nonprod");
    let (said, snapshot) = as_member(FLEET.proxy(&[]).endpoint(), "platform-nonprod");
    assert_eq!(said.code, 3, "{said:?}");
    let unread = [format!("{account}/ organizations:ListRoots AccessDeniedException")];
    assert_eq!(snapshot.unread(), unread);
    assert!(!snapshot.names().contains(&"organization.json"));
    let policy = &snapshot.file(&format!("{account}/tag-policy.json"))["EffectivePolicy"];
    assert_eq!(policy["PolicyContent"], "{}", "none is in effect");
    let file = format!("{account}/iam.json");
    assert_eq!(snapshot.file(&file), FLEET.whole().file(&file));
    assert_eq!(snapshot.file("snapshot.json")["management_account"], MANAGEMENT);
}

/// What an account may know of the Organization that it may not read.
#[test]
fn the_tag_policy_in_effect_for_a_member() {
    let account = FLEET.account("platform-nonprod");
    let proxy = FLEET.proxy(&[]);
    let content = json!({"tags": {"environment": {"tag_key": "Environment"}}}).to_string();
    let answer = json!({"EffectivePolicy": {"PolicyContent": content, "TargetId": account}});
    let body = answer.to_string();
    proxy.faults(&json!([{"op": "DescribeEffectivePolicy", "fault": "answer", "body": body}]));
    let (_, snapshot) = as_member(proxy.endpoint(), "platform-nonprod");
    let policy = &snapshot.file(&format!("{account}/tag-policy.json"))["EffectivePolicy"];
    assert_eq!(policy["PolicyContent"], content);
    proxy.faults(&json!([{"op": "DescribeEffectivePolicy", "fault": "denied"}]));
    let (said, snapshot) = as_member(proxy.endpoint(), "platform-nonprod");
    assert_eq!(said.code, 3, "{said:?}");
    let unread = ["DescribeEffectivePolicy", "ListRoots"]
        .map(|call| format!("{account}/ organizations:{call} AccessDeniedException"));
    assert_eq!(snapshot.unread(), unread);
    assert!(!snapshot.names().contains(&format!("{account}/tag-policy.json").as_str()));
}

/// Whose tags are not known is not without tags.
#[test]
fn the_tags_of_accounts() {
    let rules =
        json!([{"service": "organizations", "op": "ListTagsForResource", "fault": "denied"}]);
    let read = collected(&FLEET, &rules, &[]);
    let unread = ["123456789012/ organizations:ListTagsForResource AccessDeniedException"];
    assert_eq!(read.snapshot.unread(), unread);
    let nodes = read.snapshot.file("organization.json")["nodes"].as_array().unwrap();
    let is_account = |node: &&Value| node["id"].as_str().unwrap().len() == 12;
    let accounts: Vec<&Value> = nodes.iter().filter(is_account).collect();
    assert_eq!(accounts.len(), 5);
    for account in accounts {
        assert_eq!(account.get("tags"), Some(&Value::Null), "{account}");
    }
}

/// Nobody can enter an account that is closed, and nobody is silent about it.
#[test]
fn an_account_that_is_not_active() {
    let whole = FLEET.whole().file("organization.json");
    let root = whole["nodes"].as_array().unwrap().iter().find(|node| node.get("parent").is_none());
    let accounts = json!({"Accounts": [{"Id": MANAGEMENT, "Name": "management", "Status": "ACTIVE"},
        {"Id": "999988887777", "Name": "closed", "State": "SUSPENDED", "Status": "SUSPENDED"}]});
    let root = &root.unwrap()["id"];
    let answer = |op: &str, of: &Value, body: &Value| json!({"op": op, "contains": of, "fault": "answer", "body": body.to_string()});
    let rules = json!([
        answer("ListAccountsForParent", root, &accounts),
        answer("ListTagsForResource", &json!("999988887777"), &json!({"Tags": []})),
    ]);
    let (proxy, folder) = (FLEET.proxy(&[]), tempfile::tempdir().unwrap());
    proxy.faults(&rules);
    let said = FLEET.collect(&proxy, folder.path()).run();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!folder.path().join("999988887777").exists());
    let said =
        Lint::new(proxy.endpoint()).args(["check", "--format", "json"]).args([folder.path()]).run();
    let missing = said.json()["not_assessed"].to_string();
    assert!(missing.contains("account 999988887777 (closed)"), "{missing}");
}

/// What cannot be read where accounts are named, also after the collection was resumed.
#[track_caller]
fn assert_told_once(proxy: &Proxy, arguments: &[&str], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    for more in [&[][..], &["--resume"], &["--resume"]] {
        let lint = Lint::new(proxy.endpoint()).args(["collect", "--regions", REGION, "--out"]);
        let said = lint.args([folder.path()]).args(arguments).args(more).run();
        assert_eq!(said.code, 3, "{said:?}");
        assert_eq!(Snapshot::read(folder.path()).unread(), [expected]);
    }
}

#[test]
fn an_account_without_a_role_to_enter() {
    let arguments = ["--accounts", "444455556666"];
    assert_told_once(&SINGLE.proxy(&[]), &arguments, "444455556666/ sts:AssumeRole NoRoleName");
}

#[test]
fn an_account_that_the_organization_has_not() {
    let arguments =
        ["--organization", "--role-name", "FortemLintReadOnly", "--accounts", "444455556666"];
    let expected = "444455556666/ organizations:ListAccountsForParent NoSuchAccount";
    assert_told_once(&FLEET.proxy(&[]), &arguments, expected);
}
