//! How much of the policies the decision table settles.

use std::collections::BTreeSet;

use cedar_policy::pst::ResourceConstraint;

use super::circumstance::Circumstance;
use super::rule::Rule;
use super::state::State;

/// What an engine holds, and which policies are asked with every request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Counts the changes since the engine was made.
    pub revision: u64,
    /// Environments.
    pub environments: usize,
    /// People of the fleet.
    pub people: usize,
    /// Teams.
    pub teams: usize,
    /// Roles in environments, each counted once an assignee.
    pub assignments: usize,
    /// Policies that the table settles.
    pub in_table: usize,
    /// Policies that Cedar is asked about where they can apply, sorted by id.
    pub asked: Vec<AskedPolicy>,
}

/// A policy outside the table's reach: right, but slower.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AskedPolicy {
    /// The id.
    pub policy: String,
    /// What it looks at.
    pub looks_at: BTreeSet<Circumstance>,
    /// How it could be settled by the table, or be asked less often.
    pub hint: &'static str,
}

impl State {
    pub(super) fn stats(&self) -> Stats {
        let of_people =
            self.people.sorted().into_iter().map(|(_, one)| one.grants.as_slice().len());
        let of_teams = self.teams.grants.iter().map(|one| one.as_slice().len());
        let asked: Vec<AskedPolicy> = self.rules.list.iter().filter_map(asked).collect();
        Stats {
            revision: self.revision,
            environments: self.environments.len(),
            people: self.people.len(),
            teams: self.teams.list.len(),
            assignments: of_people.chain(of_teams).chain([self.placed.as_slice().len()]).sum(),
            in_table: self.rules.list.len() - asked.len(),
            asked,
        }
    }
}

fn asked(rule: &Rule) -> Option<AskedPolicy> {
    let looks_at = rule.condition.as_ref()?.looks_at.clone();
    let hint = hint(rule, &looks_at);
    Some(AskedPolicy { policy: rule.id.to_string(), looks_at, hint })
}

fn hint(rule: &Rule, looks_at: &BTreeSet<Circumstance>) -> &'static str {
    if looks_at.contains(&Circumstance::Person) {
        return "name the person or team in the scope, `principal in …`, rather than in a condition";
    }
    if looks_at.contains(&Circumstance::Resource) {
        return "where the environment, tier or kind is meant, write `resource in …` or `resource is …` alone";
    }
    if matches!(rule.template.resource, ResourceConstraint::Any) {
        return "name the actions and the tier or environment in the scope, so that other requests need not ask";
    }
    "it depends on the request; keep it to the actions that need it"
}
