//! Why a request was allowed or denied, in words.

use std::fmt::Write as _;
use std::time::SystemTime;

use fortem_core::engine::{Engine, Request, Resource, Session};
use fortem_core::{Fleet, Source, SourceFile};
use insta::assert_snapshot;

const POLICIES: &str = r#"
@id("developer") permit (principal in ?principal,
  action in [Fortem::Action::"observe", Fortem::Action::"operate"], resource in ?resource);
@id("viewer") permit (principal in ?principal, action in [Fortem::Action::"observe"], resource in ?resource);
@id("flusher") permit (principal in ?principal, action == Fortem::Action::"flushCache", resource in ?resource);
@id("exec") permit (principal in ?principal, action == Fortem::Action::"execCommand", resource in ?resource)
when { context.mfa };
@id("everybody-sees") permit (principal, action == Fortem::Action::"viewEnvironment", resource);
@id("never-prod") @doc("Nothing happens in production.")
forbid (principal, action, resource) when { resource in Fortem::Tier::"production" };
@id("not-eve") forbid (principal == Fortem::User::"eve", action, resource);
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
aliases = ["live"]
[[team]]
name = "company"
[[team]]
name = "web"
teams = ["company"]
[[team]]
name = "shop"
teams = ["web"]
[[user]]
name = "alice"
teams = ["shop"]
[[user]]
name = "bob"
[[user]]
name = "eve"
teams = ["shop"]
[[assignment]]
role = "developer"
team = "company"
environments = ["dev", "prod"]
[[assignment]]
role = "viewer"
user = "bob"
environments = ["dev"]
[[assignment]]
role = "exec"
user = "bob"
environments = ["dev"]
"#;

#[test]
fn every_kind_of_decision_has_its_words() {
    let policies = SourceFile::new("all.cedar", POLICIES);
    let source = Source::parse(&SourceFile::new("fleet.toml", FLEET), &[policies]).unwrap();
    let fleet: &Fleet = source.fleet();
    let engine = Engine::new(&source.policy_set(), fleet).unwrap();
    let service = |place| Resource::new("Service", "orders-api").within(place);
    let task = Resource::new("Task", "4f3a").within("dev");
    let asked = [
        ("through teams in teams", "alice", "restartService", service("dev"), false),
        ("by an own role", "bob", "viewStatus", service("dev"), false),
        ("by a policy without slots", "bob", "viewEnvironment", Resource::environment("qa"), false),
        ("forbidden, with a doc", "alice", "restartService", service("live"), false),
        ("forbidden, without", "eve", "restartService", service("dev"), false),
        ("unmet", "bob", "execCommand", task, false),
        ("met", "bob", "execCommand", task, true),
        ("no role there", "bob", "restartService", service("qa"), false),
        ("not part of the role", "alice", "execCommand", task, true),
        ("not part of several", "bob", "restartService", service("dev"), false),
        ("in no environment", "alice", "restartService", Resource::new("Service", "x"), false),
    ];
    let mut words = String::new();
    for (case, user, action, resource, mfa) in asked {
        let session = Session::at(SystemTime::UNIX_EPOCH).mfa(mfa);
        let request = Request::new(user, action, resource, session);
        let explained = engine.authorize(&request).unwrap().explain();
        let word = if explained.allowed { "allowed" } else { "denied" };
        writeln!(words, "{case}\n  {word}: {}", explained.reason).unwrap();
    }
    assert_snapshot!(words);
}
