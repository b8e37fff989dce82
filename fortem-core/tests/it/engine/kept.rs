//! What was looked up before a change, and who asks while one is made.

use std::sync::Barrier;
use std::time::SystemTime;

use fortem_core::engine::{
    Answer, Caller, Change, Engine, Request, RequestError, Resource, Session, Target,
};
use fortem_core::{Assignee, Identity};

use super::of_text;

const POLICIES: &str = r#"
@id("restarter") permit (principal in ?principal, action == Fortem::Action::"restartService", resource in ?resource);
@id("suspended") forbid (principal in ?principal, action, resource in ?resource);
"#;

const FLEET: &str = r#"
[[environment]]
name = "dev"
tier = "nonproduction"
aliases = ["Dev"]
[[environment]]
name = "qa"
tier = "nonproduction"
[[team]]
name = "web"
groups = ["idp-web"]
[[user]]
name = "alice"
[[user]]
name = "bob"
[[user]]
name = "carol"
teams = ["web"]
[[assignment]]
role = "restarter"
user = "alice"
environments = ["dev"]
[[assignment]]
role = "restarter"
team = "web"
environments = ["dev"]
"#;

fn engine() -> Engine {
    of_text(POLICIES, FLEET)
}

fn alice() -> Assignee {
    Assignee::User("alice".to_owned())
}

fn rename(from: &str, to: &str) -> Change {
    Change::RenameEnvironment { from: from.to_owned(), to: to.to_owned() }
}

fn remove(name: &str) -> Change {
    Change::RemoveEnvironment { name: name.to_owned() }
}

fn unknown_environment(name: &str, near: Option<&str>) -> RequestError {
    RequestError::UnknownEnvironment { name: name.to_owned(), near: near.map(str::to_owned) }
}

/// An engine where alice may restart services in dev, with both looked up.
fn kept() -> (Engine, Caller, Target) {
    let engine = engine();
    let caller = engine.caller("alice").unwrap();
    let target = engine.target("restartService", "Service", "dev").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Allowed));
    (engine, caller, target)
}

#[test]
fn a_kept_caller_loses_and_gains_what_is_unassigned_and_assigned() {
    let (engine, caller, target) = kept();
    engine.unassign("restarter", alice(), "dev").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
    engine.assign("restarter", alice(), "dev").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Allowed));
    engine.assign("suspended", alice(), "dev").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
}

/// One of them looked up anew does not make the other one new.
#[test]
fn a_kept_half_of_the_question_is_not_trusted_either() {
    let (engine, caller, target) = kept();
    engine.unassign("restarter", alice(), "dev").unwrap();
    let new_target = engine.target("restartService", "Service", "dev").unwrap();
    assert_eq!(engine.answer(&caller, &new_target), Ok(Answer::Denied));
    let new_caller = engine.caller("alice").unwrap();
    engine.apply(&[remove("dev")]).unwrap();
    let newest_caller = engine.caller("alice").unwrap();
    for caller in [&caller, &new_caller, &newest_caller] {
        for target in [&target, &new_target] {
            assert_eq!(engine.answer(caller, target), Err(unknown_environment("dev", None)));
        }
    }
}

#[test]
fn a_kept_target_goes_by_the_name_that_it_was_asked_for() {
    let (engine, caller, target) = kept();
    let by_alias = engine.target("restartService", "Service", "Dev").unwrap();
    engine.apply(&[rename("dev", "beta")]).unwrap();
    let unknown = Err(unknown_environment("dev", Some("Dev")));
    assert_eq!(engine.answer(&caller, &target), unknown);
    assert_eq!(engine.answer(&caller, &by_alias), Ok(Answer::Allowed));
    // Another environment of the old name is another environment.
    engine.apply(&[rename("qa", "dev")]).unwrap_err();
    engine.apply(&[remove("beta"), rename("qa", "dev")]).unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
}

#[test]
fn a_kept_caller_who_is_removed_is_unknown() {
    let (engine, caller, target) = kept();
    engine.apply(&[Change::RemoveUser { name: "alice".to_owned() }]).unwrap();
    let unknown = Err(RequestError::UnknownUser { name: "alice".to_owned() });
    assert_eq!(engine.answer(&caller, &target), unknown);
    engine.apply(&[Change::PutUser { name: "alice".to_owned(), teams: Vec::new() }]).unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
}

#[test]
fn a_kept_caller_of_a_token_keeps_its_groups() {
    let (engine, _, target) = kept();
    let caller = engine.caller(&Identity::new("zoe").group("idp-web")).unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Allowed));
    engine.assign("restarter", alice(), "qa").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Allowed));
    engine.unassign("restarter", Assignee::Team("web".to_owned()), "dev").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
}

#[test]
fn a_kept_caller_goes_by_the_policies_that_are() {
    let (engine, caller, target) = kept();
    let policies = [
        "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource);",
        "forbid (principal, action, resource);",
    ];
    let ids = ["restarter", "stop"].map(str::to_owned);
    let policies = ids.into_iter().zip(policies.map(str::to_owned)).collect();
    engine.apply(&[Change::ReplacePolicies { policies }]).unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
}

/// An embedder who loads everything again has another engine, in which as much was changed as in the first: nothing.
#[test]
fn what_was_kept_of_another_engine_is_looked_up_again() {
    let (_, caller, target) = kept();
    let fleet = FLEET.replacen("user = \"alice\"", "user = \"bob\"", 1);
    let other = of_text(POLICIES, &fleet);
    assert_eq!(other.stats().revision, 0);
    assert_eq!(other.answer(&caller, &target), Ok(Answer::Denied));
    let bob = other.caller("bob").unwrap();
    assert_eq!(other.answer(&bob, &target), Ok(Answer::Allowed));
}

/// Takes the role from one and gives it to the other, at once.
fn hand_over(engine: &Engine, from: &str, to: &str) {
    let (role, environment) = ("restarter".to_owned(), Some("dev".to_owned()));
    let [from, to] = [from, to].map(|name| Some(Assignee::User(name.to_owned())));
    let changes = [
        Change::Unassign { role: role.clone(), assignee: from, environment: environment.clone() },
        Change::Assign { role, assignee: to, environment },
    ];
    engine.apply(&changes).unwrap();
}

/// Asks many times who has the role that is handed over, and whether they may.
fn watch(engine: &Engine) {
    let service = Resource::new("Service", "orders-api").within("dev");
    let session = Session::at(SystemTime::UNIX_EPOCH);
    let callers = ["alice", "bob"].map(|name| engine.caller(name).unwrap());
    let target = engine.target("restartService", "Service", "dev").unwrap();
    for _ in 0..500 {
        let review = engine.who_can("restartService", "dev").unwrap();
        let holders: Vec<_> = review.people.iter().map(|one| one.user.as_str()).collect();
        assert!(matches!(*holders, ["alice" | "bob", "carol"]), "half a change: {holders:?}");
        assert_eq!(engine.matrix().len(), 2);
        for (name, caller) in ["alice", "bob"].into_iter().zip(&callers) {
            let request = Request::new(name, "restartService", service, session);
            let decision = engine.authorize(&request).unwrap();
            let explained = decision.explain();
            assert_eq!(explained.allowed, decision.is_allowed());
            assert_eq!(explained.policies.len(), usize::from(explained.allowed), "{explained:?}");
            assert_ne!(engine.answer(caller, &target).unwrap(), Answer::Conditional);
        }
    }
}

#[test]
fn who_asks_during_a_change_sees_the_state_before_or_after() {
    let engine = engine();
    std::thread::scope(|scope| {
        let watchers = [(); 3].map(|()| scope.spawn(|| watch(&engine)));
        let mut swaps = 0;
        while !watchers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            hand_over(&engine, "alice", "bob");
            hand_over(&engine, "bob", "alice");
            swaps += 1;
        }
        assert!(swaps > 0);
    });
}

/// Several who change something do not undo each other's changes.
#[test]
fn no_change_is_lost_between_writers() {
    let (engine, start) = (&engine(), &Barrier::new(4));
    std::thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                start.wait();
                for number in 0..500 {
                    let name = format!("w{writer}-{number}");
                    engine.apply(&[Change::PutUser { name, teams: Vec::new() }]).unwrap();
                }
            });
        }
    });
    let stats = engine.stats();
    assert_eq!((stats.people, stats.revision), (2_003, 2_000));
}
