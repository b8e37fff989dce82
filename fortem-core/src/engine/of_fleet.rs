//! The state of an engine from a fleet file.

use std::sync::Arc;

use cedar_policy::PolicySet;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::environments::{Environment, Environments};
use super::grants::{EnvironmentId, Grant, Grants, RuleId};
use super::operation::Operations;
use super::people::{People, Person, TeamId, Teams};
use super::policies;
use super::rule::Rule;
use super::rules::Rules;
use super::state::State;
use crate::fleet::{Assignee, Assignment, Fleet};
use crate::problem::{Problem, Problems};
use crate::vocabulary::Vocabulary;

impl State {
    /// The state that a fleet begins with, under checked policies.
    pub(super) fn of_fleet(
        policies: &PolicySet,
        fleet: &Fleet,
        vocabulary: &Vocabulary,
    ) -> Result<Self, Problems> {
        let operations = Operations::of(vocabulary).map_err(policies::refused)?;
        let mut environments = Environments::default();
        for one in fleet.environments() {
            let aliases = one.spellings().skip(1).map(SmolStr::new).collect();
            environments.add(Environment { name: SmolStr::new(one.name()), aliases }, one.tier());
        }
        let mut teams = Teams::of_fleet(fleet.teams());
        let rules = Rules::new(policies, (vocabulary, &operations), &environments, &teams);
        let rules = rules.map_err(policies::refused)?;
        let mut given = Given::of_fleet(fleet, &environments, &rules)?;
        for (team, grants) in teams.list.iter().zip(&mut teams.grants) {
            *grants = given.of_teams.remove(team.name.as_str()).into_iter().flatten().collect();
        }
        let mut people = People::default();
        for user in fleet.users() {
            let direct: Box<[TeamId]> = user.teams().filter_map(|name| teams.find(name)).collect();
            let grants: Grants = given.of_users.remove(user.name()).into_iter().flatten().collect();
            people.put(user.name(), Person::new(direct, &teams, grants));
        }
        Ok(Self {
            revision: 0,
            mark: Self::new_mark(),
            tag_key: fleet.tag_key().into(),
            vocabulary: vocabulary.clone(),
            operations: Arc::new(operations),
            rules: Arc::new(rules),
            environments: Arc::new(environments),
            teams: Arc::new(teams),
            people,
        })
    }
}

/// What the assignments give, by name.
#[derive(Default)]
struct Given<'f> {
    of_users: FxHashMap<&'f str, Vec<Grant>>,
    of_teams: FxHashMap<&'f str, Vec<Grant>>,
}

impl<'f> Given<'f> {
    fn of_fleet(
        fleet: &'f Fleet,
        environments: &Environments,
        rules: &Rules,
    ) -> Result<Self, Problems> {
        let mut given = Self::default();
        let mut problems = Vec::new();
        for assignment in fleet.assignments() {
            let role = match role(assignment, rules) {
                Ok(role) => role,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let places = assignment.environments().filter_map(|name| environments.named(name));
            let grants =
                places.map(|environment: EnvironmentId| Grant::new(Some(environment), role));
            let all = match assignment.assignee() {
                Some(Assignee::User(name)) => given.of_users.entry(name),
                Some(Assignee::Team(name)) => given.of_teams.entry(name),
                None => continue,
            };
            all.or_default().extend(grants);
        }
        Problems::unless(problems, given)
    }
}

/// The role that an assignment gives, if its links are limited to the assignee and the environment.
fn role(assignment: &Assignment, rules: &Rules) -> Result<RuleId, Problem> {
    let name = assignment.role();
    let Some(id) = rules.role(name) else {
        let message = format!("unknown role `{name}`");
        return Err(Problem::new("fortem::engine::unknown_role", message)
            .help("assignments name templates by their ids"));
    };
    match rules.get(id).and_then(Rule::lacks) {
        None => Ok(id),
        Some(slot) => {
            let message =
                format!("role `{name}` has no `{slot}`, so an assignment would not limit it");
            Err(Problem::new("fortem::engine::no_slot", message)
                .help("write `principal in ?principal` and `resource in ?resource` in its scope"))
        }
    }
}
