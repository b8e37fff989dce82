//! The guards, as they hold for everybody.
//!
//! They are the Denies of the roles' own documents, with three differences:
//!
//! - Those that ask for the principal's tag are left out: most principals have none, and would be denied
//!   everything.
//! - What is known to be in a forbidden environment, by its cluster, its name or the tag it is given, is denied
//!   whole. What merely has no environment is denied the calls that actions of the vocabulary are, and no
//!   others: whatever makes a log group without a tag goes on doing so.
//! - Exempt are the roles that keep the platform, and the roles that tasks run as in the environments that a
//!   guard covers: tasks are not people, and production has to write its logs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fortem_core::Environment;

use super::super::Input;
use super::unless;
use crate::arn;
use crate::emit::Document;
use crate::merge::number_repeated;
use crate::reference::{Action, ArnPattern};
use crate::statement::{ApiActions, Effect, Origin, Statement};
use crate::table::holds;

/// A guard's statement in the documents of one role.
struct Found<'a> {
    role: &'a str,
    guard: &'a str,
    statement: Statement,
}

/// The statements of all guards, by name.
pub(super) fn statements(input: &Input) -> Vec<Statement> {
    let mut found = found(input);
    found.retain(|one| names_some(&one.statement));
    let granted = granted(input);
    let spared: Vec<_> = found.iter().map(|one| spared(&granted, &found, one)).collect();
    for (one, spared) in found.iter_mut().zip(spared) {
        if let ApiActions::These(apis) = &mut one.statement.actions {
            apis.retain(|api| !spared.contains(api));
        }
    }
    found.retain(|one| names_some(&one.statement));
    let exempted = together(found).into_iter();
    let mut statements: Vec<Statement> =
        exempted.map(|(guard, statement)| exempt(input, guard, statement)).collect();
    statements.sort_by(|a, b| (&a.sid, &a.actions).cmp(&(&b.sid, &b.actions)));
    number_repeated(&mut statements);
    statements
}

fn names_some(statement: &Statement) -> bool {
    !matches!(&statement.actions, ApiActions::These(apis) if apis.is_empty())
}

fn found<'a>(input: &Input<'a>) -> Vec<Found<'a>> {
    let mut found: Vec<Found> = Vec::new();
    for role in input.roles() {
        for statement in in_every_document(input, role).filter(|one| holds_for_everybody(one)) {
            let guards = statement.origins.iter().filter_map(|origin| match origin {
                Origin::Policy { id, .. } => Some(id.as_str()),
                Origin::Integrity { .. } => None,
            });
            let statement = narrowed(input, statement);
            found.extend(guards.map(|guard| Found { role, guard, statement: statement.clone() }));
        }
    }
    found
}

/// The statements that stand in each document of a role: what is denied in one environment alone is not denied to
/// everybody.
fn in_every_document<'a>(input: &Input<'a>, role: &str) -> impl Iterator<Item = &'a Statement> {
    let documents: Vec<&Document> = input.documents_of(role).collect();
    let first = documents.first().map(|document| document.statements()).unwrap_or_default();
    first.iter().filter(move |statement| {
        documents.iter().all(|document| document.statements().contains(statement))
    })
}

/// A Deny that asks for no tag of the principal.
fn holds_for_everybody(statement: &Statement) -> bool {
    let of_principal = |key: &str| key.to_ascii_lowercase().starts_with("aws:principaltag/");
    let mut conditions = statement.conditions.keys();
    statement.effect == Effect::Deny && !conditions.any(|(_, key)| of_principal(key))
}

/// All API actions but some become those that actions of the vocabulary are, on these resources.
fn narrowed(input: &Input, statement: &Statement) -> Statement {
    let ApiActions::AllBut(exempt) = &statement.actions else {
        return statement.clone();
    };
    let world = &input.compiled.world();
    let schedule = input.fleet().schedule().as_str();
    let calls = world.table.calls.iter();
    let calls = calls.filter(|call| !call.supporting && holds(call.schedule.as_deref(), schedule));
    let arns: Vec<ArnPattern> =
        statement.resources.iter().map(|arn| ArnPattern::new(arn)).collect();
    let reaches = |api: &String| {
        let actions = world.reference.action(api).into_iter();
        let mut types = actions.flat_map(Action::resource_types);
        types.any(|kind| arns.iter().any(|arn| kind.arn().overlaps(arn)))
    };
    let apis = calls.map(|call| call.api.clone()).filter(|api| !exempt.contains(api));
    let actions = ApiActions::These(apis.filter(reaches).collect());
    Statement { actions, ..statement.clone() }
}

/// The API actions of a guard's statement that some role is granted all the same.
///
/// In a role's document, a guard spares the calls that the role needs for something else. Whoever has that role
/// is somebody, so that nobody is denied them here.
fn spared(granted: &Granted, found: &[Found], one: &Found) -> BTreeSet<String> {
    let ApiActions::These(apis) = &one.statement.actions else {
        return BTreeSet::new();
    };
    let denied = |role: &str, api: &str| {
        let mut same = found.iter().filter(|other| other.role == role && other.guard == one.guard);
        same.any(|other| names(&other.statement, api))
    };
    let needed = |api: &String| {
        granted.iter().any(|(role, apis)| apis.contains(api.as_str()) && !denied(role, api))
    };
    apis.iter().filter(|api| needed(api)).cloned().collect()
}

/// The API actions that each role is granted somewhere.
type Granted<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn granted<'a>(input: &Input<'a>) -> Granted<'a> {
    let mut granted = Granted::new();
    for (identity, documents) in &input.compiled.documents {
        let statements = documents.iter().flat_map(Document::statements);
        let allows = statements.filter(|statement| statement.effect == Effect::Allow);
        let apis = granted.entry(identity.role).or_default();
        apis.extend(allows.flat_map(Statement::apis));
    }
    granted
}

fn names(statement: &Statement, api: &str) -> bool {
    matches!(&statement.actions, ApiActions::These(apis) if apis.contains(api))
}

/// The statements of all roles as few, which deny together what they deny apart.
fn together(mut found: Vec<Found<'_>>) -> Vec<(&str, Statement)> {
    found.sort_by_key(|one| Reverse(one.statement.resources.len()));
    let mut merged: Vec<(&str, Statement)> = Vec::new();
    for Found { guard, statement, .. } in found {
        let mut same = merged.iter_mut().filter(|(other, one)| {
            *other == guard && one.conditions == statement.conditions && joins(one, &statement)
        });
        match same.next() {
            Some((_, one)) => join(one, statement),
            None => merged.push((guard, statement)),
        }
    }
    merged
}

/// Whether the API actions of both on the resources of both are what each denies, and no more.
fn joins(one: &Statement, other: &Statement) -> bool {
    let (ApiActions::These(apis), ApiActions::These(more)) = (&one.actions, &other.actions) else {
        return false;
    };
    let covers = apis.is_superset(more) && one.resources.is_superset(&other.resources);
    covers || apis == more || one.resources == other.resources
}

fn join(into: &mut Statement, other: Statement) {
    if let (ApiActions::These(apis), ApiActions::These(more)) = (&mut into.actions, other.actions) {
        apis.extend(more);
    }
    into.resources.extend(other.resources);
    into.origins.extend(other.origins);
}

fn exempt(input: &Input, guard: &str, mut statement: Statement) -> Statement {
    let platform = input.organization().platform_roles().iter().cloned();
    statement.conditions.extend(unless(platform.chain(task_roles(input, guard))));
    statement
}

/// The roles that tasks run as, in the environments that a guard covers.
fn task_roles(input: &Input, guard: &str) -> BTreeSet<String> {
    let guards = input.compiled.model.guards.iter().filter(|one| one.policy.id() == guard);
    let covered = |environment: &&Environment| {
        guards.clone().any(|guard| {
            let mut actions = input.source.vocabulary().actions();
            actions.any(|action| guard.forbids(action.name(), environment))
        })
    };
    let Some(kind) = input.compiled.world().table.kind("role") else {
        return BTreeSet::new();
    };
    let environments = input.fleet().environments().iter().filter(covered);
    let roles = environments.flat_map(|environment| {
        let of = |spelling| arn::own(input.fleet(), kind, environment.names(), spelling);
        environment.spellings().flat_map(of).collect::<Vec<_>>()
    });
    roles.collect()
}
