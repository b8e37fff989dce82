//! What the engine says ahead of a request is what it answers to every request.

use std::time::Duration;

use fortem_core::engine::{Answer, Engine};
use proptest::prelude::*;

use super::random::{self, Asked, Fleet};
use super::{authorize, engine, with_principal, world};

/// The request, and others of the same person, action, kind of resource and environment.
fn alike(asked: &Asked) -> Vec<Asked> {
    let mut all = Vec::new();
    for (mfa, approval, address) in [
        (true, Some("ok"), Some("10.1.2.3")),
        (false, None, None),
        (true, None, Some("::1")),
        (false, Some("no"), Some("192.0.2.1")),
    ] {
        for id in ["one", "two"] {
            let id = if asked.kind == "Environment" { asked.id } else { id };
            let now = asked.now + Duration::from_secs(if mfa { 43_200 } else { 0 });
            let (approval, source_ip) = (approval, address);
            let added = match (mfa, approval) {
                (true, Some(_)) => random::Added {
                    age: Some(60),
                    device: Some("laptop"),
                    managed: Some(true),
                    network: Some("10.9.8.7"),
                    since: Some("2026-05-01T08:00:00Z"),
                },
                (true, None) => random::Added::default(),
                (false, _) => asked.added.clone(),
            };
            all.push(Asked { id, mfa, approval, source_ip, now, added, ..asked.clone() });
        }
    }
    all.push(asked.clone());
    all
}

/// The answer ahead of the request, the same from each of the ways to ask for it.
fn ahead(engine: &Engine, asked: &Asked, environment: &str) -> Result<Answer, TestCaseError> {
    let target = engine.target(asked.action, asked.kind, environment).unwrap();
    let (permissions, caller) = with_principal(asked, |principal| {
        (engine.permissions(principal).unwrap(), engine.caller(principal).unwrap())
    });
    let answer = engine.answer(&caller, &target).unwrap();
    let within = permissions.within(environment);
    let permission = within.and_then(|one| {
        one.actions.iter().find(|one| (&*one.action, &*one.kind) == (asked.action, asked.kind))
    });
    prop_assert_eq!(permission.map_or(Answer::Denied, |one| one.answer), answer);
    let needs = permission.is_some_and(|one| !one.needs.is_empty());
    prop_assert_eq!(needs, answer == Answer::Conditional);
    let visible = within.map_or(Answer::Denied, |one| one.visible);
    if (asked.action, asked.kind) == ("viewEnvironment", "Environment") {
        prop_assert_eq!(visible, answer);
    }
    Ok(answer)
}

/// The best that an access review says of who asks.
fn reviewed(engine: &Engine, asked: &Asked, environment: &str) -> Answer {
    let review = engine.who_can(asked.action, environment).unwrap();
    let people = review.people.iter().filter(|one| one.user == asked.user).map(|one| one.answer);
    let groups = asked.token.iter().flat_map(|token| &token.groups);
    let is_in = |names: &[String]| groups.clone().any(|group| names.iter().any(|one| one == group));
    let groups = review.groups.iter().filter(|one| is_in(&one.groups)).map(|one| one.answer);
    people.chain(groups).max().unwrap_or(review.anybody)
}

fn check(engine: &Engine, fleet: &Fleet, asked: &Asked) -> Result<(), TestCaseError> {
    let place = asked.place.spelling().and_then(|spelling| fleet.find(spelling));
    let Some(environment) = place else { return Ok(()) };
    let is_known = asked.token.is_some() || fleet.users.contains_key(asked.user);
    if !is_known {
        return Ok(());
    }
    let ahead = ahead(engine, asked, environment)?;
    let reviewed = reviewed(engine, asked, environment);
    for asked in alike(asked) {
        let Ok((allowed, reasons)) = authorize(engine, &asked) else { continue };
        match ahead {
            Answer::Allowed => prop_assert!(allowed, "{:?}", asked),
            Answer::Denied => prop_assert!(!allowed, "{:?} {:?}", asked, reasons),
            Answer::Conditional => {}
        }
        prop_assert!(!allowed || reviewed != Answer::Denied, "{:?} is in no review", asked);
    }
    Ok(())
}

proptest! {
    #[test]
    fn answers_ahead_hold_for_every_request((policies, fleet, requests) in world()) {
        let engine = engine(&policies, &fleet);
        for asked in &requests {
            check(&engine, &fleet, asked)?;
        }
    }
}
