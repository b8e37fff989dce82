//! What the rules about guardrails have in common.

use fortem_compile::iam::Statement;

use super::{Draft, Meta};
use crate::catalogue::Call;
use crate::environments::Environment;
use crate::facts::{Facts, Guard, Reached, Subject, TagOf, Target, tag_of_key};

/// ECS calls that a guard on production is there to stop (service authorization reference, 2026-09-26).
pub(super) const GUARDED: &[&str] = &[
    "ecs:CreateService",
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
];

/// The production environment that a subject has no business in.
pub(super) fn kept_from<'f>(
    subject: &Subject<'_>,
    facts: &'f Facts<'_>,
) -> Option<&'f Environment> {
    subject.foreign(facts).filter(|one| one.is_production)
}

/// The Deny statement that keeps a call off an environment, and does not stop it everywhere.
pub(super) fn guard_of<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    call: Call,
    environment: &Environment,
) -> Option<Guard<'u>> {
    let guard = subject.denied_by(facts, call, &Target::tagged(&environment.name))?;
    let elsewhere = facts.environments.all().iter().find(|one| !one.is_production);
    let elsewhere = elsewhere.map_or("staging", |one| one.name.as_str());
    let own = subject.environments.first().map_or(elsewhere, String::as_str);
    subject.denied_by(facts, call, &Target::tagged(own)).is_none().then_some(guard)
}

/// Whether a Deny rests on the resource's environment tag having one of some values.
pub(super) fn is_by_tag(deny: &Statement, facts: &Facts<'_>) -> bool {
    deny.conditions().iter().any(|one| {
        let of_resource = tag_of_key(one.key()).is_some_and(|(kind, key)| {
            kind == TagOf::Resource && facts.environments.is_environment_key(key)
        });
        of_resource && !one.is_negated() && !one.is_null() && !one.has_if_exists()
    })
}

/// Begins a finding at a Deny that misses a call; at the Allow, where the Deny is the Organization's.
pub(super) fn at_guard(
    meta: &'static Meta,
    subject: &Subject<'_>,
    guard: &Guard<'_>,
    missed: &Reached<'_>,
    message: String,
) -> Draft {
    let is_own = subject.identity.iter().any(|policy| std::ptr::eq(*policy, guard.policy));
    if !is_own {
        return meta.at_reached(subject, missed, message);
    }
    let draft = meta.at_statement(guard.policy, guard.statement, message).of_subject(subject);
    draft.resource(missed.request.resource()).evidence(missed.to_string())
}

/// The statement's Sid in words.
pub(super) fn name_of(statement: &Statement) -> String {
    statement.sid().map_or_else(|| "the Deny".to_owned(), |sid| format!("`{sid}`"))
}

/// Actions in words: `ecs:StopTask`, or `ecs:StopTask and 3 others`.
pub(super) fn list(actions: &[&str]) -> String {
    match actions {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [one, two] => format!("`{one}` and `{two}`"),
        [first, rest @ ..] => format!("`{first}` and {} others", rest.len()),
    }
}
