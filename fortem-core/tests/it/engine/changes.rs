//! Changes at run time: an engine that went through them answers as one that is made of what they lead to.

use std::collections::BTreeSet;

use fortem_core::Assignee;
use fortem_core::engine::Change;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::random::{
    self, Assignment, Fleet, NEW_ENVIRONMENTS, Policies, STRANGER, TEAMS, USERS, fits,
};
use super::{authorize, engine, is_as_cedar};

/// A change, with roles by number.
#[derive(Debug, Clone)]
enum Step {
    /// Whether the change names what the role has slots for, or both.
    Assign(Index, bool, usize, &'static str, bool),
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
    let fits = prop_oneof![9 => Just(true), 1 => Just(false)];
    let assign = (any::<Index>(), any::<bool>(), 0..4usize, environment(), fits);
    prop_oneof![
        6 => assign.prop_map(|(role, is_team, who, at, fits)| Step::Assign(role, is_team, who, at, fits)),
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
            Step::Assign(role, is_team, who, environment, fits) => {
                let roles: Vec<_> = self.policies.roles.iter().collect();
                let (role, slots) = (!roles.is_empty()).then(|| *role.get(&roles))?;
                let name = if *is_team { TEAMS[*who] } else { USERS[*who] };
                let assignee = (slots.0 || !fits).then(|| assignee(*is_team, name));
                let environment = (slots.1 || !fits).then(|| (*environment).to_owned());
                Change::Assign { role: role.clone(), assignee, environment }
            }
            Step::Unassign(number) => {
                let all: Vec<_> = self.fleet.assignments.iter().collect();
                let (role, who, place) = (!all.is_empty()).then(|| number.get(&all))?;
                let assignee = who.map(|(is_team, name)| assignee(is_team, name));
                let environment = place.map(str::to_owned);
                Change::Unassign { role: role.clone(), assignee, environment }
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
            (
                Step::Assign(_, is_team, who, place, _),
                Change::Assign { role, assignee, environment },
            ) => {
                let name = if *is_team { TEAMS[*who] } else { USERS[*who] };
                let who = assignee.as_ref().map(|_| (*is_team, name));
                let place = environment.as_ref().map(|_| *place);
                fits(self.policies.roles.get(role), who.is_some(), place.is_some())
                    && place.is_none_or(|place| fleet.environments.contains_key(place))
                    && who.is_none_or(|(is_team, name)| is_team || fleet.users.contains_key(name))
                    && fleet.assignments.insert((role.clone(), who, place))
            }
            (Step::Unassign(_), Change::Unassign { role, assignee, environment }) => {
                let who = assignee.as_ref().map(|assignee| match assignee {
                    Assignee::Team(name) => (true, name.as_str()),
                    Assignee::User(name) => (false, name.as_str()),
                });
                let count = fleet.assignments.len();
                fleet.assignments.retain(|(one, assignee, place)| {
                    (one, *assignee, *place) != (role, who, environment.as_deref())
                });
                fleet.assignments.len() < count
            }
            (Step::Add(name, tier), _) if fleet.find(name).is_none() => {
                fleet.environments.insert(name, (tier, Vec::new())).is_none()
            }
            (Step::Rename(from, to), _) if fleet.find(to).is_none() => rename(fleet, from, to),
            (Step::Remove(name), _) => {
                fleet.assignments.retain(|one| one.2 != Some(*name));
                fleet.environments.remove(name).is_some()
            }
            (Step::PutUser(name, teams), _) => {
                fleet.users.insert(name, teams.clone());
                true
            }
            (Step::RemoveUser(name), _) => {
                fleet.assignments.retain(|one| one.1 != Some((false, *name)));
                fleet.users.remove(name).is_some()
            }
            (Step::Replace(policies), _) => {
                let all_fit = fleet.assignments.iter().all(|(role, who, place)| {
                    fits(policies.roles.get(role), who.is_some(), place.is_some())
                });
                if all_fit {
                    self.policies = (**policies).clone();
                }
                all_fit
            }
            _ => false,
        }
    }
}

fn rename(fleet: &mut Fleet, from: &str, to: &'static str) -> bool {
    let Some(environment) = fleet.environments.remove(from) else { return false };
    fleet.environments.insert(to, environment);
    let moved = |(role, who, place): Assignment| {
        (role, who, place.map(|place| if place == from { to } else { place }))
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
