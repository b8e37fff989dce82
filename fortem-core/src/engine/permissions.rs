//! What somebody may do everywhere: what a frontend draws its buttons from.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use super::circumstance::Circumstance;
use super::grants::{EnvironmentId, Grant, Grants};
use super::operation::OperationId;
use super::state::{Found, State};
use super::table::Cell;
use crate::fleet::Tier;

/// Whether somebody may do something, before it is known to which resource and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// No, whatever the circumstances.
    Denied,
    /// It depends on the resource or the session: ask with the whole request.
    Conditional,
    /// Yes, whatever the circumstances.
    Allowed,
}

/// The environments somebody sees, with what they may do there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Permissions {
    /// Sorted by name; those in which everything is denied are left out.
    pub environments: Vec<EnvironmentPermissions>,
}

/// What somebody may do in an environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EnvironmentPermissions {
    /// The environment.
    pub environment: String,
    /// What it is for.
    pub tier: Tier,
    /// Whether it is shown at all: `viewEnvironment`.
    pub visible: Answer,
    /// Every action of the vocabulary with each kind of resource that it applies to, sorted.
    pub actions: Vec<Permission>,
}

/// What somebody may do to resources of a kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Permission {
    /// The action, such as `restartService`.
    pub action: SmolStr,
    /// The kind of resource, such as `Service`.
    pub kind: SmolStr,
    /// Whether.
    pub answer: Answer,
    /// What a conditional answer depends on; empty for the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
}

/// A condition that decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Need {
    /// The policy.
    pub policy: String,
    /// Whether the policy forbids, so that its condition must not hold.
    pub forbids: bool,
    /// What it looks at, such as a second factor.
    pub looks_at: BTreeSet<Circumstance>,
    /// The condition as Cedar text.
    pub condition: Arc<str>,
}

impl Permissions {
    /// The permissions in one environment; none if everything is denied there.
    #[must_use]
    pub fn within(&self, environment: &str) -> Option<&EnvironmentPermissions> {
        self.environments.iter().find(|one| one.environment == environment)
    }
}

impl EnvironmentPermissions {
    /// The best answer for an action over the kinds of resource that it applies to.
    #[must_use]
    pub fn answer(&self, action: &str) -> Answer {
        let answers = self.actions.iter().filter(|one| one.action == action);
        answers.map(|one| one.answer).max().unwrap_or(Answer::Denied)
    }
}

impl Cell {
    pub(super) fn answer(self) -> Answer {
        match self.settled() {
            Some(true) => Answer::Allowed,
            // A forbid that has to be asked can only take away.
            None if self.has(Self::PERMITS | Self::MAY_PERMIT) => Answer::Conditional,
            Some(false) | None => Answer::Denied,
        }
    }
}

impl State {
    pub(super) fn permissions(&self, found: &Found<'_>) -> Permissions {
        let mut environments: Vec<EnvironmentPermissions> = self
            .environments_for(found)
            .into_iter()
            .filter_map(|id| self.permissions_within(found, id))
            .collect();
        environments.sort_by(|a, b| a.environment.cmp(&b.environment));
        Permissions { environments }
    }

    /// The environments in which something can be permitted: those that a grant names, or all of them if one that
    /// permits names none.
    fn environments_for(&self, found: &Found<'_>) -> Vec<EnvironmentId> {
        let permits =
            |grant: &Grant| self.rules.get(grant.rule()).is_some_and(|rule| !rule.is_forbid());
        let lists = || {
            let teams = found.teams.as_slice().iter();
            let of_teams = teams.flat_map(|id| {
                self.teams.grants(*id).into_iter().chain(self.scopes.of_teams.get(id.0 as usize))
            });
            [&self.scopes.everyone]
                .into_iter()
                .chain(found.own)
                .chain(found.own_rules)
                .chain(of_teams)
        };
        if lists().flat_map(Grants::anywhere).any(permits) {
            return self.environments.all().map(|(id, _)| id).collect();
        }
        let mut named: Vec<EnvironmentId> = lists().flat_map(Grants::environments).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    fn permissions_within(
        &self,
        found: &Found<'_>,
        id: EnvironmentId,
    ) -> Option<EnvironmentPermissions> {
        let environment = self.environments.get(id)?;
        let mut actions = Vec::with_capacity(self.operations.len());
        let mut visible = Answer::Denied;
        let mut anything = false;
        let tallies = self.tallies(found, id);
        for ((operation, known), tally) in self.operations.all().zip(tallies) {
            let answer = tally.answer();
            if known.action == "viewEnvironment" && known.is_of_environment() {
                visible = answer;
            }
            anything |= answer != Answer::Denied;
            let needs = if answer == Answer::Conditional {
                self.needs(found, id, operation)
            } else {
                Vec::new()
            };
            let (action, kind) = (known.action.clone(), known.kind.clone());
            actions.push(Permission { action, kind, answer, needs });
        }
        anything.then(|| EnvironmentPermissions {
            environment: environment.name.to_string(),
            tier: id.tier(),
            visible,
            actions,
        })
    }

    fn needs(&self, found: &Found<'_>, id: EnvironmentId, operation: OperationId) -> Vec<Need> {
        let asked = self.candidates(found, Some(id), operation).into_iter().filter_map(|one| {
            let condition = one.rule.condition.as_ref()?;
            Some(Need {
                policy: one.rule.id.to_string(),
                forbids: one.rule.is_forbid(),
                looks_at: condition.looks_at.clone(),
                condition: Arc::clone(&condition.text),
            })
        });
        let needs: BTreeSet<Need> = asked.collect();
        needs.into_iter().collect()
    }
}
