//! Where guards leave an action alone, as conditions of what grants it.
//!
//! A guard denies the calls that an action is. It does not deny what only supports the action, such as passing a role,
//! since another role may need that; and it cannot deny a call of which AWS does not show what it asks about. Such
//! calls are granted only where the action is not forbidden.

use std::collections::BTreeSet;

use fortem_core::Action;

use super::conditions::{Joined, join, of_tests};
use super::place::{Binding, Place};
use super::world::is_resource_tag;
use super::{LowerError, Subject, guard, refused};
use crate::model::{Guard, MOST_ALTERNATIVES, Test};
use crate::statement::Conditions;
use crate::table::Call;

/// Conditions, each enough alone, under which no guard that the documents do not enforce otherwise forbids the action;
/// a single empty one when there is none to look at, nothing when one always does.
pub(super) fn ways(
    subject: &Subject,
    call: &Call,
    action: &Action,
    place: &Place,
) -> Result<BTreeSet<Conditions>, LowerError> {
    let mut ways = BTreeSet::from([Conditions::new()]);
    for guard in &subject.model.guards {
        let Some(exceptions) = exceptions(subject, guard, call, action, place)? else { continue };
        let mut both = BTreeSet::new();
        for (one, exception) in ways.iter().flat_map(|one| exceptions.iter().map(move |e| (one, e)))
        {
            match join(one, exception) {
                Joined::Both(conditions) => {
                    both.insert(conditions);
                }
                Joined::Never => {}
                Joined::Unsayable(key) => return Err(too_entangled(guard, &key)),
            }
        }
        ways = without_stricter(&both);
        if ways.len() > MOST_ALTERNATIVES {
            return Err(too_many(guard, &call.api, ways.len()));
        }
    }
    Ok(ways)
}

/// The ways out of one guard; nothing if the grant need not look at it.
fn exceptions(
    subject: &Subject,
    guard: &Guard,
    call: &Call,
    action: &Action,
    place: &Place,
) -> Result<Option<Vec<Conditions>>, LowerError> {
    let about = subject.world.about(call, action);
    let concerns = guard.when.kinds.as_ref().is_none_or(|kinds| !kinds.is_disjoint(&about.kinds));
    if !guard.covers(action.name()) || !concerns {
        return Ok(None);
    }
    let shows = |test: &Test| {
        let carried = subject.world.carries(&call.api, &test.key);
        carried && (about.shows_resource || !is_resource_tag(&test.key))
    };
    let (visible, hidden): (Vec<&Test>, Vec<&Test>) =
        guard.when.tests.iter().partition(|test| shows(test));
    let names_action = guard.actions.is_some() || guard.when.kinds.is_some();
    let enforced = match subject.binding {
        Binding::Slots(_) => false,
        Binding::To(_) | Binding::Named => !guard.when.tests.is_empty(),
        Binding::Tag => true,
    };
    // A call that other actions of the role need as well is not denied.
    let enforced =
        enforced && (!names_action || guard::forbidden_calls(subject, guard).contains(&call.api));
    if enforced && hidden.is_empty() {
        return Ok(None);
    }
    // Some resource escapes the guard, and the call is good for that one.
    if !hidden.is_empty() && !about.shows_resource {
        return Ok(None);
    }
    let mut ways: Vec<Conditions> = place.outside(&guard.when.reach).into_iter().collect();
    for opposite in visible.into_iter().flat_map(Test::opposites) {
        match of_tests([&opposite]) {
            Joined::Both(conditions) => ways.push(conditions),
            Joined::Never => {}
            Joined::Unsayable(key) => return Err(too_entangled(guard, &key)),
        }
    }
    Ok(Some(ways))
}

/// Without the conditions that hold only where others do.
fn without_stricter(all: &BTreeSet<Conditions>) -> BTreeSet<Conditions> {
    let implied = |one: &Conditions| {
        all.iter().any(|other| {
            other.len() < one.len()
                && other.iter().all(|(key, values)| one.get(key) == Some(values))
        })
    };
    all.iter().filter(|one| !implied(one)).cloned().collect()
}

fn too_entangled(guard: &Guard, key: &str) -> LowerError {
    refused(
        guard.policy,
        format!("`{}` asks more of `{key}` than one statement can say", guard.policy.id()),
        "this guard",
        "a statement compares a key twice with patterns at most; make two guards of it",
    )
}

fn too_many(guard: &Guard, api: &str, count: usize) -> LowerError {
    refused(
        guard.policy,
        format!("with `{}`, `{api}` would take {count} statements", guard.policy.id()),
        "this guard",
        "what a guard cannot deny is granted only where it does not hold, a statement for each way; \
         name fewer conditions, or forbid another action",
    )
}
