//! Roles with one slot: given to somebody everywhere, or to everybody in an environment.

use std::time::SystemTime;

use fortem_core::engine::{Answer, Change, Engine, Request, Resource, Session};
use fortem_core::{Assignee, Identity};
use serde_json::json;

use super::of_text;

const POLICIES: &str = r#"
@id("reader") permit (principal in ?principal, action == Fortem::Action::"viewLogs",
  resource in Fortem::Tier::"nonproduction");
@id("auditor") permit (principal in ?principal, action == Fortem::Action::"viewStatus", resource);
@id("open") permit (principal, action == Fortem::Action::"restartService", resource in ?resource);
@id("web-open") permit (principal in Fortem::Team::"web", action == Fortem::Action::"stopTask", resource in ?resource);
@id("bob-open") permit (principal == Fortem::User::"bob", action == Fortem::Action::"stopTask", resource in ?resource);
@id("visible") permit (principal, action == Fortem::Action::"viewEnvironment",
  resource == Fortem::Environment::"qa");
"#;

const FLEET: &str = r#"
[[environment]]
name = "dev"
tier = "nonproduction"
[[environment]]
name = "qa"
tier = "nonproduction"
[[environment]]
name = "prod"
tier = "production"
[[team]]
name = "web"
groups = ["idp-web"]
[[user]]
name = "alice"
teams = ["web"]
[[user]]
name = "bob"
[[assignment]]
role = "reader"
team = "web"
[[assignment]]
role = "auditor"
user = "bob"
[[assignment]]
role = "open"
environments = ["dev"]
[[assignment]]
role = "web-open"
environments = ["dev"]
[[assignment]]
role = "bob-open"
environments = ["prod"]
"#;

fn engine() -> Engine {
    of_text(POLICIES, FLEET)
}

fn on<'a>(kind: &'a str, place: &'a str) -> Resource<'a> {
    let resource = Resource::new(kind, "one");
    if place.is_empty() { resource } else { resource.within(place) }
}

/// Whether it is allowed, why, and by which policies.
fn ask(
    engine: &Engine,
    user: &str,
    action: &str,
    resource: Resource<'_>,
) -> (bool, String, Vec<String>) {
    let request = Request::new(user, action, resource, Session::at(SystemTime::UNIX_EPOCH));
    let explained = engine.authorize(&request).unwrap().explain();
    let policies = explained.policies.iter().map(ToString::to_string).collect();
    (explained.allowed, explained.reason, policies)
}

#[test]
fn a_role_without_environment_holds_where_its_scope_says() {
    let engine = engine();
    for place in ["dev", "qa"] {
        let (allowed, reason, policies) = ask(&engine, "alice", "viewLogs", on("LogGroup", place));
        assert_eq!((allowed, policies), (true, vec!["reader (team web)".to_owned()]));
        assert_eq!(reason, "alice is reader through web, who may `viewLogs`");
    }
    assert!(!ask(&engine, "alice", "viewLogs", on("LogGroup", "prod")).0);
    assert!(!ask(&engine, "alice", "viewLogs", on("LogGroup", "")).0);
    assert!(!ask(&engine, "bob", "viewLogs", on("LogGroup", "dev")).0);
    // Nothing limits the auditor: not even that a resource is in an environment.
    let (allowed, reason, policies) = ask(&engine, "bob", "viewStatus", on("Task", ""));
    assert_eq!((allowed, policies), (true, vec!["auditor (bob)".to_owned()]));
    assert_eq!(reason, "bob is auditor, who may `viewStatus`");
    let (allowed, reason, _) = ask(&engine, "bob", "stopTask", on("Task", ""));
    assert_eq!(
        (allowed, &*reason),
        (false, "bob is auditor, but `stopTask` is not part of that role")
    );
}

#[test]
fn a_role_without_assignee_is_for_whom_its_scope_names() {
    let engine = engine();
    for user in ["alice", "bob"] {
        let (allowed, reason, policies) =
            ask(&engine, user, "restartService", on("Service", "dev"));
        assert_eq!((allowed, policies), (true, vec!["open (in dev)".to_owned()]));
        assert_eq!(
            reason,
            format!("{user} is open of dev, as everybody is, who may `restartService`")
        );
        assert!(!ask(&engine, user, "restartService", on("Service", "qa")).0);
    }
    let (allowed, reason, _) = ask(&engine, "alice", "stopTask", on("Task", "dev"));
    assert_eq!(
        (allowed, &*reason),
        (true, "alice is web-open of dev through web, who may `stopTask`")
    );
    assert!(!ask(&engine, "bob", "stopTask", on("Task", "dev")).0);
    let (allowed, reason, _) = ask(&engine, "bob", "stopTask", on("Task", "prod"));
    assert_eq!((allowed, &*reason), (true, "bob is bob-open of prod, who may `stopTask`"));
    assert!(!ask(&engine, "alice", "stopTask", on("Task", "prod")).0);
}

#[test]
fn permissions_and_reviews_know_them() {
    let engine = engine();
    let places = |user: &str| -> Vec<String> {
        let permissions = engine.permissions(user).unwrap();
        permissions.environments.into_iter().map(|one| one.environment).collect()
    };
    assert_eq!(places("alice"), ["dev", "qa"]);
    assert_eq!(places("bob"), ["dev", "prod", "qa"]);
    let token = Identity::new("zoe").group("idp-web");
    let stranger = engine.permissions(&token).unwrap();
    assert_eq!(stranger.within("dev").unwrap().answer("stopTask"), Answer::Allowed);
    assert_eq!(stranger.within("qa").unwrap().answer("viewLogs"), Answer::Allowed);
    let open = engine.who_can("restartService", "dev").unwrap();
    assert_eq!((open.anybody, open.people.len()), (Answer::Allowed, 2));
    let stop = engine.who_can("stopTask", "dev").unwrap();
    assert_eq!((stop.anybody, stop.people.len(), stop.groups.len()), (Answer::Denied, 1, 1));
    let rows = engine.matrix();
    let rows: Vec<_> =
        rows.iter().map(|row| (row.user.as_str(), row.permissions.environment.as_str())).collect();
    let all = [("alice", "dev"), ("alice", "qa"), ("bob", "dev"), ("bob", "prod"), ("bob", "qa")];
    assert_eq!(rows, all);
    assert_eq!(engine.stats().assignments, 5);
}

#[test]
fn they_are_given_and_taken_at_run_time() {
    let engine = engine();
    let may =
        |user: &str, place: &str| ask(&engine, user, "restartService", on("Service", place)).0;
    engine.assign("open", None, "prod").unwrap();
    assert!(may("alice", "prod") && may("bob", "prod"));
    let change = engine.unassign("open", None, "prod").unwrap();
    assert_eq!(json!(change), json!({"unassign": {"role": "open", "environment": "prod"}}));
    assert!(!may("alice", "prod"));

    let change = engine.assign("reader", Assignee::User("bob".to_owned()), None).unwrap();
    assert_eq!(json!(change), json!({"assign": {"role": "reader", "assignee": {"user": "bob"}}}));
    assert!(ask(&engine, "bob", "viewLogs", on("LogGroup", "qa")).0);
    engine.unassign("reader", Assignee::User("bob".to_owned()), None).unwrap();
    assert!(!ask(&engine, "bob", "viewLogs", on("LogGroup", "qa")).0);
}

#[test]
fn they_follow_environments() {
    let engine = engine();
    let may = |place: &str| ask(&engine, "bob", "restartService", on("Service", place)).0;
    let rename = Change::RenameEnvironment { from: "dev".to_owned(), to: "beta".to_owned() };
    engine.apply(&[rename]).unwrap();
    assert!(may("beta"));
    engine.apply(&[Change::RemoveEnvironment { name: "beta".to_owned() }]).unwrap();
    engine.add_environment("beta", fortem_core::Tier::Nonproduction, &[]).unwrap();
    assert!(!may("beta"));
    assert_eq!(engine.stats().assignments, 3);
    // What is everywhere is in the new one, too.
    assert!(ask(&engine, "alice", "viewLogs", on("LogGroup", "beta")).0);
}

#[test]
fn other_policies_keep_the_assignments_that_fit_them() {
    let engine = engine();
    let roles = |open: &str| {
        let policies = POLICIES.replace("@id(\"open\") permit (principal,", open);
        let parts = policies.split("@id(\"").skip(1).map(|part| part.split_once("\")").unwrap());
        let policies = parts.map(|(id, text)| (id.to_owned(), text.trim().to_owned())).collect();
        Change::ReplacePolicies { policies }
    };
    engine.apply(&[roles("@id(\"open\") permit (principal == Fortem::User::\"alice\",")]).unwrap();
    assert!(ask(&engine, "alice", "restartService", on("Service", "dev")).0);
    assert!(!ask(&engine, "bob", "restartService", on("Service", "dev")).0);
    let error =
        engine.apply(&[roles("@id(\"open\") permit (principal in ?principal,")]).unwrap_err();
    assert_eq!(error.code(), "open_slot");
    assert!(ask(&engine, "alice", "restartService", on("Service", "dev")).0);
}
