//! Fewer statements that say the same.
//!
//! Two statements become one when they differ in their API actions or in their resources and the
//! union allows, or denies, no call that neither did: no action of one is authorized on a resource
//! that only the other names.

use std::collections::BTreeSet;

use crate::reference::{Action, ArnPattern, Reference};
use crate::statement::{ApiActions, Effect, Statement};

/// Merges what can be merged, then orders by effect and name, each name once.
#[must_use]
pub fn merge(reference: &Reference, statements: Vec<Statement>) -> Vec<Statement> {
    let mut merged: Vec<Statement> = Vec::new();
    for statement in statements {
        match merged.iter_mut().find(|earlier| mergeable(reference, earlier, &statement)) {
            Some(earlier) => absorb(earlier, statement),
            None => merged.push(statement),
        }
    }
    for statement in &mut merged {
        if let Some(name) = name_of_merged(statement) {
            statement.sid = name;
        }
    }
    merged.sort_by(|a, b| (a.effect, &a.sid, &a.actions).cmp(&(b.effect, &b.sid, &b.actions)));
    number_repeated(&mut merged);
    merged
}

fn mergeable(reference: &Reference, a: &Statement, b: &Statement) -> bool {
    let (ApiActions::These(of_a), ApiActions::These(of_b)) = (&a.actions, &b.actions) else {
        return false;
    };
    let same = a.effect == b.effect && a.conditions == b.conditions;
    // A guard stays one statement a channel, so that it can be read.
    let grants = a.effect == Effect::Allow;
    same && grants && !reaches(reference, of_a, a, b) && !reaches(reference, of_b, b, a)
}

/// Whether an action of `own` is authorized on a resource that only `other` names.
fn reaches(
    reference: &Reference,
    actions: &BTreeSet<String>,
    own: &Statement,
    other: &Statement,
) -> bool {
    let new: Vec<&String> = other.resources.difference(&own.resources).collect();
    if new.iter().any(|resource| *resource == "*") {
        return true;
    }
    let types = actions.iter().flat_map(|action| reference.matching(action));
    let mut types = types.flat_map(Action::resource_types);
    let new: Vec<ArnPattern> = new.into_iter().map(|arn| ArnPattern::new(arn)).collect();
    types.any(|kind| new.iter().any(|arn| kind.arn().overlaps(arn)))
}

fn absorb(into: &mut Statement, statement: Statement) {
    let (ApiActions::These(actions), ApiActions::These(more)) =
        (&mut into.actions, statement.actions)
    else {
        return;
    };
    actions.extend(more);
    into.resources.extend(statement.resources);
    into.origins.extend(statement.origins);
}

/// A grant of several API actions is called after what ties it to the environment: `OwnTag`. One that
/// nothing ties, an accepted leak, keeps its name.
fn name_of_merged(statement: &Statement) -> Option<String> {
    let ApiActions::These(actions) = &statement.actions else {
        return None;
    };
    if statement.effect != Effect::Allow || actions.len() < 2 {
        return None;
    }
    let has = |part: &str| statement.conditions.keys().any(|(_, key)| key.contains(part));
    let parts = [(":ResourceTag/", "Tag"), (":RequestTag/", "Request"), ("ecs:cluster", "Cluster")];
    let channels: String =
        parts.iter().filter(|(key, _)| has(key)).map(|(_, name)| *name).collect();
    match channels.as_str() {
        "" if statement.resources.contains("*") => None,
        "" => Some("OwnName".to_owned()),
        _ => Some(format!("Own{channels}")),
    }
}

pub(crate) fn number_repeated(statements: &mut [Statement]) {
    let mut seen = BTreeSet::new();
    for statement in statements {
        let base = statement.sid.clone();
        let mut number = 2;
        while !seen.insert(statement.sid.clone()) {
            statement.sid = format!("{base}{number}");
            number += 1;
        }
    }
}
