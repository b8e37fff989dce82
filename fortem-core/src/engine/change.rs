//! Changes of the fleet and the policies at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::PolicySet;
use smol_str::SmolStr;
use thiserror::Error;

use super::environments::Environment;
use super::grants::{EnvironmentId, Grant, Grants, RuleId};
use super::people::Person;
use super::policies;
use super::rule::Rule;
use super::rules::Rules;
use super::state::State;
use crate::fleet::{Assignee, RoleSlots, Tier, Unfit, is_alias, is_slug};
use crate::problem::Problems;

/// What was changed, for the embedder to keep: the engine itself forgets when the process ends.
///
/// It is plain data; as JSON `{"assign": {"role": "developer", "assignee": {"user": "alice"}, "environment": "qa"}}`.
/// [`Engine::apply`](super::Engine::apply) does it again, after a restart or in another process.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A role is given to somebody in an environment.
    Assign {
        /// The id of the role.
        role: String,
        /// Who gets it. Nobody is named for a role without `?principal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<Assignee>,
        /// Where. No environment is named for a role without `?resource`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
    /// A role is taken from somebody in an environment.
    Unassign {
        /// The id of the role.
        role: String,
        /// Who had it. Nobody is named for a role without `?principal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<Assignee>,
        /// Where. No environment is named for a role without `?resource`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    },
    /// There is a new environment.
    AddEnvironment {
        /// The name, of `a-z`, `0-9` and `-`.
        name: String,
        /// What it is for.
        tier: Tier,
        /// Other spellings met on resources.
        #[serde(default)]
        aliases: Vec<String>,
    },
    /// An environment has another name; assignments follow it, policies that name it do not.
    RenameEnvironment {
        /// The name it had.
        from: String,
        /// The name it has.
        to: String,
    },
    /// An environment is gone, with all assignments in it.
    RemoveEnvironment {
        /// The name it had.
        name: String,
    },
    /// There is a new person, or one is in other teams than before.
    PutUser {
        /// The id.
        name: String,
        /// The teams, all of them.
        teams: Vec<String>,
    },
    /// A person is gone, with all assignments.
    RemoveUser {
        /// The id.
        name: String,
    },
    /// Roles and guards are others.
    ReplacePolicies {
        /// The Cedar text of each role and guard, by id.
        policies: BTreeMap<String, String>,
    },
}

/// Why a change was not made. Nothing has changed then.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// There is no such thing.
    #[error("unknown {what} `{name}`")]
    Unknown {
        /// `role`, `user`, `team` or `environment`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The name or alias is taken.
    #[error("there is an {what} `{name}` already")]
    Exists {
        /// `environment`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// No name for an environment or a person, or no alias.
    #[error("`{name}` cannot be {what}")]
    BadName {
        /// `the name of an environment`, `the name of a user` or `an alias`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The assignment is there already, or is not there to be taken away.
    #[error(
        "`{role}` is {}{}{}",
        if *.assigned { "already assigned" } else { "not assigned" },
        .assignee.as_ref().map(|one| format!(" to {one}")).unwrap_or_default(),
        .environment.as_ref().map(|one| format!(" in `{one}`")).unwrap_or_default()
    )]
    Assignment {
        /// The role.
        role: String,
        /// To whom.
        assignee: Option<Assignee>,
        /// Where.
        environment: Option<String>,
        /// Whether it is there.
        assigned: bool,
    },
    /// The assignment names what the role is not limited to.
    #[error("role `{role}` has no `{slot}`, so an assignment of it names no {}", named(.slot))]
    NoSlot {
        /// The role.
        role: String,
        /// `?principal` or `?resource`.
        slot: &'static str,
    },
    /// The assignment does not name what the role is to be limited to.
    #[error("role `{role}` has `{slot}`, so an assignment of it names the {}", named(.slot))]
    OpenSlot {
        /// The role.
        role: String,
        /// `?principal` or `?resource`.
        slot: &'static str,
    },
    /// The new policies lack a role that somebody has.
    #[error("role `{role}` is assigned, but not among the new policies")]
    RoleInUse {
        /// The role.
        role: String,
    },
    /// The new policies are no policies, or do not fit the vocabulary.
    #[error("the policies have {0}")]
    Policies(#[source] Problems),
}

impl ChangeError {
    /// A stable word for programs: `unknown_role`, `unknown_user`, `unknown_team`, `unknown_environment`, `exists`,
    /// `bad_name`, `already_assigned`, `not_assigned`, `no_slot`, `open_slot`, `role_in_use` or `policies`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { what: "role", .. } => "unknown_role",
            Self::Unknown { what: "user", .. } => "unknown_user",
            Self::Unknown { what: "team", .. } => "unknown_team",
            Self::Unknown { .. } => "unknown_environment",
            Self::Exists { .. } => "exists",
            Self::BadName { .. } => "bad_name",
            Self::Assignment { assigned: true, .. } => "already_assigned",
            Self::Assignment { assigned: false, .. } => "not_assigned",
            Self::NoSlot { .. } => "no_slot",
            Self::OpenSlot { .. } => "open_slot",
            Self::RoleInUse { .. } => "role_in_use",
            Self::Policies(_) => "policies",
        }
    }
}

impl ChangeError {
    pub(super) fn unfit(role: &str, Unfit { slot, is_open }: Unfit) -> Self {
        let role = role.to_owned();
        if is_open { Self::OpenSlot { role, slot } } else { Self::NoSlot { role, slot } }
    }
}

/// What an assignment names for a slot.
fn named(slot: &str) -> &'static str {
    if slot == "?principal" { "team or user" } else { "environment" }
}

impl State {
    pub(super) fn change(&mut self, change: &Change) -> Result<(), ChangeError> {
        match change {
            Change::Assign { role, assignee, environment } => {
                self.reassign(role, assignee.as_ref(), environment.as_deref(), true)
            }
            Change::Unassign { role, assignee, environment } => {
                self.reassign(role, assignee.as_ref(), environment.as_deref(), false)
            }
            Change::AddEnvironment { name, tier, aliases } => {
                self.add_environment(name, *tier, aliases)
            }
            Change::RenameEnvironment { from, to } => self.rename_environment(from, to),
            Change::RemoveEnvironment { name } => self.remove_environment(name),
            Change::PutUser { name, teams } => self.put_user(name, teams),
            Change::RemoveUser { name } => {
                self.people.get(name).ok_or_else(|| unknown("user", name))?;
                self.people.remove(name);
                Ok(())
            }
            Change::ReplacePolicies { policies } => {
                let policies = policies::from_texts(policies).map_err(ChangeError::Policies)?;
                policies::check(&policies, &self.vocabulary).map_err(ChangeError::Policies)?;
                self.replace_policies(&policies)
            }
        }
    }

    fn reassign(
        &mut self,
        role: &str,
        assignee: Option<&Assignee>,
        environment: Option<&str>,
        assign: bool,
    ) -> Result<(), ChangeError> {
        let id = self.rules.role(role).ok_or_else(|| unknown("role", role))?;
        let named = RoleSlots { principal: assignee.is_some(), resource: environment.is_some() };
        let slots = self.rules.get(id).map(Rule::slots);
        if let Some(unfit) = slots.and_then(|slots| slots.unfit(named)) {
            return Err(ChangeError::unfit(role, unfit));
        }
        let place = environment.map(|name| self.environment(name)).transpose()?;
        let grant = Grant::new(place, id);
        let grants = match assignee {
            Some(assignee) => self.grants_of(assignee)?,
            None => &mut self.placed,
        };
        if grants.contains(grant) == assign {
            return Err(ChangeError::Assignment {
                role: role.to_owned(),
                assignee: assignee.cloned(),
                environment: environment.map(str::to_owned),
                assigned: assign,
            });
        }
        *grants = if assign { grants.with(grant) } else { grants.without(|one| one == grant) };
        if assignee.is_none() {
            self.index();
        }
        Ok(())
    }

    fn grants_of(&mut self, assignee: &Assignee) -> Result<&mut Grants, ChangeError> {
        match assignee {
            Assignee::User(name) => {
                let person = self.people.get_mut(name);
                Ok(&mut person.ok_or_else(|| unknown("user", name))?.grants)
            }
            Assignee::Team(name) => {
                let teams = Arc::make_mut(&mut self.teams);
                let id = teams.find(name);
                let grants = id.and_then(|id| teams.grants_mut(id));
                grants.ok_or_else(|| unknown("team", name))
            }
        }
    }

    fn environment(&self, name: &str) -> Result<EnvironmentId, ChangeError> {
        self.environments.named(name).ok_or_else(|| unknown("environment", name))
    }

    fn add_environment(
        &mut self,
        name: &str,
        tier: Tier,
        aliases: &[String],
    ) -> Result<(), ChangeError> {
        self.free_name(name, None)?;
        for (index, alias) in aliases.iter().enumerate() {
            let is_repeated = alias == name || aliases.iter().take(index).any(|one| one == alias);
            if !is_alias(alias) || is_repeated {
                return Err(ChangeError::BadName { what: "an alias", name: alias.clone() });
            }
            self.free(alias, None)?;
        }
        let aliases = aliases.iter().map(SmolStr::new).collect();
        let environment = Environment { name: SmolStr::new(name), aliases };
        Arc::make_mut(&mut self.environments).add(environment, tier);
        self.follow_names(&[name])
    }

    fn rename_environment(&mut self, from: &str, to: &str) -> Result<(), ChangeError> {
        let id = self.environment(from)?;
        self.free_name(to, Some(id))?;
        Arc::make_mut(&mut self.environments).rename(id, to);
        self.follow_names(&[from, to])
    }

    fn remove_environment(&mut self, name: &str) -> Result<(), ChangeError> {
        let id = self.environment(name)?;
        let gone = |grant: Grant| grant.environment() == Some(id);
        self.people.for_each(|person| person.grants = person.grants.without(gone));
        for grants in &mut Arc::make_mut(&mut self.teams).grants {
            *grants = grants.without(gone);
        }
        self.placed = self.placed.without(gone);
        Arc::make_mut(&mut self.environments).remove(id);
        self.follow_names(&[name])
    }

    /// Asks Cedar again if the policies name one of these environments.
    fn follow_names(&mut self, names: &[&str]) -> Result<(), ChangeError> {
        if names.iter().any(|name| self.rules.mention(name)) {
            self.rules = self.new_rules(&self.rules.policies)?;
        }
        self.index();
        Ok(())
    }

    fn new_rules(&self, policies: &PolicySet) -> Result<Arc<Rules>, ChangeError> {
        let rules = Rules::new(policies, (&self.vocabulary, &self.operations), &self.environments);
        rules.map(Arc::new).map_err(|error| ChangeError::Policies(policies::refused(error).into()))
    }

    fn free_name(&self, name: &str, of: Option<EnvironmentId>) -> Result<(), ChangeError> {
        if !is_slug(name) {
            let what = "the name of an environment";
            return Err(ChangeError::BadName { what, name: name.to_owned() });
        }
        self.free(name, of)
    }

    /// Letter case does not tell spellings apart, but `Prod` beside `prod` can be an environment's own.
    fn free(&self, spelling: &str, of: Option<EnvironmentId>) -> Result<(), ChangeError> {
        let lower = spelling.to_lowercase();
        let mut others = self.environments.spellings().filter(|(_, id)| Some(*id) != of);
        if self.environments.find(spelling).is_some()
            || others.any(|(other, _)| other.to_lowercase() == lower)
        {
            let name = spelling.to_owned();
            return Err(ChangeError::Exists { what: "environment", name });
        }
        Ok(())
    }

    fn put_user(&mut self, name: &str, teams: &[String]) -> Result<(), ChangeError> {
        if name.is_empty() || name.chars().any(char::is_control) {
            let what = "the name of a user";
            return Err(ChangeError::BadName { what, name: name.to_owned() });
        }
        let id = |team: &String| self.teams.find(team).ok_or_else(|| unknown("team", team));
        let teams = teams.iter().map(id).collect::<Result<Box<[_]>, _>>()?;
        let grants = self.people.get(name).map(|person| person.grants.clone());
        let person = Person::new(teams, &self.teams, grants.unwrap_or_default());
        self.people.put(name, person);
        Ok(())
    }

    fn replace_policies(&mut self, policies: &PolicySet) -> Result<(), ChangeError> {
        let rules = self.new_rules(policies)?;
        let olds = self.rules.list.iter();
        let moved: Vec<Option<RuleId>> = olds.map(|old| rules.role(&old.id)).collect();
        let mut in_use = BTreeSet::new();
        let mut follow = |grants: &Grants| -> Grants {
            let to = |grant: &Grant| {
                in_use.insert(grant.rule());
                let rule = moved.get(grant.rule().0 as usize).copied().flatten();
                Some(Grant::new(grant.environment(), rule?))
            };
            grants.as_slice().iter().filter_map(to).collect()
        };
        self.people.for_each(|person| person.grants = follow(&person.grants));
        for grants in &mut Arc::make_mut(&mut self.teams).grants {
            *grants = follow(grants);
        }
        self.placed = follow(&self.placed);
        for old in in_use.into_iter().filter_map(|id| self.rules.get(id)) {
            let role = old.id.to_string();
            let Some(new) = rules.role(&role).and_then(|id| rules.get(id)) else {
                return Err(ChangeError::RoleInUse { role });
            };
            if let Some(unfit) = new.slots().unfit(old.slots()) {
                return Err(ChangeError::unfit(&role, unfit));
            }
        }
        self.rules = rules;
        self.index();
        Ok(())
    }
}

fn unknown(what: &'static str, name: &str) -> ChangeError {
    ChangeError::Unknown { what, name: name.to_owned() }
}
