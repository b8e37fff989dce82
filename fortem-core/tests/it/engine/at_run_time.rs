//! Changes at run time: each does what it says and nothing else, or is refused and does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use fortem_core::engine::{Change, ChangeError, Engine, Request, Resource, Session};
use fortem_core::{Assignee, Identity, Tier};
use serde_json::json;

use super::of_text;

const POLICIES: &str = r#"
@id("restarter") permit (principal in ?principal, action == Fortem::Action::"restartService", resource in ?resource);
@id("looker") permit (principal in ?principal, action == Fortem::Action::"viewLogs", resource in ?resource);
@id("anyone") permit (principal, action == Fortem::Action::"stopTask", resource in ?resource);
@id("anywhere") permit (principal in ?principal, action == Fortem::Action::"stopTask", resource);
@id("frozen") forbid (principal, action == Fortem::Action::"restartService",
  resource in Fortem::Environment::"frozen");
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
name = "web"
groups = ["idp-web"]
[[user]]
name = "alice"
teams = ["web"]
[[user]]
name = "bob"
[[assignment]]
role = "restarter"
team = "web"
environments = ["dev"]
[[assignment]]
role = "looker"
user = "bob"
environments = ["qa"]
"#;

fn engine() -> Engine {
    of_text(POLICIES, FLEET)
}

fn user(name: &str) -> Assignee {
    Assignee::User(name.to_owned())
}

fn team(name: &str) -> Assignee {
    Assignee::Team(name.to_owned())
}

fn assign<'a>(
    role: &str,
    assignee: impl Into<Option<Assignee>>,
    environment: impl Into<Option<&'a str>>,
) -> Change {
    let environment = environment.into().map(str::to_owned);
    Change::Assign { role: role.to_owned(), assignee: assignee.into(), environment }
}

fn unassign<'a>(
    role: &str,
    assignee: impl Into<Option<Assignee>>,
    environment: impl Into<Option<&'a str>>,
) -> Change {
    let environment = environment.into().map(str::to_owned);
    Change::Unassign { role: role.to_owned(), assignee: assignee.into(), environment }
}

fn add(name: &str, aliases: &[&str]) -> Change {
    let aliases = aliases.iter().map(ToString::to_string).collect();
    Change::AddEnvironment { name: name.to_owned(), tier: Tier::Production, aliases }
}

fn rename(from: &str, to: &str) -> Change {
    Change::RenameEnvironment { from: from.to_owned(), to: to.to_owned() }
}

fn remove(name: &str) -> Change {
    Change::RemoveEnvironment { name: name.to_owned() }
}

fn put_user(name: &str, teams: &[&str]) -> Change {
    let teams = teams.iter().map(ToString::to_string).collect();
    Change::PutUser { name: name.to_owned(), teams }
}

fn remove_user(name: &str) -> Change {
    Change::RemoveUser { name: name.to_owned() }
}

fn replace(policies: &[(&str, &str)]) -> Change {
    let owned = |(id, text): &(&str, &str)| ((*id).to_owned(), (*text).to_owned());
    let policies: BTreeMap<_, _> = policies.iter().map(owned).collect();
    Change::ReplacePolicies { policies }
}

const RESTARTER: &str = "permit (principal in ?principal, action == Fortem::Action::\"stopTask\", resource in ?resource);";
const LOOKER: &str = "permit (principal in ?principal, action == Fortem::Action::\"viewLogs\", resource in ?resource);";

/// Everything that an engine says of a few names.
fn facts(engine: &Engine) -> BTreeSet<String> {
    let stats = engine.stats();
    let mut facts = BTreeSet::from([
        format!("assignments: {}", stats.assignments),
        format!("environments: {}", stats.environments),
        format!("people: {}", stats.people),
        format!("policies: {}", engine.policy_set()),
    ]);
    let stranger = Identity::new("stranger");
    for spelling in ["dev", "qa", "prod", "live", "beta", "frozen"] {
        let service = Resource::new("Service", "orders-api").within(spelling);
        let session = Session::at(SystemTime::UNIX_EPOCH);
        let request = Request::new(&stranger, "restartService", service, session);
        let Ok(decision) = engine.authorize(&request) else { continue };
        let environment = decision.environment().unwrap();
        facts.insert(format!("{spelling} is {environment}"));
        if spelling != environment {
            continue;
        }
        for action in ["restartService", "viewLogs", "stopTask"] {
            let review = engine.who_can(action, spelling).unwrap();
            let people = review.people.into_iter().map(|one| (one.user, one.answer));
            let groups =
                review.groups.into_iter().map(|one| (format!("team {}", one.team), one.answer));
            let anybody = ("anybody".to_owned(), review.anybody);
            for (who, answer) in people.chain(groups).chain([anybody]) {
                facts.insert(format!("{who} {action} {spelling}: {answer:?}"));
            }
        }
    }
    facts
}

/// What is no longer so, and what is so now.
fn difference(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let gone = before.difference(after).map(|one| format!("- {one}"));
    gone.chain(after.difference(before).map(|one| format!("+ {one}"))).collect()
}

fn changed(changes: &[Change]) -> Vec<String> {
    let engine = engine();
    let before = facts(&engine);
    assert_eq!(engine.apply(changes).unwrap(), 1);
    difference(&before, &facts(&engine))
}

#[test]
fn assigning_gives_one_role_to_one_assignee_in_one_environment() {
    assert_eq!(
        changed(&[assign("restarter", user("bob"), "qa")]),
        ["- assignments: 2", "+ assignments: 3", "+ bob restartService qa: Allowed"]
    );
    assert_eq!(
        changed(&[assign("looker", team("web"), "prod")]),
        [
            "- assignments: 2",
            "+ alice viewLogs prod: Allowed",
            "+ assignments: 3",
            "+ team web viewLogs prod: Allowed",
        ]
    );
}

#[test]
fn unassigning_takes_it_away_again() {
    assert_eq!(
        changed(&[unassign("restarter", team("web"), "dev")]),
        [
            "- alice restartService dev: Allowed",
            "- assignments: 2",
            "- team web restartService dev: Allowed",
            "+ assignments: 1",
        ]
    );
    let there_and_back =
        [assign("looker", user("alice"), "qa"), unassign("looker", user("alice"), "qa")];
    assert_eq!(changed(&there_and_back), [""; 0]);
}

#[test]
fn an_environment_that_is_added_has_no_roles_in_it() {
    let engine = engine();
    let before = facts(&engine);
    let beta = engine.add_environment("beta", Tier::Production, &["Beta".to_owned()]).unwrap();
    assert_eq!(beta, add("beta", &["Beta"]));
    let expected = [
        "- environments: 3",
        "+ anybody restartService beta: Denied",
        "+ anybody stopTask beta: Denied",
        "+ anybody viewLogs beta: Denied",
        "+ beta is beta",
        "+ environments: 4",
    ];
    assert_eq!(difference(&before, &facts(&engine)), expected);
    engine.assign("looker", user("bob"), "beta").unwrap();
    let within = engine.permissions("bob").unwrap().within("beta").cloned();
    assert_eq!(within.map(|one| one.tier), Some(Tier::Production));
}

#[test]
fn roles_follow_an_environment_to_its_new_name() {
    let expected = [
        "- alice restartService dev: Allowed",
        "- anybody restartService dev: Denied",
        "- anybody stopTask dev: Denied",
        "- anybody viewLogs dev: Denied",
        "- dev is dev",
        "- team web restartService dev: Allowed",
        "+ alice restartService beta: Allowed",
        "+ anybody restartService beta: Denied",
        "+ anybody stopTask beta: Denied",
        "+ anybody viewLogs beta: Denied",
        "+ beta is beta",
        "+ team web restartService beta: Allowed",
    ];
    assert_eq!(changed(&[rename("dev", "beta")]), expected);
}

#[test]
fn an_environment_keeps_its_tier_and_aliases_under_its_new_name() {
    let engine = engine();
    engine.apply(&[assign("looker", user("bob"), "prod"), rename("prod", "beta")]).unwrap();
    assert!(facts(&engine).contains("live is beta"));
    let tier = engine.permissions("bob").unwrap().within("beta").map(|one| one.tier);
    assert_eq!(tier, Some(Tier::Production));
}

#[test]
fn an_environment_that_is_removed_takes_its_roles_and_aliases_with_it() {
    let expected = [
        "- alice restartService dev: Allowed",
        "- anybody restartService dev: Denied",
        "- anybody stopTask dev: Denied",
        "- anybody viewLogs dev: Denied",
        "- assignments: 2",
        "- dev is dev",
        "- environments: 3",
        "- team web restartService dev: Allowed",
        "+ assignments: 1",
        "+ environments: 2",
    ];
    assert_eq!(changed(&[remove("dev")]), expected);
    let of_a_person = changed(&[remove("qa")]);
    for fact in ["- bob viewLogs qa: Allowed", "+ assignments: 1"] {
        assert!(of_a_person.contains(&fact.to_owned()), "{of_a_person:?}");
    }
    let without = changed(&[remove("prod")]);
    assert!(without.contains(&"- live is prod".to_owned()), "{without:?}");
}

/// Whoever takes the name of somebody who left does not take their roles.
#[test]
fn a_name_that_is_given_again_begins_without_roles() {
    let again = changed(&[remove("dev"), add("dev", &[])]);
    let expected = [
        "- alice restartService dev: Allowed",
        "- assignments: 2",
        "- team web restartService dev: Allowed",
        "+ assignments: 1",
    ];
    assert_eq!(again, expected);
    let again = changed(&[rename("qa", "beta"), add("qa", &[])]);
    assert!(again.contains(&"- bob viewLogs qa: Allowed".to_owned()), "{again:?}");
    assert!(again.contains(&"+ bob viewLogs beta: Allowed".to_owned()), "{again:?}");
    let again = changed(&[remove_user("bob"), put_user("bob", &[])]);
    assert_eq!(again, ["- assignments: 2", "- bob viewLogs qa: Allowed", "+ assignments: 1"]);
}

#[test]
fn policies_do_not_follow_an_environment_to_its_new_name() {
    let engine = engine();
    let restarts = |environment: &str| {
        let review = engine.who_can("restartService", environment).unwrap();
        review.people.into_iter().map(|one| one.user).collect::<Vec<_>>()
    };
    assert_eq!(restarts("dev"), ["alice"]);
    engine.apply(&[rename("dev", "frozen")]).unwrap();
    assert_eq!(restarts("frozen"), [""; 0]);
    engine.apply(&[rename("frozen", "dev")]).unwrap();
    assert_eq!(restarts("dev"), ["alice"]);
    engine.apply(&[add("frozen", &[]), assign("restarter", user("alice"), "frozen")]).unwrap();
    assert_eq!(restarts("frozen"), [""; 0]);
    engine.apply(&[remove("frozen")]).unwrap();
    assert_eq!(restarts("dev"), ["alice"]);
}

#[test]
fn a_person_is_in_the_teams_that_were_put_and_in_no_others() {
    assert_eq!(
        changed(&[put_user("carol", &["web"])]),
        ["- people: 2", "+ carol restartService dev: Allowed", "+ people: 3"]
    );
    assert_eq!(changed(&[put_user("bob", &["web"])]), ["+ bob restartService dev: Allowed"]);
    assert_eq!(changed(&[put_user("alice", &[])]), ["- alice restartService dev: Allowed"]);
}

#[test]
fn a_person_who_is_removed_takes_their_own_roles_with_them() {
    assert_eq!(
        changed(&[remove_user("bob")]),
        [
            "- assignments: 2",
            "- bob viewLogs qa: Allowed",
            "- people: 2",
            "+ assignments: 1",
            "+ people: 1",
        ]
    );
    assert_eq!(
        changed(&[remove_user("alice")]),
        ["- alice restartService dev: Allowed", "- people: 2", "+ people: 1"]
    );
}

#[test]
fn assignments_stay_when_policies_are_replaced() {
    let engine = engine();
    let before = facts(&engine);
    let old = engine.policy_set();
    let change = replace(&[("restarter", RESTARTER), ("looker", LOOKER)]);
    let Change::ReplacePolicies { policies } = &change else { unreachable!() };
    let mut set = cedar_policy::PolicySet::new();
    for (id, text) in policies {
        let id = Some(cedar_policy::PolicyId::new(id));
        set.add_template(cedar_policy::Template::parse(id, text).unwrap()).unwrap();
    }
    engine.replace_policies(&set).unwrap();
    let after = facts(&engine);
    let expected = [
        "- alice restartService dev: Allowed".to_owned(),
        format!("- policies: {old}"),
        "- team web restartService dev: Allowed".to_owned(),
        "+ alice stopTask dev: Allowed".to_owned(),
        format!("+ policies: {}", engine.policy_set()),
        "+ team web stopTask dev: Allowed".to_owned(),
    ];
    assert_eq!(difference(&before, &after), expected);
    let by_text = self::engine();
    by_text.apply(&[change]).unwrap();
    assert_eq!(facts(&by_text), after);
}

/// A change of each kind, in an order in which they can be made.
fn one_of_each() -> Vec<Change> {
    vec![
        add("beta", &["Beta"]),
        put_user("carol", &["web"]),
        assign("restarter", user("carol"), "beta"),
        unassign("looker", user("bob"), "qa"),
        rename("qa", "frozen"),
        remove("prod"),
        remove_user("alice"),
        replace(&[("restarter", RESTARTER)]),
    ]
}

#[test]
fn recorded_changes_give_the_same_answers_again() {
    let (one, other) = (engine(), engine());
    for change in one_of_each() {
        one.apply(&[change]).unwrap();
    }
    let recorded = serde_json::to_value(one_of_each()).unwrap();
    let expected = json!([
        {"add_environment": {"name": "beta", "tier": "production", "aliases": ["Beta"]}},
        {"put_user": {"name": "carol", "teams": ["web"]}},
        {"assign": {"role": "restarter", "assignee": {"user": "carol"}, "environment": "beta"}},
        {"unassign": {"role": "looker", "assignee": {"user": "bob"}, "environment": "qa"}},
        {"rename_environment": {"from": "qa", "to": "frozen"}},
        {"remove_environment": {"name": "prod"}},
        {"remove_user": {"name": "alice"}},
        {"replace_policies": {"policies": {"restarter": RESTARTER}}},
    ]);
    assert_eq!(recorded, expected);
    let changes: Vec<Change> = serde_json::from_value(recorded).unwrap();
    assert_eq!(other.apply(&changes).unwrap(), 1);
    assert_eq!(facts(&one), facts(&other));
    assert_eq!(one.matrix(), other.matrix());
    assert_ne!(facts(&other), facts(&engine()));
}

/// Changes that cannot be made, with the code and the words that say why.
fn refused() -> Vec<(Change, &'static str, &'static str)> {
    let two = format!("{RESTARTER} {LOOKER}");
    let no_principal =
        "permit (principal, action == Fortem::Action::\"stopTask\", resource in ?resource);";
    let both = |restarter: &str| replace(&[("restarter", restarter), ("looker", LOOKER)]);
    vec![
        (assign("develper", user("bob"), "qa"), "unknown_role", "unknown role `develper`"),
        (assign("frozen", user("bob"), "qa"), "unknown_role", "unknown role `frozen`"),
        (assign("looker", user("mallory"), "qa"), "unknown_user", "unknown user `mallory`"),
        (assign("looker", team("alice"), "qa"), "unknown_team", "unknown team `alice`"),
        (assign("looker", user("bob"), "q"), "unknown_environment", "unknown environment `q`"),
        (
            assign("looker", user("bob"), "live"),
            "unknown_environment",
            "unknown environment `live`",
        ),
        (
            assign("looker", user("bob"), "qa"),
            "already_assigned",
            "`looker` is already assigned to bob in `qa`",
        ),
        (
            unassign("looker", team("web"), "qa"),
            "not_assigned",
            "`looker` is not assigned to team web in `qa`",
        ),
        (
            assign("anyone", user("bob"), "qa"),
            "no_slot",
            "role `anyone` has no `?principal`, so an assignment of it names no team or user",
        ),
        (unassign("anyone", None, "qa"), "not_assigned", "`anyone` is not assigned in `qa`"),
        (
            unassign("anywhere", user("bob"), None),
            "not_assigned",
            "`anywhere` is not assigned to bob",
        ),
        (
            assign("restarter", None, "qa"),
            "open_slot",
            "role `restarter` has `?principal`, so an assignment of it names the team or user",
        ),
        (
            assign("restarter", user("alice"), None),
            "open_slot",
            "role `restarter` has `?resource`, so an assignment of it names the environment",
        ),
        (
            assign("anywhere", user("bob"), "qa"),
            "no_slot",
            "role `anywhere` has no `?resource`, so an assignment of it names no environment",
        ),
        (add("qa", &[]), "exists", "there is an environment `qa` already"),
        (add("beta", &["live"]), "exists", "there is an environment `live` already"),
        (add("beta", &["LIVE"]), "exists", "there is an environment `LIVE` already"),
        (add("Beta", &[]), "bad_name", "`Beta` cannot be the name of an environment"),
        (add("", &[]), "bad_name", "`` cannot be the name of an environment"),
        (add("beta", &["be*"]), "bad_name", "`be*` cannot be an alias"),
        (add("beta", &[""]), "bad_name", "`` cannot be an alias"),
        (add("beta", &["beta"]), "bad_name", "`beta` cannot be an alias"),
        (add("beta", &["b", "b"]), "bad_name", "`b` cannot be an alias"),
        (rename("q", "beta"), "unknown_environment", "unknown environment `q`"),
        (rename("qa", "live"), "exists", "there is an environment `live` already"),
        (rename("qa", "q a"), "bad_name", "`q a` cannot be the name of an environment"),
        (remove("q"), "unknown_environment", "unknown environment `q`"),
        (put_user("bob", &["web", "x"]), "unknown_team", "unknown team `x`"),
        (put_user("", &[]), "bad_name", "`` cannot be the name of a user"),
        (put_user("b\nb", &[]), "bad_name", "`b\nb` cannot be the name of a user"),
        (remove_user("mallory"), "unknown_user", "unknown user `mallory`"),
        (
            replace(&[("looker", LOOKER)]),
            "role_in_use",
            "role `restarter` is assigned, but not among the new policies",
        ),
        (
            both(no_principal),
            "no_slot",
            "role `restarter` has no `?principal`, so an assignment of it names no team or user",
        ),
        (both("permit"), "policies", "the policies have 1 problem"),
        (both(&two), "policies", "the policies have 1 problem"),
        (both(&RESTARTER.replace("stopTask", "nap")), "policies", "the policies have 1 problem"),
    ]
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let engine = engine();
    let (before, stats) = (facts(&engine), engine.stats());
    let mut wrong = Vec::new();
    for (change, code, message) in refused() {
        // What was possible before it is not made either.
        let changes = [assign("restarter", user("bob"), "qa"), add("gamma", &[]), change];
        let error: ChangeError = engine.apply(&changes).unwrap_err();
        if (error.code(), error.to_string().as_str()) != (code, message) {
            wrong.push(format!("{}: {error}", error.code()));
        }
        assert_eq!(difference(&before, &facts(&engine)), [""; 0], "{message}");
        assert_eq!(engine.stats(), stats, "{message}");
    }
    assert_eq!(wrong, [""; 0]);
    // Nor is the engine left unable to change.
    assert_eq!(engine.apply(&one_of_each()).unwrap(), 1);
}

#[test]
fn links_are_not_taken_for_policies() {
    use cedar_policy::{PolicyId, PolicySet, SlotId, Template};
    let mut set = PolicySet::new();
    let id = PolicyId::new("looker");
    set.add_template(Template::parse(Some(id.clone()), LOOKER).unwrap()).unwrap();
    let slots = [
        (SlotId::principal(), r#"Fortem::User::"bob""#.parse().unwrap()),
        (SlotId::resource(), r#"Fortem::Environment::"qa""#.parse().unwrap()),
    ];
    set.link(id, PolicyId::new("link"), slots.into()).unwrap();
    let error = engine().replace_policies(&set).unwrap_err();
    assert_eq!(error.code(), "policies");
    let ChangeError::Policies(problems) = error else { unreachable!() };
    assert_eq!(problems.as_slice().first().unwrap().code(), "fortem::engine::linked");
}

#[test]
fn an_environment_can_take_its_own_name_back() {
    let engine = engine();
    let before = facts(&engine);
    engine.apply(&[add("beta", &["Beta"]), rename("beta", "gamma")]).unwrap();
    engine.apply(&[rename("gamma", "beta"), remove("beta")]).unwrap();
    assert_eq!(difference(&before, &facts(&engine)), [""; 0]);
}
