//! One action in the words of the vocabulary.

use std::collections::BTreeSet;

use fortem_core::Problem;
use serde::Serialize;

use super::documents::{Calls, Documents, Witness};
use super::{Call, Deciding, ExplainError, Somebody};
use crate::compile::Compiled;
use crate::domain::Shapes;
use crate::model::Role;
use crate::table::{self, Channel, Table, holds};

/// Whether somebody may do something, by which calls, and what is left out.
#[derive(Debug, Clone, Serialize)]
pub struct ActionAnswer {
    /// The version of this shape.
    pub version: u32,
    /// The role.
    pub role: String,
    /// The environment in which somebody has it.
    pub environment: Option<String>,
    /// The action.
    pub action: String,
    /// Whether every call that the action is made of is allowed on something; what is left out does not count.
    pub allowed: bool,
    /// Whether the role permits the action in Cedar, guards left aside.
    pub permitted: bool,
    /// Why it is granted to nobody, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never: Option<String>,
    /// The calls that the action takes.
    pub steps: Vec<Step>,
    /// Calls that would be of use, and are not granted.
    pub left_out: Vec<LeftOut>,
    /// Other actions that are the same calls to IAM.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub same_as: BTreeSet<String>,
}

/// One API action that an action takes, on a type of resource.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// The API action.
    pub api: String,
    /// The type of resource, as the service reference names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The call serves the action but is not what the action is.
    pub supporting: bool,
    /// By what IAM sees the environment.
    pub channels: Vec<&'static str>,
    /// What IAM does not see of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
    /// Whether some call of it is allowed.
    pub allowed: bool,
    /// A call that is allowed, or one that a statement allows and another one denies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Call>,
    /// The statements that decide about that call.
    pub statements: Vec<Deciding>,
}

/// An API action that is not granted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// The API action.
    pub api: String,
    /// Why.
    pub why: String,
}

/// Whether somebody may do this.
///
/// # Errors
///
/// When the vocabulary has no such action, or the documents tell too many calls apart.
pub fn action(somebody: Somebody<'_>, name: &str) -> Result<ActionAnswer, ExplainError> {
    let Somebody { source, compiled, role, environment } = somebody;
    let world = compiled.world();
    let Some(action) = source.vocabulary().action(name) else {
        return Err(fortem_core::Problems::from(unknown(&somebody, name)).into());
    };
    let documents = Documents::of(&somebody)?;
    let shapes = Shapes::of(world.reference, world.table);
    let mut calls = Calls::of(&somebody, &documents, &shapes)?;
    let mut steps = Vec::new();
    for row in world.table.calls_of(action.name(), world.schedule()) {
        for resource_type in types(world.table, row) {
            steps.push(step(&mut calls, row, resource_type)?);
        }
    }
    let mut main = steps.iter().filter(|step| !step.supporting).peekable();
    let allowed = main.peek().is_some() && main.all(|step| step.allowed);
    let never = world.table.never.iter().find(|row| row.action == action.name());
    let classes = compiled.classes.iter().filter(|class| class.actions.contains(action.name()));
    let same_as = classes.flat_map(|class| &class.actions);
    Ok(ActionAnswer {
        version: 1,
        role: role.policy.id().to_owned(),
        environment: environment.map(str::to_owned),
        action: action.name().to_owned(),
        allowed,
        permitted: role.actions.contains(action.name()),
        never: never.map(|row| row.reason.clone()),
        left_out: left_out(compiled, role, action.name()),
        same_as: same_as.filter(|other| *other != action.name()).cloned().collect(),
        steps,
    })
}

fn unknown(somebody: &Somebody<'_>, name: &str) -> Problem {
    let known: Vec<String> = somebody
        .source
        .vocabulary()
        .actions()
        .map(|action| format!("`{}`", action.name()))
        .collect();
    Problem::new("fortem::explain::unknown_action", format!("no action is called `{name}`"))
        .help(format!("the actions are {}; an API action has a colon", known.join(", ")))
}

/// The types of resource that a row is about, or none.
fn types<'a>(table: &'a Table, row: &'a table::Call) -> Vec<Option<&'a str>> {
    let kinds = row.kinds.iter().filter_map(|kind| table.kind(kind));
    let types: Vec<Option<&str>> =
        kinds.flat_map(|kind| kind.types.iter().map(|name| Some(name.as_str()))).collect();
    if types.is_empty() { vec![None] } else { types }
}

fn step(
    calls: &mut Calls<'_>,
    row: &table::Call,
    resource_type: Option<&str>,
) -> Result<Step, ExplainError> {
    let allowed = calls.allowed(&row.api, resource_type)?;
    let is_allowed = allowed.is_some();
    let found = match allowed {
        Some(found) => Some(found),
        None => calls.denied(&row.api, resource_type)?,
    };
    let (example, statements) = match found {
        Some(Witness { call, allowing, .. }) if is_allowed => (Some(call), allowing),
        Some(Witness { call, denying, .. }) => (Some(call), denying),
        None => (None, Vec::new()),
    };
    Ok(Step {
        api: row.api.clone(),
        resource_type: resource_type.map(str::to_owned),
        supporting: row.supporting,
        channels: row.channels.iter().copied().map(Channel::as_str).collect(),
        unseen: row.unseen.clone(),
        allowed: is_allowed,
        example,
        statements,
    })
}

/// What would be of use for an action, and is not granted.
pub(crate) fn left_out(compiled: &Compiled, role: &Role, action: &str) -> Vec<LeftOut> {
    let world = compiled.world();
    let accepted = |api: &str| world.fleet.accepted_leaks().iter().any(|one| one.name() == api);
    let blind = world.table.blind.iter().filter(|row| {
        row.actions.contains(action)
            && holds(row.schedule.as_deref(), world.schedule())
            && !accepted(&row.api)
    });
    let blind = blind.map(|row| LeftOut {
        api: row.api.clone(),
        why: format!(
            "for {}: nothing ties it to an environment, it shows {}",
            row.purpose, row.shows
        ),
    });
    let hidden = compiled.left_out.get(role.policy.id()).into_iter().flatten();
    let hidden = hidden.filter(|one| one.action == action).map(|one| LeftOut {
        api: one.api.clone(),
        why: format!("a policy asks about `{}`, which AWS does not show in this call", one.key),
    });
    blind.chain(hidden).collect()
}
