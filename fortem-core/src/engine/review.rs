//! Who can do something: access reviews, the reverse of permissions.

use super::grants::EnvironmentId;
use super::operation::OperationId;
use super::permissions::{Answer, EnvironmentPermissions};
use super::state::{Found, State, Teaming};

/// Who may do an action in an environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Review {
    /// What the policies give to anybody at all, also to people the fleet does not know.
    pub anybody: Answer,
    /// The people who may, of the fleet and those whom a policy names, sorted by id.
    pub people: Vec<Holder>,
    /// The teams that groups of the identity provider are mapped to: whoever is in such a group may too, and who that
    /// is, only the identity provider knows.
    pub groups: Vec<GroupHolder>,
}

/// Somebody who may.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Holder {
    /// The person.
    pub user: String,
    /// Whether it depends on circumstances.
    pub answer: Answer,
}

/// A team whose members the identity provider knows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GroupHolder {
    /// The team.
    pub team: String,
    /// The groups of the identity provider.
    pub groups: Vec<String>,
    /// Whether it depends on circumstances.
    pub answer: Answer,
}

/// One row of the access matrix: a person in an environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MatrixRow {
    /// The person.
    pub user: String,
    /// What they may do there.
    #[serde(flatten)]
    pub permissions: EnvironmentPermissions,
}

impl State {
    /// The best answer over some operations.
    fn best(
        &self,
        found: &Found<'_>,
        environment: EnvironmentId,
        operations: &[OperationId],
    ) -> Answer {
        let answers =
            operations.iter().map(|id| self.tally(found, Some(environment), *id).answer());
        answers.max().unwrap_or(Answer::Denied)
    }

    pub(super) fn review(&self, environment: EnvironmentId, operations: &[OperationId]) -> Review {
        let nobody = Found { own: None, own_rules: None, teams: Teaming::OfFleet(&[]) };
        let people = self.people.sorted().into_iter().filter_map(|(name, person)| {
            let found = Found {
                own: Some(&person.grants),
                own_rules: self.scopes.of_users.get(name),
                teams: Teaming::OfFleet(&person.closure),
            };
            let answer = self.best(&found, environment, operations);
            (answer != Answer::Denied).then(|| Holder { user: name.to_string(), answer })
        });
        let with_groups = self.teams.list.iter().filter(|team| !team.groups.is_empty());
        let groups = with_groups.filter_map(|team| {
            let teams = Teaming::OfFleet(&team.closure);
            let found = Found { own: None, own_rules: None, teams };
            let answer = self.best(&found, environment, operations);
            (answer != Answer::Denied).then(|| GroupHolder {
                team: team.name.to_string(),
                groups: team.groups.iter().map(ToString::to_string).collect(),
                answer,
            })
        });
        let of_policies = self.scopes.of_users.iter();
        let strangers = of_policies.filter(|(name, _)| self.people.get(name).is_none());
        let strangers = strangers.filter_map(|(name, rules)| {
            let found = Found { own: None, own_rules: Some(rules), teams: Teaming::OfFleet(&[]) };
            let answer = self.best(&found, environment, operations);
            (answer != Answer::Denied).then(|| Holder { user: name.to_string(), answer })
        });
        let mut people: Vec<Holder> = people.chain(strangers).collect();
        people.sort_by(|a, b| a.user.cmp(&b.user));
        Review {
            anybody: self.best(&nobody, environment, operations),
            people,
            groups: groups.collect(),
        }
    }

    pub(super) fn matrix(&self) -> Vec<MatrixRow> {
        let mut rows = Vec::new();
        for (name, person) in self.people.sorted() {
            let found = Found {
                own: Some(&person.grants),
                own_rules: self.scopes.of_users.get(name),
                teams: Teaming::OfFleet(&person.closure),
            };
            let row = |permissions| MatrixRow { user: name.to_string(), permissions };
            rows.extend(self.permissions(&found).environments.into_iter().map(row));
        }
        rows
    }
}
