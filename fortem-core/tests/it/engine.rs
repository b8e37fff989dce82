//! The engine: what it answers is what Cedar answers.

mod allocation;
mod at_run_time;
mod cedar;
mod changes;
mod deep;
mod extended;
mod kept;
mod paranoid;
mod permissions;
mod random;
mod reach;
mod reasons;
mod slots;

use std::collections::BTreeSet;

use fortem_core::engine::{
    Applied, Detail, Engine, Principal, Request, RequestError, Resource, Session,
};
use fortem_core::{Assignee, Fleet, Identity, Roles, Source, SourceFile};
use proptest::prelude::*;

use random::{Asked, Place, Policies};

fn engine(policies: &Policies, fleet: &random::Fleet) -> Engine {
    let file = SourceFile::new("fleet.toml", fleet.text());
    let fleet = Fleet::parse(&file, &Roles::of(&policies.set)).unwrap();
    Engine::with_vocabulary(&policies.set, &fleet, &random::VOCABULARY).unwrap()
}

/// An engine of a file of policies and a fleet file.
fn of_text(policies: &str, fleet: &str) -> Engine {
    let policies = SourceFile::new("all.cedar", policies);
    let source = Source::parse(&SourceFile::new("fleet.toml", fleet), &[policies]).unwrap();
    Engine::new(&source.policy_set(), source.fleet()).unwrap()
}

/// Hands the request that a random one stands for to `ask`.
fn with_request<T>(asked: &Asked, ask: impl FnOnce(&Request<'_>) -> T) -> T {
    let tags = asked.tags();
    let resource = match asked.place {
        _ if asked.kind == "Environment" => Resource::environment(asked.id),
        Place::Within(spelling) => Resource::new(asked.kind, asked.id).within(spelling),
        Place::Nowhere | Place::Tagged(_) => Resource::new(asked.kind, asked.id),
    };
    let mut session = Session::at(asked.now).mfa(asked.mfa);
    if let Some(approval) = asked.approval {
        session = session.approval(approval);
    }
    if let Some(address) = asked.source_ip {
        session = session.source_ip(address.parse().unwrap());
    }
    let added = &asked.added;
    let attributes = [
        ("age", added.age.map(Detail::Number)),
        ("device", added.device.map(Detail::Text)),
        ("managed", added.managed.map(Detail::Flag)),
        ("network", added.network.map(Detail::Text)),
        ("since", added.since.map(Detail::Text)),
    ];
    let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let attributes: Vec<_> = attributes.collect();
    let session = session.with(&attributes);
    let cluster = Resource::new("Cluster", "main");
    let cluster = asked.cluster.map_or(cluster, |spelling| cluster.within(spelling));
    let details: &[_] = match asked.action {
        "flushCache" => &[("pattern", Detail::Text("*"))],
        "runTask" => &[("cluster", Detail::Resource(cluster))],
        _ => &[],
    };
    with_principal(asked, |principal| {
        let request = Request::new(principal, asked.action, resource.tagged(&tags), session);
        ask(&request.details(details))
    })
}

fn with_principal<T>(asked: &Asked, ask: impl FnOnce(Principal<'_>) -> T) -> T {
    let Some(token) = &asked.token else { return ask(asked.user.into()) };
    let mut identity = Identity::new(asked.user);
    for group in &token.groups {
        identity = identity.group(*group);
    }
    for (key, value) in &token.tags {
        identity = identity.tag(*key, *value);
    }
    ask((&identity).into())
}

/// What the engine answers, with the names of the policies and links that decide.
fn authorize(engine: &Engine, asked: &Asked) -> Result<(bool, BTreeSet<String>), RequestError> {
    with_request(asked, |request| {
        let decision = engine.authorize(request)?;
        let explanation = decision.explain();
        assert_eq!(decision.is_allowed(), explanation.allowed);
        assert!(!explanation.reason.is_empty());
        let reasons: BTreeSet<String> = explanation.policies.iter().map(name).collect();
        assert_eq!(reasons.len(), explanation.policies.len());
        Ok((decision.is_allowed(), reasons))
    })
}

fn name(applied: &Applied) -> String {
    let Some(link) = &applied.assignment else { return applied.policy.clone() };
    let assignee = link.assignee.as_ref().map(|assignee| match assignee {
        Assignee::Team(name) => format!("Team {name}"),
        Assignee::User(name) => format!("User {name}"),
    });
    cedar::name(&applied.policy, assignee.as_deref(), link.environment.as_deref())
}

/// Whether the engine answers as Cedar does, or refuses what names something unknown.
fn is_as_cedar(
    engine: &Engine,
    policies: &Policies,
    fleet: &random::Fleet,
    asked: &Asked,
) -> Result<(), TestCaseError> {
    let known_cluster = asked.cluster.is_none_or(|name| fleet.find(name).is_some());
    match (authorize(engine, asked), cedar::authorize(policies, fleet, asked)) {
        (Ok(answer), Some(cedar)) if known_cluster || asked.action != "runTask" => {
            prop_assert_eq!(answer, cedar);
        }
        // Decided without the cluster, which then does not matter to Cedar either.
        (Ok(answer), Some(cedar)) => prop_assert_eq!(answer.0, cedar.0),
        (Ok(answer), None) => prop_assert!(false, "{:?}", answer),
        (Err(_), None) => {}
        (Err(error), Some(_)) => {
            prop_assert!(!known_cluster && asked.action == "runTask", "{}", error);
        }
    }
    Ok(())
}

/// Policies, a fleet that assigns some of them, and requests.
fn world() -> impl Strategy<Value = (Policies, random::Fleet, Vec<Asked>)> {
    random::policies().prop_flat_map(|policies| {
        let fleet = random::fleet(policies.roles.clone());
        (Just(policies), fleet, prop::collection::vec(random::asked(), 12))
    })
}

proptest! {
    #[test]
    fn decisions_are_those_of_cedar((policies, fleet, requests) in world()) {
        let engine = engine(&policies, &fleet);
        for asked in &requests {
            is_as_cedar(&engine, &policies, &fleet, asked)?;
        }
    }
}
