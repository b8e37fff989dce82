//! A vocabulary that schemas and the fleet add to.

use std::time::SystemTime;

use fortem_core::engine::{
    Answer, Change, Detail, Engine, Request, RequestError, Resource, Session,
};
use fortem_core::{Fleet, Roles, Source, SourceFile};
use serde_json::{Value, json};

use crate::json::{REQUEST, call};

const SCHEMA: &str = r"namespace Fortem {
  entity Queue in [Environment] tags String;
  action purgeQueue in [operate] appliesTo { principal: User, resource: Queue, context: Session };
}
";

const POLICIES: &str = r#"
@id("operator") permit (principal in ?principal, action in Fortem::Action::"operate", resource in ?resource);
@id("fresh") forbid (principal, action == Fortem::Action::"purgeQueue", resource)
unless { context has mfa_age && context.mfa_age < 3600 };
@id("office") forbid (principal, action == Fortem::Action::"stopTask", resource)
unless { context has network && context.network.isInRange(ip("10.0.0.0/8")) && context has since
  && context.since > datetime("2026-01-01") };
"#;

const FLEET: &str = r#"
[context]
mfa_age = { key = "aws:MultiFactorAuthAge", type = "Long" }
network = { key = "aws:VpcSourceIp", type = "ipaddr" }
since = { key = "aws:TokenIssueTime", type = "datetime" }
[[environment]]
name = "dev"
tier = "nonproduction"
[[user]]
name = "alice"
[[assignment]]
role = "operator"
user = "alice"
environments = ["dev"]
"#;

fn engine() -> Engine {
    let files = [SourceFile::new("all.cedar", POLICIES), SourceFile::new("q.cedarschema", SCHEMA)];
    Engine::of(&Source::parse(&SourceFile::new("fleet.toml", FLEET), &files).unwrap()).unwrap()
}

fn ask(
    engine: &Engine,
    (action, kind): (&str, &str),
    attributes: &[(&str, Detail<'_>)],
) -> Result<bool, RequestError> {
    let session = Session::at(SystemTime::UNIX_EPOCH).with(attributes);
    let request = Request::new("alice", action, Resource::new(kind, "one").within("dev"), session);
    engine.authorize(&request).map(|decision| decision.is_allowed())
}

#[test]
fn an_added_action_on_an_added_kind_is_decided() {
    let engine = engine();
    let purge = |age| ask(&engine, ("purgeQueue", "Queue"), &[("mfa_age", Detail::Number(age))]);
    assert_eq!(purge(300), Ok(true));
    assert_eq!(purge(7200), Ok(false));
    assert_eq!(ask(&engine, ("purgeQueue", "Queue"), &[]), Ok(false));
    let permissions = engine.permissions("alice").unwrap();
    assert_eq!(permissions.within("dev").unwrap().answer("purgeQueue"), Answer::Conditional);
    assert_eq!(engine.who_can("purgeQueue", "dev").unwrap().people.len(), 1);
    assert!(engine.vocabulary().members("operate").contains("purgeQueue"));
    let wrong = ask(&engine, ("purgeQueue", "Service"), &[]).unwrap_err();
    assert_eq!(wrong.to_string(), "`purgeQueue` does not apply to `Service`, but to `Queue`");
}

#[test]
fn attributes_are_read_as_what_the_vocabulary_says() {
    let engine = engine();
    let stop = |network, since| {
        let attributes = [("network", Detail::Text(network)), ("since", Detail::Text(since))];
        ask(&engine, ("stopTask", "Task"), &attributes)
    };
    assert_eq!(stop("10.1.2.3", "2026-03-02T09:30:00Z"), Ok(true));
    assert_eq!(stop("192.0.2.1", "2026-03-02T09:30:00Z"), Ok(false));
    assert_eq!(stop("10.1.2.3", "2025-12-31"), Ok(false));
    assert_eq!(stop("office", "2026-03-02").unwrap_err().code(), "context");
    assert_eq!(stop("10.1.2.3", "yesterday").unwrap_err().code(), "context");
    let wrong = [("mfa_age", Detail::Text("old"))];
    assert_eq!(ask(&engine, ("purgeQueue", "Queue"), &wrong).unwrap_err().code(), "context");
    let unknown = [("mfa_ages", Detail::Number(1))];
    assert_eq!(ask(&engine, ("purgeQueue", "Queue"), &unknown).unwrap_err().code(), "context");
    let twice = [("mfa_age", Detail::Number(1)), ("mfa_age", Detail::Number(1))];
    assert_eq!(ask(&engine, ("purgeQueue", "Queue"), &twice).unwrap_err().code(), "context");
}

#[test]
fn attributes_come_as_json() {
    let engine = engine();
    let ask = |context: Value| {
        let request = json!({"authorize": {
            "principal": {"user": "alice"}, "action": "stopTask",
            "resource": {"kind": "Task", "id": "4f3a", "environment": "dev"},
            "session": {"now": "2026-03-02T09:30:00Z", "context": context},
        }});
        assert!(REQUEST.is_valid(&request), "{request}");
        call(&engine, &request.to_string())
    };
    let near = ask(json!({"network": "10.1.2.3", "since": "2026-03-02T09:00:00Z", "mfa_age": 3}));
    assert_eq!(near["decision"]["allowed"], true, "{near}");
    assert_eq!(ask(json!({"network": "192.0.2.1"}))["decision"]["allowed"], false);
    assert_eq!(ask(json!({"network": 3}))["error"]["code"], "context");
}

#[test]
fn policies_at_run_time_are_checked_against_the_same_vocabulary() {
    let engine = engine();
    let policy = |action: &str| {
        let text = format!(
            "permit (principal in ?principal, action == Fortem::Action::\"{action}\", resource in ?resource);"
        );
        Change::ReplacePolicies { policies: [("operator".to_owned(), text)].into() }
    };
    assert!(engine.apply(&[policy("purge")]).is_err());
    engine.apply(&[policy("purgeQueue")]).unwrap();
    assert_eq!(ask(&engine, ("purgeQueue", "Queue"), &[]), Ok(true));
    assert_eq!(ask(&engine, ("stopTask", "Task"), &[]), Ok(false));
}

/// Policies and fleet alone have the vocabulary that is built in, with the fleet's context.
#[test]
fn the_context_of_a_fleet_is_known_without_a_source() {
    let fleet = FLEET.split_once("[[assignment]]").unwrap().0;
    let fleet = Fleet::parse(&SourceFile::new("fleet.toml", fleet), &Roles::any()).unwrap();
    let policies = |text: &str| text.parse().unwrap();
    let fresh =
        "permit (principal, action, resource) when { context has mfa_age && context.mfa_age < 9 };";
    let engine = Engine::new(&policies(fresh), &fleet).unwrap();
    assert_eq!(ask(&engine, ("stopTask", "Task"), &[("mfa_age", Detail::Number(8))]), Ok(true));
    assert_eq!(ask(&engine, ("stopTask", "Task"), &[("mfa_age", Detail::Number(9))]), Ok(false));
    let queue = "permit (principal, action == Fortem::Action::\"purgeQueue\", resource);";
    let error = Engine::new(&policies(queue), &fleet).unwrap_err();
    assert_eq!(error.as_slice()[0].code(), "fortem::cedar::validation");
}
