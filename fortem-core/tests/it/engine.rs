//! The engine: what it answers is what Cedar answers.

mod cedar;
mod deep;
mod random;
mod reasons;

use std::collections::BTreeSet;

use fortem_core::engine::{Applied, Detail, Engine, Request, Resource, Session};
use fortem_core::{Assignee, Fleet, SourceFile};
use proptest::prelude::*;

use random::{Asked, Policies};

fn engine(policies: &Policies, fleet: &random::Fleet) -> Engine {
    let file = SourceFile::new("fleet.toml", fleet.text());
    let fleet = Fleet::parse(&file, &policies.roles).unwrap();
    Engine::new(&policies.set, &fleet).unwrap()
}

/// Asks the engine what a random request says.
fn with_request<T>(asked: &Asked, ask: impl FnOnce(&Request<'_>) -> T) -> T {
    let resource = match asked.environment {
        _ if asked.kind == "Environment" => Resource::environment(asked.id),
        Some(environment) => Resource::new(asked.kind, asked.id).within(environment),
        None => Resource::new(asked.kind, asked.id),
    };
    let mut session = Session::at(asked.now).mfa(asked.mfa);
    if let Some(approval) = asked.approval {
        session = session.approval(approval);
    }
    if let Some(address) = asked.source_ip {
        session = session.source_ip(address.parse().unwrap());
    }
    let cluster = Resource::new("Cluster", "main");
    let details: &[_] = match asked.action {
        "flushCache" => &[("pattern", Detail::Text("*"))],
        "runTask" => &[("cluster", Detail::Resource(cluster))],
        _ => &[],
    };
    let resource = resource.tagged(&asked.tags);
    ask(&Request::new(asked.user, asked.action, resource, session).details(details))
}

fn name(applied: &Applied) -> String {
    let Some(link) = &applied.assignment else { return applied.policy.clone() };
    let assignee = match &link.assignee {
        Assignee::Team(name) => format!("Team {name}"),
        Assignee::User(name) => format!("User {name}"),
    };
    cedar::name(&applied.policy, &assignee, &link.environment)
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
            let (allowed, reasons) = with_request(asked, |request| {
                let decision = engine.authorize(request).unwrap();
                let explanation = decision.explain();
                prop_assert_eq!(decision.is_allowed(), explanation.allowed);
                let reasons: BTreeSet<String> = explanation.policies.iter().map(name).collect();
                prop_assert_eq!(reasons.len(), explanation.policies.len());
                prop_assert!(!explanation.reason.is_empty());
                Ok((decision.is_allowed(), reasons))
            })?;
            prop_assert_eq!((allowed, reasons), cedar::authorize(&policies, &fleet, asked));
        }
    }
}
