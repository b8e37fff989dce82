//! The state of an engine from a fleet file.

use std::sync::Arc;

use cedar_policy::PolicySet;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::change::ChangeError;
use super::environments::{Environment, Environments};
use super::grants::{Grant, Grants, RuleId};
use super::operation::Operations;
use super::people::{People, Person, TeamId, Teams};
use super::policies;
use super::rules::Rules;
use super::scopes::Scopes;
use super::state::State;
use crate::fleet::{Assignee, Assignment, Fleet, RoleSlots};
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
        let rules = Rules::new(policies, (vocabulary, &operations), &environments);
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
        let placed = given.placed.into_iter().collect();
        let scopes = Scopes::new(&rules, &placed, &environments, &teams);
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
            placed,
            scopes: Arc::new(scopes),
        })
    }
}

/// What the assignments give, by name.
#[derive(Default)]
struct Given<'f> {
    of_users: FxHashMap<&'f str, Vec<Grant>>,
    of_teams: FxHashMap<&'f str, Vec<Grant>>,
    /// To nobody by name.
    placed: Vec<Grant>,
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
            let all = match assignment.assignee() {
                Some(Assignee::User(name)) => given.of_users.entry(name).or_default(),
                Some(Assignee::Team(name)) => given.of_teams.entry(name).or_default(),
                None => &mut given.placed,
            };
            let everywhere = assignment.environments().next().is_none();
            let places = assignment.environments().filter_map(|name| environments.named(name));
            let places = places.map(Some).chain(everywhere.then_some(None));
            all.extend(places.map(|environment| Grant::new(environment, role)));
        }
        Problems::unless(problems, given)
    }
}

/// The role that an assignment gives, if it names what the role has slots for.
fn role(assignment: &Assignment, rules: &Rules) -> Result<RuleId, Problem> {
    let name = assignment.role();
    let Some((id, rule)) = rules.role(name).and_then(|id| Some((id, rules.get(id)?))) else {
        let message = format!("unknown role `{name}`");
        return Err(Problem::new("fortem::engine::unknown_role", message)
            .help("assignments name templates by their ids"));
    };
    let named = RoleSlots {
        principal: assignment.assignee().is_some(),
        resource: assignment.environments().next().is_some(),
    };
    match rule.slots().unfit(named) {
        None => Ok(id),
        Some(unfit) => {
            let error = ChangeError::unfit(name, unfit);
            Err(Problem::new("fortem::engine::slot", error.to_string()))
        }
    }
}
