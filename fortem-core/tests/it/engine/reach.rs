//! Whom and what policies reach: teams in teams, groups of tokens, tags and aliases, slots, and names nobody knows.

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::SystemTime;

use cedar_policy::PolicySet;
use fortem_core::engine::{Answer, Detail, Engine, Request, RequestError, Resource, Session};
use fortem_core::{Assignee, Fleet, Identity, Roles, SourceFile};
use insta::assert_snapshot;

use super::of_text;

const POLICIES: &str = r#"
@id("restarter") permit (principal in ?principal, action == Fortem::Action::"restartService", resource in ?resource);
@id("stopper") permit (principal == ?principal, action == Fortem::Action::"stopTask", resource in ?resource);
@id("suspended") forbid (principal in ?principal, action, resource in ?resource);
@id("flusher") permit (principal in ?principal, action == Fortem::Action::"flushCache", resource in ?resource)
when { context.pattern != "*" };
@id("not-eve") forbid (principal == Fortem::User::"eve", action, resource);
"#;

const FLEET: &str = r#"
tag_key = "Stage"
[[environment]]
name = "dev"
tier = "nonproduction"
aliases = ["Dev", "development"]
[[environment]]
name = "qa"
tier = "nonproduction"
[[team]]
name = "company"
[[team]]
name = "web"
teams = ["company"]
[[team]]
name = "shop"
teams = ["web"]
groups = ["idp-shop", "idp-store"]
[[team]]
name = "books"
groups = ["idp-store"]
[[user]]
name = "alice"
teams = ["shop"]
[[user]]
name = "bob"
[[user]]
name = "eve"
teams = ["shop"]
[[assignment]]
role = "restarter"
team = "company"
environments = ["dev"]
[[assignment]]
role = "stopper"
team = "shop"
environments = ["dev"]
[[assignment]]
role = "stopper"
user = "bob"
environments = ["dev"]
[[assignment]]
role = "flusher"
user = "bob"
environments = ["dev"]
"#;

fn engine() -> Engine {
    of_text(POLICIES, FLEET)
}

fn session() -> Session<'static> {
    Session::at(SystemTime::UNIX_EPOCH)
}

fn service(environment: &str) -> Resource<'_> {
    Resource::new("Service", "orders-api").within(environment)
}

fn may(engine: &Engine, user: &str, action: &str, resource: Resource<'_>) -> bool {
    engine.authorize(&Request::new(user, action, resource, session())).unwrap().is_allowed()
}

fn token_may(engine: &Engine, identity: &Identity, resource: Resource<'_>) -> bool {
    let request = Request::new(identity, "restartService", resource, session());
    engine.authorize(&request).unwrap().is_allowed()
}

#[test]
fn a_role_reaches_through_teams_in_teams_in_teams() {
    let engine = engine();
    assert!(may(&engine, "alice", "restartService", service("dev")));
    assert!(!may(&engine, "alice", "restartService", service("qa")));
    assert!(!may(&engine, "bob", "restartService", service("dev")));
    engine.unassign("restarter", Assignee::Team("company".to_owned()), "dev").unwrap();
    assert!(!may(&engine, "alice", "restartService", service("dev")));
    // Upwards only: who is in the company is not in the shop.
    engine.assign("restarter", Assignee::Team("shop".to_owned()), "dev").unwrap();
    assert!(token_may(&engine, &Identity::new("zoe").group("idp-shop"), service("dev")));
    assert!(!token_may(&engine, &Identity::new("zoe").group("company"), service("dev")));
}

#[test]
fn a_stranger_has_what_the_groups_of_their_token_give() {
    let engine = engine();
    let zoe = Identity::new("zoe");
    assert!(!token_may(&engine, &zoe, service("dev")));
    assert!(!token_may(&engine, &zoe.clone().group("idp-payments"), service("dev")));
    assert!(token_may(&engine, &zoe.clone().group("idp-store"), service("dev")));
    let with_groups = zoe.group("idp-payments").group("idp-shop");
    assert!(token_may(&engine, &with_groups, service("dev")));
    assert!(!token_may(&engine, &with_groups, service("qa")));
    let permissions = engine.permissions(&with_groups).unwrap();
    let places: Vec<_> = permissions.environments.iter().map(|one| &one.environment).collect();
    assert_eq!(places, ["dev"]);
    // A group that means two teams gives what either has.
    engine.assign("restarter", Assignee::Team("books".to_owned()), "qa").unwrap();
    let both = Identity::new("zoe").group("idp-store");
    assert!(token_may(&engine, &both, service("dev")) && token_may(&engine, &both, service("qa")));
}

#[test]
fn a_person_of_the_fleet_has_the_teams_of_their_token_too() {
    let engine = engine();
    let bob = Identity::new("bob").group("idp-shop");
    assert!(token_may(&engine, &bob, service("dev")));
    assert!(!may(&engine, "bob", "restartService", service("dev")));
    let without_groups = Identity::new("alice");
    assert!(token_may(&engine, &without_groups, service("dev")));
}

#[test]
fn the_review_names_groups_whose_members_may() {
    let review = engine().who_can("restartService", "development").unwrap();
    assert_eq!(review.anybody, Answer::Denied);
    let people: Vec<_> = review.people.iter().map(|one| one.user.as_str()).collect();
    assert_eq!(people, ["alice"]);
    let groups: Vec<_> =
        review.groups.iter().map(|one| (one.team.as_str(), &*one.groups)).collect();
    assert_eq!(groups, [("shop", &["idp-shop".to_owned(), "idp-store".to_owned()][..])]);
}

#[test]
fn an_environment_is_known_by_name_alias_or_tag() {
    let engine = engine();
    let api = Resource::new("Service", "orders-api");
    for spelling in ["dev", "Dev", "development"] {
        assert!(may(&engine, "alice", "restartService", api.within(spelling)));
        let tags = [("Name", "qa"), ("Stage", spelling)];
        assert!(may(&engine, "alice", "restartService", api.tagged(&tags)));
        let request = Request::new("alice", "restartService", api.tagged(&tags), session());
        assert_eq!(engine.authorize(&request).unwrap().environment(), Some("dev"));
        let environment = Resource::environment(spelling);
        let request = Request::new("alice", "viewEnvironment", environment, session());
        assert_eq!(engine.authorize(&request).unwrap().environment(), Some("dev"));
    }
}

#[test]
fn a_resource_whose_tags_name_no_environment_is_out_of_reach() {
    let engine = engine();
    let api = Resource::new("Service", "orders-api");
    let elsewhere: [&[(&str, &str)]; 5] = [
        &[],
        &[("Stage", "develop")],
        &[("Stage", "DEV")],
        &[("Stage", "")],
        &[("stage", "dev"), ("Environment", "dev")],
    ];
    for tags in elsewhere {
        let request = Request::new("alice", "restartService", api.tagged(tags), session());
        let decision = engine.authorize(&request).unwrap();
        assert_eq!(decision.environment(), None, "{tags:?}");
        let explained = decision.explain();
        assert_eq!((explained.allowed, explained.policies), (false, Vec::new()), "{tags:?}");
        let reason =
            "Service `orders-api` is in no environment that is known, so no role reaches it";
        assert_eq!(explained.reason, reason, "{tags:?}");
    }
    // What the embedder says goes before the tags, in whatever order it is said.
    let tags = [("Stage", "dev")];
    assert!(!may(&engine, "alice", "restartService", api.tagged(&tags).within("qa")));
    assert!(!may(&engine, "alice", "restartService", api.within("qa").tagged(&tags)));
}

/// `principal == ?principal` linked to a team is for the team itself, and no person is one.
#[test]
fn a_role_for_the_assignee_alone_gives_the_members_of_a_team_nothing() {
    let engine = engine();
    let task = Resource::new("Task", "4f3a").within("dev");
    assert!(may(&engine, "bob", "stopTask", task));
    assert!(!may(&engine, "alice", "stopTask", task));
    let within = engine.permissions("alice").unwrap().within("dev").cloned().unwrap();
    assert_eq!(within.answer("stopTask"), Answer::Denied);
    let review = engine.who_can("stopTask", "dev").unwrap();
    let people: Vec<_> = review.people.iter().map(|one| one.user.as_str()).collect();
    assert_eq!((people, review.groups), (vec!["bob"], Vec::new()));
}

#[test]
fn a_suspension_is_a_role_that_forbids() {
    let engine = engine();
    let alice = || Assignee::User("alice".to_owned());
    let zoe = Identity::new("zoe").group("idp-shop");
    engine.assign("restarter", Assignee::Team("web".to_owned()), "qa").unwrap();
    engine.assign("suspended", alice(), "dev").unwrap();
    assert!(!may(&engine, "alice", "restartService", service("dev")));
    assert!(may(&engine, "alice", "restartService", service("qa")));
    assert!(token_may(&engine, &zoe, service("dev")));
    let request = Request::new("alice", "restartService", service("dev"), session());
    let policies = engine.authorize(&request).unwrap().explain().policies;
    let names: Vec<_> = policies.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["suspended (alice in dev)"]);
    engine.unassign("suspended", alice(), "dev").unwrap();
    assert!(may(&engine, "alice", "restartService", service("dev")));
    // Of a team, it reaches whoever is in it, by the fleet or by a token.
    engine.assign("suspended", Assignee::Team("web".to_owned()), "dev").unwrap();
    assert!(!may(&engine, "alice", "restartService", service("dev")));
    assert!(!token_may(&engine, &zoe, service("dev")));
}

#[test]
fn a_forbid_on_a_single_person_is_for_that_person_alone() {
    let engine = engine();
    let eve = Identity::new("eve").group("idp-shop");
    assert!(!may(&engine, "eve", "restartService", service("dev")));
    assert!(!token_may(&engine, &eve, service("dev")));
    assert!(may(&engine, "alice", "restartService", service("dev")));
    assert_eq!(engine.permissions("eve").unwrap().environments, Vec::new());
    let target = engine.target("restartService", "Service", "dev").unwrap();
    let caller = engine.caller("eve").unwrap();
    assert_eq!(engine.answer(&caller, &target), Ok(Answer::Denied));
    // Nor does it end when the fleet forgets the person and a token brings them back.
    let gone = fortem_core::engine::Change::RemoveUser { name: "eve".to_owned() };
    engine.apply(&[gone]).unwrap();
    assert!(!token_may(&engine, &eve, service("dev")));
}

#[test]
fn all_of_sixty_roles_of_one_person_are_named() {
    let mut policies = String::new();
    let mut fleet = "[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n\
        [[environment]]\nname = \"qa\"\ntier = \"nonproduction\"\n[[user]]\nname = \"alice\"\n"
        .to_owned();
    for number in 0..60 {
        let scope = "principal in ?principal, action == Fortem::Action::\"restartService\"";
        writeln!(policies, "@id(\"r{number:02}\") permit ({scope}, resource in ?resource);")
            .unwrap();
        let places = "environments = [\"dev\", \"qa\"]";
        writeln!(fleet, "[[assignment]]\nrole = \"r{number:02}\"\nuser = \"alice\"\n{places}")
            .unwrap();
    }
    let engine = of_text(&policies, &fleet);
    let named = |environment: &str| -> Vec<String> {
        let request = Request::new("alice", "restartService", service(environment), session());
        let decision = engine.authorize(&request).unwrap();
        decision.explain().policies.iter().map(ToString::to_string).collect()
    };
    let all = |environment: &str| -> Vec<String> {
        (0..60).map(|number| format!("r{number:02} (alice in {environment})")).collect()
    };
    assert_eq!(named("dev"), all("dev"));
    assert_eq!(named("qa"), all("qa"));
    engine.unassign("r00", Assignee::User("alice".to_owned()), "qa").unwrap();
    assert_eq!(named("qa"), all("qa")[1..]);
    assert_eq!(named("dev"), all("dev"));
    assert_eq!(engine.stats().assignments, 119);
}

/// The codes and words of what is wrong with a policy and a fleet that assigns it in this way.
fn problems(policy: &str, assignment: &str) -> Vec<String> {
    let fleet = format!(
        "[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n[[user]]\nname = \"alice\"\n\
         [[assignment]]\n{assignment}\n"
    );
    let fleet = Fleet::parse(&SourceFile::new("fleet.toml", fleet), &Roles::any()).unwrap();
    let error = Engine::new(&PolicySet::from_str(policy).unwrap(), &fleet).unwrap_err();
    error.as_slice().iter().map(|one| format!("{}: {one}", one.code())).collect()
}

/// A fleet that was read without the policies may not fit them. Of policies that are only parsed the ids are `policy0`, …
#[test]
fn an_assignment_that_does_not_fit_its_role_is_refused() {
    let both = "permit (principal in ?principal, action, resource in ?resource);";
    let everybody = "permit (principal, action, resource in ?resource);";
    let everywhere = "permit (principal in ?principal, action, resource);";
    let (role, user, place) =
        ("role = \"policy0\"\n", "user = \"alice\"\n", "environments = [\"dev\"]\n");
    let is = "fortem::engine::slot: role `policy0`";
    for (policy, assignment, problem) in [
        (
            both,
            [role, user, ""],
            format!("{is} has `?resource`, so an assignment of it names the environment"),
        ),
        (
            both,
            [role, "", place],
            format!("{is} has `?principal`, so an assignment of it names the team or user"),
        ),
        (
            everybody,
            [role, user, place],
            format!("{is} has no `?principal`, so an assignment of it names no team or user"),
        ),
        (
            everywhere,
            [role, user, place],
            format!("{is} has no `?resource`, so an assignment of it names no environment"),
        ),
        (
            "permit (principal, action, resource);",
            [role, user, place],
            "fortem::engine::unknown_role: unknown role `policy0`".to_owned(),
        ),
    ] {
        assert_eq!(problems(policy, &assignment.concat()), [problem]);
    }
}

#[test]
fn a_team_that_is_part_of_itself_is_refused() {
    for teams in [
        "[[team]]\nname = \"a\"\nteams = [\"a\"]\n",
        "[[team]]\nname = \"a\"\nteams = [\"b\"]\n[[team]]\nname = \"b\"\nteams = [\"a\"]\n",
    ] {
        let fleet = format!("[[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n{teams}");
        let error = Fleet::parse(&SourceFile::new("fleet.toml", fleet), &Roles::any()).unwrap_err();
        let words: Vec<_> = error.as_slice().iter().map(ToString::to_string).collect();
        assert_eq!(words.first().map(String::as_str), Some("team `a` is part of itself"));
        assert!(error.as_slice().iter().all(|one| one.code() == "fortem::fleet::team_in_itself"));
    }
}

#[test]
fn a_request_that_cannot_be_asked_says_why() {
    let engine = engine();
    let task = Resource::new("Task", "4f3a").within("dev");
    let cache = Resource::new("Cache", "main").within("dev");
    let number = [("pattern", Detail::Number(1))];
    let other = [("pattern", Detail::Text("a")), ("patern", Detail::Text("a"))];
    let twice = [("pattern", Detail::Text("a")), ("pattern", Detail::Text("b"))];
    let flush = |details| Request::new("bob", "flushCache", cache, session()).details(details);
    let asked = [
        Request::new("mallory", "restartService", service("dev"), session()),
        Request::new("alice", "restartServices", service("dev"), session()),
        Request::new("alice", "operate", service("dev"), session()),
        Request::new("alice", "restartService", Resource::new("Servise", "x"), session()),
        Request::new("alice", "restartService", Resource::new("Boat", "x"), session()),
        Request::new("alice", "restartService", task, session()),
        Request::new("alice", "restartService", service("developmet"), session()),
        Request::new("alice", "restartService", service("production"), session()),
        Request::new("alice", "viewEnvironment", Resource::environment("nowhere"), session()),
        flush(&[]),
        flush(&number),
        flush(&other),
        flush(&twice),
    ];
    let mut words = String::new();
    for request in asked {
        let error = engine.authorize(&request).unwrap_err();
        writeln!(words, "{}: {error}", error.code()).unwrap();
    }
    writeln!(words, "{}: {}", RequestError::Stack.code(), RequestError::Stack).unwrap();
    assert_snapshot!(words);
}

#[test]
fn other_questions_refuse_unknown_names_too() {
    let engine = engine();
    let words = [
        engine.permissions("mallory").unwrap_err(),
        engine.caller("mallory").unwrap_err(),
        engine.who_can("restart", "dev").unwrap_err(),
        engine.who_can("restartService", "stage").unwrap_err(),
        engine.target("restart", "Service", "dev").unwrap_err(),
        engine.target("restartService", "Task", "dev").unwrap_err(),
        engine.target("restartService", "Service", "stage").unwrap_err(),
    ]
    .map(|error| error.to_string());
    let expected = [
        "unknown user `mallory`",
        "unknown user `mallory`",
        "unknown action `restart`",
        "unknown environment `stage`",
        "unknown action `restart`",
        "`restartService` does not apply to `Task`, but to `Service`",
        "unknown environment `stage`",
    ];
    assert_eq!(words, expected);
}

#[test]
fn the_stats_say_which_policies_are_asked_and_how_they_would_not_be() {
    let policies = r#"
@id("restarter") permit (principal in ?principal, action == Fortem::Action::"restartService", resource in ?resource);
@id("never-prod") forbid (principal, action, resource) unless { resource in Fortem::Tier::"nonproduction" };
@id("no-approvals") forbid (principal, action, resource) when { context has approval };
@id("not-bob") forbid (principal, action, resource) when { principal == Fortem::User::"bob" };
@id("not-tagged") forbid (principal, action, resource is Fortem::Service)
when { resource.hasTag("Frozen") };
@id("shell") permit (principal in ?principal, action == Fortem::Action::"execCommand", resource in ?resource)
when { context.mfa };
"#;
    let stats = of_text(policies, FLEET.split("[[assignment]]").next().unwrap()).stats();
    assert_eq!((stats.environments, stats.teams, stats.people), (2, 4, 3));
    assert_eq!((stats.revision, stats.assignments, stats.in_table), (0, 0, 2));
    let mut words = String::new();
    for one in stats.asked {
        writeln!(words, "{} looks at {:?}\n  {}", one.policy, one.looks_at, one.hint).unwrap();
    }
    assert_snapshot!(words);
}

#[test]
fn tags_that_name_two_environments_are_an_error_and_no_choice() {
    let engine = engine();
    let asked = |tags: &[(&str, &str)]| {
        let service = Resource::new("Service", "orders-api").tagged(tags);
        let request = Request::new("alice", "restartService", service, session());
        engine.authorize(&request).map(|decision| decision.is_allowed())
    };
    let two = |first: &str, second: &str| {
        let values = [first.to_owned(), second.to_owned()];
        Err(RequestError::TwoEnvironments { key: "Stage".to_owned(), values })
    };
    assert_eq!(asked(&[("Stage", "dev")]), Ok(true));
    assert_eq!(asked(&[("stage", "dev")]), Ok(false));
    assert_eq!(asked(&[("Stage", "dev"), ("Stage", "nowhere")]), two("dev", "nowhere"));
    assert_eq!(asked(&[("Stage", "nowhere"), ("Stage", "dev")]), two("nowhere", "dev"));
    assert_eq!(asked(&[("Stage", "dev"), ("stage", "dev")]), Ok(true));
    assert_eq!(asked(&[("Stage", "dev"), ("stage", "qa")]), two("dev", "qa"));
    assert_eq!(asked(&[("STAGE", "nowhere"), ("Stage", "dev")]), two("dev", "nowhere"));
}
