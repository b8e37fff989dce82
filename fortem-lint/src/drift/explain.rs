//! Why a call comes out otherwise than the source says: asked again of the evaluator, statement by statement.

use std::collections::BTreeSet;

use fortem_compile::diff::{Change, Direction, Example};
use fortem_compile::iam::{Condition, Statement, Truth};

use super::cause::{Cause, cause, request, sids_of_source};
use super::deviation::{Deviation, Kind};
use super::holder::Sessions;
use super::known::is_mistagged;
use super::{Holder, Intended};
use crate::facts::{Facts, ROLE_CALLS, Subject};
use crate::shown::{Call, Spot};
use crate::unit::Policy;

/// Calls of one cause.
struct Group<'u, 'c> {
    kind: Kind,
    cause: Cause<'u>,
    changes: Vec<(&'c Change, &'c Example)>,
}

/// What differs for a principal, one deviation for each cause.
pub(super) fn deviations(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    holder: &Holder,
    sessions: &Sessions,
    changes: &[Change],
) -> Vec<Deviation> {
    let is_mistagged = is_mistagged(subject, holder, sessions);
    let mut groups: Vec<Group<'_, '_>> = Vec::new();
    for (change, example) in
        changes.iter().flat_map(|one| one.examples.iter().map(move |it| (one, it)))
    {
        let Some(kind) = kind_of(change.direction) else { continue };
        let cause = cause(subject, kind, example, is_mistagged);
        match groups.iter_mut().find(|group| group.kind == kind && group.cause.is(&cause)) {
            Some(group) => group.changes.push((change, example)),
            None => groups.push(Group { kind, cause, changes: vec![(change, example)] }),
        }
    }
    let told = Told { subject, facts, holder, sessions };
    groups.into_iter().filter_map(|group| told.deviation(group)).collect()
}

/// What is denied explicitly and not allowed anyway is no drift.
fn kind_of(direction: Direction) -> Option<Kind> {
    match direction {
        Direction::Widened => Some(Kind::Granted),
        Direction::GuardLoosened => Some(Kind::GuardMissing),
        Direction::Narrowed => Some(Kind::NotWorking),
        Direction::GuardTightened => None,
    }
}

/// The call as it is shown.
pub(super) fn call_of(example: &Example) -> Call {
    let own = example.keys.iter().filter(|(key, _)| !Intended::is_meant_key(key));
    Call {
        action: example.api.clone(),
        resource: example.resource.clone(),
        keys: own.map(|(key, values)| (key.clone(), values.clone())).collect(),
    }
}

/// Whom deviations are told of.
struct Told<'t, 'u> {
    subject: &'t Subject<'u>,
    facts: &'t Facts<'t>,
    holder: &'t Holder,
    sessions: &'t Sessions,
}

impl Told<'_, '_> {
    fn deviation(&self, group: Group<'_, '_>) -> Option<Deviation> {
        let Group { kind, cause, changes } = group;
        let (worst, example) = changes.iter().min_by_key(|(change, _)| rank(change))?;
        // What the reference does not have stands for names that nobody needs to read beside known ones.
        let told = changes.iter().filter(|(change, _)| change.known && change.api != worst.api);
        let others: BTreeSet<&str> = told.map(|(change, _)| change.api.as_str()).collect();
        let spot = match &cause {
            Cause::AllowedBy((policy, statement))
            | Cause::DeniedBy((policy, statement))
            | Cause::Unmet((policy, statement)) => Some(Spot::of(self.facts, policy, statement)),
            Cause::AllowedUnder(_) | Cause::Limited(_) | Cause::Tag | Cause::None => None,
        };
        let mut reasons = self.reasons(kind, &cause, example);
        if example.unclear {
            reasons.push("it is so under one reading of AWS's documentation only".to_owned());
        }
        Some(Deviation {
            kind,
            severity: kind.severity(),
            account: self.facts.unit.account.clone(),
            principal: self.holder.principal.clone(),
            message: self.message(kind, &worst.api),
            call: call_of(example),
            others: others.into_iter().map(str::to_owned).collect(),
            reasons,
            spot,
        })
    }

    fn message(&self, kind: Kind, api: &str) -> String {
        let (who, roles) = (&self.holder.principal, self.holder.in_words());
        match kind {
            Kind::Granted => {
                format!("`{who}` may call `{api}`, which the source does not permit {roles}")
            }
            Kind::GuardMissing => {
                format!("`{who}` is no longer denied `{api}`, which the source forbids {roles}")
            }
            Kind::NotWorking => {
                format!("`{who}` cannot call `{api}`, which the source permits {roles}")
            }
        }
    }

    fn reasons(&self, kind: Kind, cause: &Cause<'_>, example: &Example) -> Vec<String> {
        let mut reasons = Vec::new();
        if kind == Kind::Granted && !self.holder.is_assigned {
            reasons.push(format!("the fleet assigns {} to nobody", self.holder.in_words()));
        }
        let named = |policy: &Policy| policy.label().unwrap_or_else(|| "a policy".to_owned());
        match cause {
            Cause::AllowedBy((policy, statement)) => {
                reasons.push(format!("{} of `{}` allows it", name(statement), named(policy)));
            }
            Cause::AllowedUnder(policy) => {
                reasons.push(format!("`{}` allows it", named(policy)));
                reasons.push(self.tag());
            }
            Cause::DeniedBy((policy, statement)) => {
                reasons.push(format!("{} of `{}` denies it", name(statement), named(policy)));
                reasons.extend(Some(self.tag()).filter(|wrong| !wrong.is_empty()));
            }
            Cause::Limited(layer) => reasons.push(format!("no statement of the {layer} allows it")),
            Cause::Unmet((policy, statement)) => {
                let of = format!("{} of `{}`", name(statement), named(policy));
                reasons
                    .push(format!("{of} is about the action, and {}", wants(statement, example)));
            }
            Cause::Tag => reasons.push(self.tag()),
            Cause::None if kind == Kind::NotWorking => {
                reasons.push("no statement allows it".to_owned());
            }
            Cause::None => {}
        }
        if let Some(first) = sids_of_source(example).first().filter(|_| kind != Kind::Granted) {
            reasons.push(format!("in the source's documents it is statement `{first}`"));
        }
        reasons
    }

    /// What is wrong with the environment tag; nothing if sessions bring it along.
    fn tag(&self) -> String {
        if self.holder.takes_session_tags {
            return String::new();
        }
        let principal = self.subject.principal();
        let wrong = self.sessions.meant.iter().filter_map(|(key, wanted)| {
            let tag = principal.and_then(|one| one.tag(key));
            match tag {
                Some(tag) if tag == wanted => None,
                Some(tag) => Some(format!("its tag `{key}` is `{tag}`, not `{wanted}`")),
                None => Some(format!("it has no tag `{key}`, which should be `{wanted}`")),
            }
        });
        wrong.collect::<Vec<_>>().join("; ")
    }
}

pub(super) fn name(statement: &Statement) -> String {
    match statement.sid() {
        Some(sid) => format!("statement `{sid}`"),
        None => format!("statement {}", statement.number()),
    }
}

/// What a statement wants that a call does not have.
fn wants(statement: &Statement, example: &Example) -> String {
    let request = request(example);
    let context = request.context();
    if statement.covers_resource(request.resource(), context) == Truth::No {
        return "not about the resource".to_owned();
    }
    let unmet = statement.conditions().iter().filter(|one| one.holds(context) == Truth::No);
    let unmet: Vec<String> = unmet.map(in_words).collect();
    format!("asks for {}", unmet.join(" and "))
}

fn in_words(condition: &Condition) -> String {
    format!("`{} {}: {}`", condition.operator(), condition.key(), condition.values().join(", "))
}

/// The gravest call of a cause first: those of roles in their order, then what else actions of the vocabulary take, then
/// what the reference knows.
fn rank(change: &Change) -> (usize, bool, bool) {
    let at = ROLE_CALLS.iter().position(|call| *call == change.api);
    (at.unwrap_or(ROLE_CALLS.len()), change.actions.is_empty(), !change.known)
}
