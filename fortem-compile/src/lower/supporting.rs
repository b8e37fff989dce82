//! Calls that only serve an action, where guards forbid the action.
//!
//! A guard denies the calls that an action is. A call that only supports it, such as passing a role, may be
//! what another role needs, so it is not denied: it is granted only where the action is not forbidden.

use std::collections::BTreeSet;

use crate::lower::guard::{names, spellings};
use crate::lower::{World, mfa};
use crate::model::{Guard, Reach, Role};
use crate::statement::Conditions;
use crate::table::Call;

/// The conditions, each enough alone, under which some action of the role that takes the call is not
/// forbidden; a single empty one when no guard has to be looked at.
pub(super) fn alternatives(
    world: &World,
    guards: &[Guard],
    role: &Role,
    call: &Call,
) -> BTreeSet<Conditions> {
    let always = BTreeSet::from([Conditions::new()]);
    if !call.supporting {
        return always;
    }
    let own = role.actions.iter().filter(|action| call.actions.contains(**action));
    let all: BTreeSet<Conditions> =
        own.flat_map(|action| where_allowed(world, guards, role, action)).collect();
    if all.is_superset(&always) { always } else { all }
}

/// The conditions, each enough alone, under which no guard that names an action forbids it.
fn where_allowed(world: &World, guards: &[Guard], role: &Role, action: &str) -> Vec<Conditions> {
    let names_it =
        |guard: &&Guard| guard.actions.as_ref().is_some_and(|forbidden| forbidden.contains(action));
    guards.iter().filter(names_it).fold(vec![Conditions::new()], |so_far, guard| {
        let ways = ways_out(world, guard, role);
        let combined = so_far.iter().flat_map(|one| ways.iter().filter_map(|way| both(one, way)));
        combined.collect()
    })
}

/// How a call is not what the guard forbids: elsewhere, or with the other kind of session.
fn ways_out(world: &World, guard: &Guard, role: &Role) -> Vec<Conditions> {
    let tag = |operator: &str, values: BTreeSet<String>| {
        Conditions::from([((operator.to_owned(), world.tag("Principal")), values)])
    };
    let elsewhere = match &guard.reach {
        Reach::Everywhere => None,
        Reach::In(inside) if inside.is_empty() => Some(Conditions::new()),
        Reach::In(inside) => Some(tag("StringNotEqualsIgnoreCase", spellings(inside))),
        Reach::Outside(allowed) if allowed.is_empty() => None,
        Reach::Outside(allowed) => Some(tag("StringEquals", names(allowed))),
    };
    let session = guard.mfa.map(|forbidden| !forbidden);
    let session = session.filter(|other| role.mfa.is_none_or(|own| own == *other));
    elsewhere.into_iter().chain(session.map(|other| mfa(Some(other)))).collect()
}

/// Both conditions as one; nothing when they exclude each other.
fn both(left: &Conditions, right: &Conditions) -> Option<Conditions> {
    let mut both = left.clone();
    for (key, values) in right {
        let Some(known) = both.get(key) else {
            both.insert(key.clone(), values.clone());
            continue;
        };
        // The values of a negated operator must all differ, those of any other are alternatives.
        let joined: BTreeSet<String> = if key.0.contains("Not") {
            known.union(values).cloned().collect()
        } else {
            known.intersection(values).cloned().collect()
        };
        if joined.is_empty() {
            return None;
        }
        both.insert(key.clone(), joined);
    }
    Some(both)
}
