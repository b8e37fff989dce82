//! Changes at run time: an engine that went through them answers as one that is made of what they lead to.

use std::collections::BTreeSet;

use fortem_core::Assignee;
use fortem_core::engine::Change;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::random::{self, Fleet, NEW_ENVIRONMENTS, Policies, STRANGER, TEAMS, USERS};
use super::{authorize, engine, is_as_cedar};

/// A change, with roles by number.
#[derive(Debug, Clone)]
enum Step {
    Assign(Index, bool, usize, &'static str),
    Unassign(Index),
    Add(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Remove(&'static str),
    PutUser(&'static str, Vec<&'static str>),
    RemoveUser(&'static str),
    Replace(Box<Policies>),
}

fn environment() -> impl Strategy<Value = &'static str> {
    let old = ["dev", "staging", "live", "prod", random::ALIAS];
    select([&old[..], &NEW_ENVIRONMENTS[..]].concat())
}

fn user() -> impl Strategy<Value = &'static str> {
    select([&USERS[..], &[STRANGER]].concat())
}

fn step() -> impl Strategy<Value = Step> {
    let assign = (any::<Index>(), any::<bool>(), 0..4usize, environment());
    prop_oneof![
        6 => assign.prop_map(|(role, is_team, who, at)| Step::Assign(role, is_team, who, at)),
        2 => any::<Index>().prop_map(Step::Unassign),
        2 => (environment(), select(vec!["production", "nonproduction"]))
            .prop_map(|(name, tier)| Step::Add(name, tier)),
        3 => (environment(), environment()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => environment().prop_map(Step::Remove),
        2 => (user(), subsequence(TEAMS.to_vec(), 0..3))
            .prop_map(|(name, teams)| Step::PutUser(name, teams)),
        1 => user().prop_map(Step::RemoveUser),
        1 => random::policies().prop_map(|policies| Step::Replace(Box::new(policies))),
    ]
}

/// The fleet and policies that the changes lead to, kept in the plainest way.
#[derive(Debug, Clone)]
struct Model {
    policies: Policies,
    fleet: Fleet,
}

impl Model {
    /// The change of a step, for these roles and assignments.
    fn change(&self, step: &Step) -> Option<Change> {
        Some(match step {
            Step::Assign(role, is_team, who, environment) => {
                let roles: Vec<String> = self.policies.roles.iter().cloned().collect();
                let role = (!roles.is_empty()).then(|| role.get(&roles).clone())?;
                let name = if *is_team { TEAMS[*who] } else { USERS[*who] };
                let (assignee, environment) = (assignee(*is_team, name), (*environment).to_owned());
                Change::Assign { role, assignee, environment }
            }
            Step::Unassign(number) => {
                let all: Vec<_> = self.fleet.assignments.iter().collect();
                let (role, is_team, name, environment) =
                    (!all.is_empty()).then(|| number.get(&all))?;
                let assignee = assignee(*is_team, name);
                let (role, environment) = (role.clone(), (*environment).to_owned());
                Change::Unassign { role, assignee, environment }
            }
            Step::Add(name, tier) => Change::AddEnvironment {
                name: (*name).to_owned(),
                tier: serde_json::from_value(serde_json::json!(tier)).unwrap(),
                aliases: Vec::new(),
            },
            Step::Rename(from, to) => {
                Change::RenameEnvironment { from: (*from).to_owned(), to: (*to).to_owned() }
            }
            Step::Remove(name) => Change::RemoveEnvironment { name: (*name).to_owned() },
            Step::PutUser(name, teams) => Change::PutUser {
                name: (*name).to_owned(),
                teams: teams.iter().map(|team| (*team).to_owned()).collect(),
            },
            Step::RemoveUser(name) => Change::RemoveUser { name: (*name).to_owned() },
            Step::Replace(policies) => Change::ReplacePolicies { policies: policies.texts.clone() },
        })
    }

    /// Makes the change, if it can be made.
    fn apply(&mut self, step: &Step, change: &Change) -> bool {
        let fleet = &mut self.fleet;
        match (step, change) {
            (Step::Assign(_, is_team, who, environment), Change::Assign { role, .. }) => {
                let who = if *is_team { TEAMS[*who] } else { USERS[*who] };
                fleet.environments.contains_key(environment)
                    && (*is_team || fleet.users.contains_key(who))
                    && fleet.assignments.insert((role.clone(), *is_team, who, environment))
            }
            (Step::Unassign(_), Change::Unassign { role, assignee, environment }) => {
                let (is_team, who) = match assignee {
                    Assignee::Team(name) => (true, name),
                    Assignee::User(name) => (false, name),
                };
                let count = fleet.assignments.len();
                fleet.assignments.retain(|one| {
                    (one.0.as_str(), one.1, one.2, one.3) != (role, is_team, who, environment)
                });
                fleet.assignments.len() < count
            }
            (Step::Add(name, tier), _) if fleet.find(name).is_none() => {
                fleet.environments.insert(name, (tier, Vec::new())).is_none()
            }
            (Step::Rename(from, to), _) if fleet.find(to).is_none() => rename(fleet, from, to),
            (Step::Remove(name), _) => {
                fleet.assignments.retain(|one| one.3 != *name);
                fleet.environments.remove(name).is_some()
            }
            (Step::PutUser(name, teams), _) => {
                fleet.users.insert(name, teams.clone());
                true
            }
            (Step::RemoveUser(name), _) => {
                fleet.assignments.retain(|one| one.1 || one.2 != *name);
                fleet.users.remove(name).is_some()
            }
            (Step::Replace(policies), _) => {
                let fits = fleet.assignments.iter().all(|one| policies.roles.contains(&one.0));
                if fits {
                    self.policies = (**policies).clone();
                }
                fits
            }
            _ => false,
        }
    }
}

fn rename(fleet: &mut Fleet, from: &str, to: &'static str) -> bool {
    let Some(environment) = fleet.environments.remove(from) else { return false };
    fleet.environments.insert(to, environment);
    let moved = |(role, is_team, who, place): (String, bool, &'static str, &'static str)| {
        (role, is_team, who, if place == from { to } else { place })
    };
    let assignments: BTreeSet<_> = std::mem::take(&mut fleet.assignments);
    fleet.assignments = assignments.into_iter().map(moved).collect();
    true
}

fn assignee(is_team: bool, name: &str) -> Assignee {
    if is_team { Assignee::Team(name.to_owned()) } else { Assignee::User(name.to_owned()) }
}

proptest! {
    #[test]
    fn changes_lead_where_a_new_engine_starts(
        (policies, fleet, requests) in super::world(),
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let changed = engine(&policies, &fleet);
        let mut model = Model { policies, fleet };
        for step in &steps {
            let Some(change) = model.change(step) else { continue };
            let done = changed.apply(std::slice::from_ref(&change));
            prop_assert_eq!(done.is_ok(), model.apply(step, &change), "{:?} {:?}", change, done);
        }
        let new = engine(&model.policies, &model.fleet);
        prop_assert_eq!(changed.policy_set(), new.policy_set());
        prop_assert_eq!(changed.matrix(), new.matrix());
        for asked in &requests {
            prop_assert_eq!(authorize(&changed, asked), authorize(&new, asked));
            is_as_cedar(&new, &model.policies, &model.fleet, asked)?;
        }
    }
}
