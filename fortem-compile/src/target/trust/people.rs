//! Who has a role where, by the ids that the identity provider gives.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Assignee, Fleet, Team};
use thiserror::Error;

use super::super::Input;

/// The people of a role, each with the environments they have it in.
#[derive(Debug)]
pub(super) struct People<'a> {
    environments: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// The fleet does not know everybody who has the role.
#[derive(Debug, Error)]
pub(super) enum Unknown {
    /// The provider says who is in a team.
    #[error(
        "whoever has a token may ask for any role, and who is in team `{0}` is not in the fleet file"
    )]
    Members(String),
    /// The policy says who has the role, or everybody has it.
    #[error(
        "whoever has a token may ask for any role, and who has this one is not in the fleet file"
    )]
    Everybody,
    /// The id stands for something else in a policy, or in none.
    #[error("whoever has a token may ask for any role, and the id `{0}` cannot stand in a policy")]
    Id(String),
}

impl<'a> People<'a> {
    pub(super) fn of(input: &Input<'a>, role: &str) -> Result<Self, Unknown> {
        let fleet = input.fleet();
        let mut environments: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for assignment in fleet.assignments().iter().filter(|one| one.role() == role) {
            let people = match assignment.assignee() {
                None => return Err(Unknown::Everybody),
                Some(Assignee::User(user)) => vec![user.as_str()],
                Some(Assignee::Team(team)) => members(fleet, team)?,
            };
            for person in people {
                if !is_sayable(person) {
                    return Err(Unknown::Id(person.escape_default().to_string()));
                }
                environments.entry(person).or_default().extend(assignment.environments());
            }
        }
        Ok(Self { environments })
    }

    /// The people who have the role in some of these environments, by which of them.
    pub(super) fn in_some_of(
        self,
        environments: &[&'a str],
    ) -> BTreeMap<Vec<&'a str>, Vec<&'a str>> {
        let mut groups: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
        for (person, theirs) in self.environments {
            let here = environments.iter().copied().filter(|one| theirs.contains(one));
            let here: Vec<&str> = here.collect();
            if !here.is_empty() {
                groups.entry(here).or_default().push(person);
            }
        }
        groups
    }
}

/// Everybody in a team, or in a team that is part of it.
fn members<'a>(fleet: &'a Fleet, team: &str) -> Result<Vec<&'a str>, Unknown> {
    let parts = parts(fleet, team);
    let mut of_parts = fleet.teams().iter().filter(|one| parts.contains(one.name()));
    if let Some(open) = of_parts.find(|one| !one.groups().is_empty()) {
        return Err(Unknown::Members(open.name().to_owned()));
    }
    let users = fleet.users().iter();
    let inside = users.filter(|user| user.teams().any(|team| parts.contains(team)));
    Ok(inside.map(fortem_core::User::name).collect())
}

/// The team and the teams that are part of it.
fn parts<'a>(fleet: &'a Fleet, team: &str) -> BTreeSet<&'a str> {
    let itself = fleet.teams().iter().filter(|one| one.name() == team);
    let mut parts: BTreeSet<&str> = itself.map(Team::name).collect();
    loop {
        let more = fleet.teams().iter().filter(|one| one.teams().any(|of| parts.contains(of)));
        let more: Vec<&str> = more.map(Team::name).filter(|name| !parts.contains(name)).collect();
        if more.is_empty() {
            return parts;
        }
        parts.extend(more);
    }
}

/// A policy takes Latin-1 (IAM User Guide, Grammar of the IAM JSON policy language), and `$` begins a variable.
fn is_sayable(id: &str) -> bool {
    id.chars().all(|c| matches!(c, ' '..='~' | '\u{a1}'..='\u{ff}') && c != '$')
}
