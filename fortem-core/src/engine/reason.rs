//! Decisions in words for a person.

use cedar_policy::pst::ActionConstraint;

use super::decision::{Decision, Weighed};
use super::loosen::Reach;
use super::rule::Rule;
use super::state::{Candidate, Found, State, Through};

/// One sentence, without a full stop.
pub(super) fn words(decision: &Decision<'_>, found: &Found<'_>, weighed: &Weighed<'_>) -> String {
    let person = decision.request.principal.id();
    let action = decision.request.action;
    let state: &State = &decision.state;
    if let Some(guard) = weighed.forbids.first() {
        return forbidden(guard);
    }
    if let Some(first) = weighed.permits.first() {
        return permitted(state, person, action, first);
    }
    if let Some(first) = weighed.unmet.first() {
        return format!("{}, but {}", standing(state, person, first), unmet(first.rule));
    }
    let roles = roles(state, decision, found);
    match (roles.as_slice(), decision.environment()) {
        ([], Some(environment)) => format!("no role of {person} covers {environment}"),
        ([], None) => {
            let (kind, id) = (decision.request.resource.kind, decision.request.resource.id);
            format!("{kind} `{id}` is in no environment that is known, so no role reaches it")
        }
        ([role], _) => format!("{role}, but `{action}` is not part of that role"),
        ([rest @ .., last], _) => {
            format!("{} and {last}, but `{action}` is part of none of these roles", rest.join(", "))
        }
    }
}

fn forbidden(guard: &Candidate<'_>) -> String {
    let doc = guard.rule.doc.trim_end_matches('.');
    match doc {
        "" => format!("{} forbids it", guard.rule.id),
        doc => format!("{} forbids it: {}", guard.rule.id, doc),
    }
}

fn permitted(state: &State, person: &str, action: &str, one: &Candidate<'_>) -> String {
    let standing = standing(state, person, one);
    match group(state, one.rule, action) {
        Some(group) => format!("{standing}; `{action}` is part of `{group}`"),
        None => format!("{standing}, who may `{action}`"),
    }
}

/// `alice is developer of staging through payments`, or which policy without slots speaks of her.
fn standing(state: &State, person: &str, one: &Candidate<'_>) -> String {
    let role = &one.rule.id;
    if !one.rule.is_role {
        return format!("{role} speaks of {person}");
    }
    let place = one.grant.environment().map(|id| format!(" of {}", state.environments.name(id)));
    let through = match (one.through, &one.rule.reach) {
        (Through::Team(team), _) => {
            state.teams.get(team).map(|team| format!(" through {}", team.name))
        }
        (Through::Scope, Reach::Team(team)) => Some(format!(" through {team}")),
        (Through::Scope, Reach::Everyone) => Some(", as everybody is".to_owned()),
        (Through::Scope | Through::Person, _) => None,
    };
    let (place, through) = (place.unwrap_or_default(), through.unwrap_or_default());
    format!("{person} is {role}{place}{through}")
}

fn unmet(rule: &Rule) -> String {
    let Some(condition) = &rule.condition else { return "not for this".to_owned() };
    let what: Vec<String> = condition.looks_at.iter().map(ToString::to_string).collect();
    format!("its condition on {} does not hold: {}", what.join(" and "), condition.text)
}

/// The group in the scope of a policy that the action is part of.
fn group<'r>(state: &State, rule: &'r Rule, action: &str) -> Option<&'r str> {
    let vocabulary = &state.vocabulary;
    let named = match &rule.template.action {
        ActionConstraint::Any => return None,
        ActionConstraint::Eq(one) => std::slice::from_ref(one),
        ActionConstraint::In(many) => many.as_slice(),
    };
    let mut named = named.iter().map(|one| one.eid.as_str());
    named.find(|name| *name != action && vocabulary.members(name).contains(action))
}

/// What the person is where the resource is, whatever the action.
fn roles(state: &State, decision: &Decision<'_>, found: &Found<'_>) -> Vec<String> {
    let person = decision.request.principal.id();
    let mut roles = Vec::new();
    for (operation, _) in state.operations.all() {
        for one in state.candidates(found, decision.environment, operation) {
            let role = standing(state, person, &one);
            if one.rule.is_role && !roles.contains(&role) {
                roles.push(role);
            }
        }
    }
    roles
}
