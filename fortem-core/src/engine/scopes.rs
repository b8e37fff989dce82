//! Whom policies apply to that are given to nobody: those without slots, and roles without `?principal`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::environments::Environments;
use super::grants::{Grant, Grants, RuleId};
use super::loosen::{self, Reach};
use super::people::Teams;
use super::rules::Rules;

/// Policies by whom their scope names.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    pub(super) everyone: Grants,
    pub(super) of_users: FxHashMap<SmolStr, Grants>,
    /// By number of the team; empty if none has any.
    pub(super) of_teams: Vec<Grants>,
}

impl Scopes {
    /// `placed` are the roles without `?principal`, with the environments that they were assigned in.
    pub(super) fn new(
        rules: &Rules,
        placed: &Grants,
        environments: &Environments,
        teams: &Teams,
    ) -> Self {
        let without_slots = (0..).map(RuleId).zip(&rules.list).filter(|(_, rule)| !rule.is_role);
        let without_slots = without_slots.filter_map(|(id, rule)| {
            match loosen::place(&rule.template.resource) {
                // An environment that nobody knows has no resources.
                Some(name) => Some(Grant::new(Some(environments.named(name)?), id)),
                None => Some(Grant::new(None, id)),
            }
        });
        let mut everyone = Vec::new();
        let mut of_users: FxHashMap<SmolStr, Vec<Grant>> = FxHashMap::default();
        let mut of_teams = vec![Vec::new(); teams.list.len()];
        for grant in without_slots.chain(placed.as_slice().iter().copied()) {
            match rules.get(grant.rule()).map(|rule| &rule.reach) {
                Some(Reach::Everyone) => everyone.push(grant),
                Some(Reach::User(name)) => of_users.entry(name.clone()).or_default().push(grant),
                Some(Reach::Team(name)) => {
                    let team = teams.find(name).and_then(|id| of_teams.get_mut(id.0 as usize));
                    if let Some(grants) = team {
                        grants.push(grant);
                    }
                }
                Some(Reach::Assignee | Reach::AssigneeOnly | Reach::Nobody) | None => {}
            }
        }
        if of_teams.iter().all(Vec::is_empty) {
            of_teams.clear();
        }
        let grants = |(name, grants): (_, Vec<_>)| (name, grants.into_iter().collect());
        Self {
            everyone: everyone.into_iter().collect(),
            of_users: of_users.into_iter().map(grants).collect(),
            of_teams: of_teams.into_iter().map(|grants| grants.into_iter().collect()).collect(),
        }
    }
}
