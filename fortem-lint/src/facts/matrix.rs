//! Who may do what in which environment, at a glance: one telling API call for each action of the vocabulary.

use std::collections::HashMap;

use fortem_compile::iam::{Context, Statement, Truth, Values};

use rayon::prelude::*;

use super::scope::{TagOf, tag_of_key};
use super::{Facts, Reached, Subject, Target};
use crate::environments::Environments;

/// What people do, and the calls that tell whether they may; one of them is enough.
///
/// The calls are those that lowering makes of the actions (`lowering.toml` of the compiler, 2026-09).
pub const ACTIONS: &[(&str, &[&str])] = &[
    ("view status", &["ecs:DescribeServices"]),
    ("view logs", &["logs:FilterLogEvents"]),
    ("restart", &["ecs:UpdateService"]),
    ("stop task", &["ecs:StopTask"]),
    ("run task", &["ecs:RunTask"]),
    ("exec", &["ecs:ExecuteCommand"]),
    ("flush cache", &["elasticache:Connect"]),
    ("pause schedule", &["scheduler:UpdateSchedule", "events:DisableRule"]),
];

/// What roles are made of, the gravest first (`lowering.toml` of the compiler, 2026-09).
pub const ROLE_CALLS: &[&str] = &[
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:UpdateService",
    "ecs:StopTask",
    "iam:PassRole",
    "ecs:TagResource",
    "elasticache:Connect",
    "scheduler:UpdateSchedule",
    "events:DisableRule",
    "events:EnableRule",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "logs:StopQuery",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:DescribeClusters",
    "ecs:DescribeServiceDeployments",
    "ecs:ListServiceDeployments",
    "events:DescribeRule",
    "scheduler:GetSchedule",
];

/// Whether somebody may do something somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// No call is allowed.
    No,
    /// A call is allowed if something else holds too: a second factor, the network, the time, another tag.
    Conditional,
    /// A call is allowed.
    Allowed,
}

/// One column of the matrix: an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether customers depend on it.
    pub is_production: bool,
}

/// Principals who may do the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The account, if known.
    pub account: Option<String>,
    /// Their ARNs; for a policy that nobody has, its name.
    pub who: Vec<String>,
    /// The environments that they belong to.
    pub own: Vec<String>,
    /// For each column: the access for each of [`ACTIONS`].
    pub access: Vec<Vec<Access>>,
}

/// Who may do what in which environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The environments, production first.
    pub columns: Vec<Column>,
    /// The principals: those first who reach production from elsewhere, then those who reach anything from elsewhere.
    pub rows: Vec<Row>,
}

/// The calls, for the catalogue.
pub(crate) fn calls() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().flat_map(|(_, calls)| calls.iter().copied())
}

impl Matrix {
    /// An empty matrix of some environments.
    #[must_use]
    pub fn of(environments: &Environments) -> Self {
        let columns = environments.all().iter();
        let columns = columns
            .map(|one| Column { name: one.name.clone(), is_production: one.is_production })
            .collect();
        Self { columns, rows: Vec::new() }
    }

    /// Puts what matters most first.
    pub fn sort(&mut self) {
        let columns = std::mem::take(&mut self.columns);
        self.rows.sort_by_cached_key(|row| {
            let reached = columns.iter().zip(&row.access).filter(|(column, access)| {
                !row.own.contains(&column.name) && access.iter().any(|one| *one > Access::No)
            });
            let reached: Vec<bool> = reached.map(|(column, _)| !column.is_production).collect();
            let any = row.access.iter().flatten().any(|one| *one > Access::No);
            (
                reached.is_empty(),
                reached.first().copied(),
                !any,
                row.account.clone(),
                row.who.clone(),
            )
        });
        self.columns = columns;
    }
}

/// The principals of an account or file; those with the same access in one row.
#[must_use]
pub fn rows(facts: &Facts<'_>) -> Vec<Row> {
    let access = facts.subjects.par_iter().map(|subject| {
        let environments = facts.environments.all().iter();
        environments.map(|one| access(subject, facts, &one.name)).collect()
    });
    let access: Vec<Vec<Vec<Access>>> = access.collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut known: HashMap<(Vec<String>, Vec<Vec<Access>>), usize> = HashMap::new();
    for (subject, access) in facts.subjects.iter().zip(access) {
        let key = (subject.environments.clone(), access);
        let at = *known.entry(key.clone()).or_insert(rows.len());
        match rows.get_mut(at) {
            Some(row) => row.who.push(name(subject)),
            None => rows.push(Row {
                account: facts.unit.account.clone(),
                who: vec![name(subject)],
                own: key.0,
                access: key.1,
            }),
        }
    }
    rows
}

/// The name under which a subject is shown.
fn name(subject: &Subject<'_>) -> String {
    if let Some(principal) = subject.principal() {
        return principal.arn.clone();
    }
    let names = subject.identity.iter().filter_map(|policy| policy.label());
    format!("anyone with {}", names.collect::<Vec<_>>().join(", "))
}

fn access(subject: &Subject<'_>, facts: &Facts<'_>, environment: &str) -> Vec<Access> {
    let target = Target::tagged(environment);
    let tags = tags(subject, facts.environments, environment);
    let of_call = |action: &&'static str| {
        let call = facts.catalogue.call(action).filter(|call| subject.may_call(*call));
        let reached = call.and_then(|call| {
            let mut grants =
                subject.grants(call).filter(|(_, one)| !asks_another(one, &tags, facts));
            grants
                .find_map(|(policy, one)| subject.reach_through(facts, call, &target, policy, one))
        });
        match reached {
            None => Access::No,
            Some(reached) if is_conditional(&reached, facts.environments) => Access::Conditional,
            Some(_) => Access::Allowed,
        }
    };
    let of_action = |calls: &[&'static str]| calls.iter().map(of_call).max().unwrap_or(Access::No);
    ACTIONS.iter().map(|(_, calls)| of_action(calls)).collect()
}

/// What the environment tags of caller and resource are.
fn tags(subject: &Subject<'_>, environments: &Environments, environment: &str) -> Context {
    let (mut tags, key) = (Context::default(), environments.tag_key());
    for head in ["aws", "ecs", "elasticache", "events", "logs"] {
        tags.insert(&format!("{head}:ResourceTag/{key}"), environment);
    }
    if let Some(own) = &subject.environment_tag {
        tags.insert(&format!("aws:PrincipalTag/{key}"), own.as_str());
    }
    tags
}

/// Whether a statement asks for the tag of another environment, so that no resource of this one needs to be tried. The
/// call may not carry the tag: then it is absent.
fn asks_another(statement: &Statement, tags: &Context, facts: &Facts<'_>) -> bool {
    statement.conditions().iter().any(|condition| {
        matches!(tag_of_key(condition.key()), Some((TagOf::Resource, tag))
            if tag.eq_ignore_ascii_case(facts.environments.tag_key()))
            && tags.get(condition.key()).is_some()
            && condition.holds(tags) == Truth::No
            && condition.holds(&without(tags, condition.key())) == Truth::No
    })
}

fn without(tags: &Context, key: &str) -> Context {
    let mut tags = tags.clone();
    tags.remove(key);
    tags
}

/// Whether a call rests on something that neither the caller sends nor the environment decides.
fn is_conditional(reached: &Reached<'_>, environments: &Environments) -> bool {
    reached.is_doubtful || conditions(reached, environments).next().is_some()
}

/// The condition keys of a call that neither the caller sends nor the environment decides, and what they have.
pub fn conditions<'r>(
    reached: &'r Reached<'_>,
    environments: &'r Environments,
) -> impl Iterator<Item = (&'r str, &'r Values)> {
    reached.request.context().iter().filter(|(key, _)| match tag_of_key(key) {
        Some((TagOf::Resource, tag)) => !environments.is_environment_key(tag),
        Some((TagOf::Request | TagOf::Principal, _)) => false,
        None => {
            let key = key.to_ascii_lowercase();
            key.starts_with("aws:") && !DECIDED.contains(&key.as_str())
        }
    })
}

/// Global condition keys that the caller sends, or that follow from who and where the caller is.
const DECIDED: [&str; 10] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:tagkeys",
    "aws:username",
    "aws:viaawsservice",
];
