//! Everything a decision needs, as it is at one moment; never changed once readers can see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cedar_policy::EntityUid;

use super::environments::Environments;
use super::grants::{EnvironmentId, Grant, Grants};
use super::operation::{OperationId, Operations};
use super::people::{People, TeamId, Teams};
use super::request::{Place, Principal, Request, RequestError, Resource};
use super::rule::Rule;
use super::rules::Rules;
use super::scopes::Scopes;
use super::table::Cell;
use crate::near::nearest;
use crate::vocabulary::Vocabulary;

/// The state of an engine.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Counts the changes.
    pub(super) revision: u64,
    /// Given to no other state of this process, of whatever engine.
    pub(super) mark: u64,
    pub(super) tag_key: Arc<str>,
    pub(super) vocabulary: Vocabulary,
    pub(super) operations: Arc<Operations>,
    pub(super) rules: Arc<Rules>,
    pub(super) environments: Arc<Environments>,
    pub(super) teams: Arc<Teams>,
    pub(super) people: People,
    /// The roles without `?principal`, with the environments that they are assigned in.
    pub(super) placed: Grants,
    pub(super) scopes: Arc<Scopes>,
}

/// Somebody, looked up: the assignees whose grants count.
#[derive(Debug, Clone)]
pub(super) struct Found<'s> {
    /// What was given to the person.
    pub(super) own: Option<&'s Grants>,
    /// Policies whose scope names this one person.
    pub(super) own_rules: Option<&'s Grants>,
    /// The teams, with what these are part of.
    pub(super) teams: Teaming<'s>,
}

/// Teams of the fleet file as they stand there, or with those that a token adds.
#[derive(Debug, Clone)]
pub(super) enum Teaming<'s> {
    OfFleet(&'s [TeamId]),
    WithGroups(Arc<[TeamId]>),
}

impl Teaming<'_> {
    pub(super) fn as_slice(&self) -> &[TeamId] {
        match self {
            Self::OfFleet(teams) => teams,
            Self::WithGroups(teams) => teams,
        }
    }
}

/// Through whom a policy can apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Through {
    /// Nobody has to be named: the policy has no `?principal`.
    Scope,
    /// Given to the person.
    Person,
    /// Given to a team.
    Team(TeamId),
}

/// A policy that can apply to a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'s> {
    pub(super) rule: &'s Rule,
    pub(super) grant: Grant,
    pub(super) through: Through,
    pub(super) cell: Cell,
}

impl State {
    pub(super) fn new_mark() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The Cedar entity of a kind.
    pub(super) fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, RequestError> {
        self.vocabulary.uid(kind, id).map_err(RequestError::Context)
    }

    /// Notes anew whom policies apply to that are given to nobody; due when they, or the environments, have changed.
    pub(super) fn index(&mut self) {
        let scopes = Scopes::new(&self.rules, &self.placed, &self.environments, &self.teams);
        self.scopes = Arc::new(scopes);
    }

    /// The numbers of what a request names.
    pub(super) fn resolve(
        &self,
        request: &Request<'_>,
    ) -> Result<(OperationId, Option<EnvironmentId>), RequestError> {
        let operation = self.operations.find(request.action, request.resource.kind)?;
        Ok((operation, self.place(&request.resource)?))
    }

    /// The environment of a resource, if it is in one.
    pub(super) fn place(
        &self,
        resource: &Resource<'_>,
    ) -> Result<Option<EnvironmentId>, RequestError> {
        let named = |name: &str| {
            let unknown = || self.unknown_environment(name);
            self.environments.find(name).map(Some).ok_or_else(unknown)
        };
        if resource.kind == super::operation::ENVIRONMENT {
            return named(resource.id);
        }
        match resource.place {
            Place::Named(name) => named(name),
            Place::Nowhere => Ok(None),
            Place::Tagged => {
                let mut tags = resource.tags.iter();
                let Some((_, first)) = tags.find(|(key, _)| *key == &*self.tag_key) else {
                    return Ok(None);
                };
                // IAM reads tag keys without regard to case, and AWS does not say which of two it sees.
                let mut alike =
                    resource.tags.iter().filter(|(key, _)| key.eq_ignore_ascii_case(&self.tag_key));
                match alike.find(|(_, value)| value != first) {
                    Some((_, second)) => Err(RequestError::TwoEnvironments {
                        key: self.tag_key.to_string(),
                        values: [(*first).to_owned(), (*second).to_owned()],
                    }),
                    None => Ok(self.environments.find(first)),
                }
            }
        }
    }

    pub(super) fn unknown_environment(&self, name: &str) -> RequestError {
        let near =
            nearest(name, self.environments.spellings().map(|(one, _)| one)).map(str::to_owned);
        RequestError::UnknownEnvironment { name: name.to_owned(), near }
    }

    /// Looks somebody up.
    pub(super) fn find(&self, principal: Principal<'_>) -> Result<Found<'_>, RequestError> {
        let person = self.people.get(principal.id());
        let teams = match (principal.identity(), person) {
            (None, None) => {
                return Err(RequestError::UnknownUser { name: principal.id().to_owned() });
            }
            (None, Some(person)) => Teaming::OfFleet(&person.closure),
            (Some(identity), person) => {
                let groups = identity.groups().iter();
                let mut teams =
                    groups.flat_map(|group| self.teams.of_group(group)).copied().peekable();
                let own = person.map_or(&[] as &[_], |person| &*person.closure);
                if teams.peek().is_none() {
                    Teaming::OfFleet(own)
                } else {
                    Teaming::WithGroups(self.teams.above(teams.chain(own.iter().copied())))
                }
            }
        };
        let of_users = &self.scopes.of_users;
        let own_rules = if of_users.is_empty() { None } else { of_users.get(principal.id()) };
        Ok(Found { own: person.map(|person| &person.grants), own_rules, teams })
    }

    /// Every policy that can apply to an operation in an environment, by the index and the table.
    pub(super) fn candidates<'s>(
        &'s self,
        found: &Found<'s>,
        environment: Option<EnvironmentId>,
        operation: OperationId,
    ) -> Vec<Candidate<'s>> {
        let mut candidates = Vec::new();
        self.for_each_grant(found, environment, |grant, through| {
            let cell = self.rules.table.cell(grant.rule(), environment, operation);
            if let Some(rule) = self.rules.get(grant.rule()).filter(|_| cell != Cell::NOTHING) {
                candidates.push(Candidate { rule, grant, through, cell });
            }
        });
        candidates
    }

    /// What the table says.
    pub(super) fn tally(
        &self,
        found: &Found<'_>,
        environment: Option<EnvironmentId>,
        operation: OperationId,
    ) -> Cell {
        let mut tally = Cell::NOTHING;
        self.for_each_grant(found, environment, |grant, _| {
            tally |= self.rules.table.cell(grant.rule(), environment, operation);
        });
        tally
    }

    /// What the table says of every operation, by number.
    pub(super) fn tallies(&self, found: &Found<'_>, environment: EnvironmentId) -> Vec<Cell> {
        let mut tallies = vec![Cell::NOTHING; self.operations.len()];
        self.for_each_grant(found, Some(environment), |grant, _| {
            let row = self.rules.table.row(grant.rule(), Some(environment));
            tallies.iter_mut().zip(row).for_each(|(tally, cell)| *tally |= *cell);
        });
        tallies
    }

    /// The grants of somebody that can be for a resource of an environment, or of none.
    fn for_each_grant(
        &self,
        found: &Found<'_>,
        environment: Option<EnvironmentId>,
        mut visit: impl FnMut(Grant, Through),
    ) {
        let scopes = [Some(&self.scopes.everyone), found.own_rules];
        for grant in scopes.into_iter().flatten().flat_map(|grants| grants.at(environment)) {
            visit(grant, Through::Scope);
        }
        for grant in found.own.into_iter().flat_map(|grants| grants.at(environment)) {
            visit(grant, Through::Person);
        }
        for team in found.teams.as_slice() {
            let scope = self.scopes.of_teams.get(team.0 as usize);
            for grant in scope.into_iter().flat_map(|grants| grants.at(environment)) {
                visit(grant, Through::Scope);
            }
            let given = self.teams.grants(*team);
            for grant in given.into_iter().flat_map(|grants| grants.at(environment)) {
                // A link of `principal == ?principal` to a team is for the team alone, and no person is one.
                if self.rules.is_for_members(grant.rule()) {
                    visit(grant, Through::Team(*team));
                }
            }
        }
    }
}
