//! Principals that the source knows nothing of, and what they may do in its environments.

use super::deviation::{Deviation, Kind};
use crate::facts::{ADMINISTRATOR_ACCESS, Facts, ROLE_CALLS, Reached, Subject, Target};
use crate::shown::{Call, Spot};

/// The gravest call on a resource of some environment that a principal may make for which the source has no role.
pub(super) fn deviation(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Deviation> {
    let principal = subject.principal()?;
    let reached: Vec<(&str, &str, Reached<'_>)> = ROLE_CALLS
        .iter()
        .filter_map(|action| {
            let (environment, reached) = first(subject, facts, action)?;
            Some((*action, environment, reached))
        })
        .collect();
    let mut reached = reached.into_iter();
    let Some((action, environment, first)) = reached.next() else {
        return administrator(subject, facts);
    };
    let reason =
        "the source has no role for it: it is called after none, and is nobody of the fleet";
    Some(Deviation {
        kind: Kind::Granted,
        severity: Kind::Granted.severity(),
        account: facts.unit.account.clone(),
        principal: principal.arn.clone(),
        message: format!("`{}` may call `{action}` in `{environment}`", principal.arn),
        call: Call::of_request(&first.request),
        others: reached.map(|(action, ..)| action.to_owned()).collect(),
        reasons: vec![reason.to_owned()],
        spot: Some(Spot::of(facts, first.policy, first.statement)),
    })
}

/// A call of an action on a resource of some environment, production first.
fn first<'f, 'u>(
    subject: &Subject<'u>,
    facts: &'f Facts<'_>,
    action: &str,
) -> Option<(&'f str, Reached<'u>)> {
    let call = facts.catalogue.call(action).filter(|call| subject.may_call(*call))?;
    let others = facts.environments.all().iter().filter(|one| !one.is_production);
    facts.environments.production().chain(others).find_map(|one| {
        let reached = subject.reach(facts, call, &Target::tagged(&one.name))?;
        Some((one.name.as_str(), reached))
    })
}

/// A principal that has AWS's policy for administrators, where the document is not in the inputs.
pub(super) fn administrator(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Deviation> {
    let principal = subject.principal()?;
    principal.missing.iter().find(|arn| *arn == ADMINISTRATOR_ACCESS)?;
    let call = Call {
        action: "ecs:ExecuteCommand".to_owned(),
        resource: "*".to_owned(),
        keys: std::collections::BTreeMap::new(),
    };
    Some(Deviation {
        kind: Kind::Granted,
        severity: Kind::Granted.severity(),
        account: facts.unit.account.clone(),
        principal: principal.arn.clone(),
        message: format!(
            "`{}` has `{ADMINISTRATOR_ACCESS}`, which allows everything",
            principal.arn
        ),
        call,
        others: Vec::new(),
        reasons: vec![
            "its document is not in the inputs; by its name AWS allows everything with it"
                .to_owned(),
        ],
        spot: None,
    })
}
