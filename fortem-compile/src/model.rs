//! What the policies mean, in terms that can be lowered; what cannot is refused here.
//!
//! A policy becomes *alternatives*: its scope and its clauses in disjunctive form, over what IAM can see of a call
//! (`expression`, `atom`, `entity`). A role's alternatives grant, a guard's forbid.

mod alternative;
mod atom;
mod comparison;
mod entity;
mod expression;
mod reach;
mod refusal;
mod scope;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::pst::{ActionConstraint, Clause};
use fortem_core::{Environment, Policy, PolicyKind, Problem, Problems, Source, Vocabulary};

pub use self::alternative::Alternative;
pub use self::comparison::{Comparison, Order, Test};
pub use self::expression::MOST_ALTERNATIVES;
pub use self::reach::Reach;

use self::expression::{Expressions, conjunction};
use crate::context::ContextKeys;

/// The roles and guards of a source, understood.
#[derive(Debug)]
pub struct Model<'a> {
    /// The roles, by id.
    pub roles: Vec<Role<'a>>,
    /// The guards, by id.
    pub guards: Vec<Guard<'a>>,
}

/// A `permit`: some actions, in the environment that an assignment names or in those that it names itself.
#[derive(Debug)]
pub struct Role<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The actions it permits, groups resolved.
    pub actions: BTreeSet<&'a str>,
    /// Whether an assignment says the environment (`?resource`); if not, each alternative names its environments.
    pub is_assigned: bool,
    /// The ways in which it permits.
    pub alternatives: Vec<Alternative<'a>>,
}

/// A `forbid`: one of the ways in which it applies. A policy with several is several guards.
#[derive(Debug, Clone)]
pub struct Guard<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The actions it forbids; `None`: every one.
    pub actions: Option<BTreeSet<&'a str>>,
    /// When.
    pub when: Alternative<'a>,
}

impl Guard<'_> {
    /// Whether the guard forbids the action in the environment, whatever the session and the resource.
    #[must_use]
    pub fn forbids(&self, action: &str, environment: &Environment) -> bool {
        self.covers(action)
            && self.when.reach.covers(environment)
            && self.when.tests.is_empty()
            && self.when.kinds.is_none()
    }

    /// Whether an action is one of those that it forbids.
    #[must_use]
    pub fn covers(&self, action: &str) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.contains(action))
    }
}

/// Understands every policy of a source.
///
/// # Errors
///
/// A problem for each construct that cannot be lowered, at its place.
pub fn build<'a>(source: &'a Source, keys: &ContextKeys<'a>) -> Result<Model<'a>, Problems> {
    let mut model = Model { roles: Vec::new(), guards: Vec::new() };
    let mut problems = Vec::new();
    for policy in source.policies() {
        let reader = Reader { source, keys, policy };
        let permits = policy.template().effect == cedar_policy::pst::Effect::Permit;
        if permits {
            match reader.role() {
                Ok(role) => model.roles.push(role),
                Err(problem) => problems.push(problem),
            }
        } else if policy.kind() == PolicyKind::Guard {
            match reader.guards() {
                Ok(guards) => model.guards.extend(guards),
                Err(problem) => problems.push(problem),
            }
        } else {
            problems.push(forbid_with_slots(policy));
        }
    }
    problems.extend(one_spelling_a_tag(&model));
    problems.extend(environment_as_tag(source, &model));
    Problems::unless(problems, model)
}

/// Reads one policy.
struct Reader<'a, 'k> {
    source: &'a Source,
    keys: &'k ContextKeys<'a>,
    policy: &'a Policy,
}

impl<'a> Reader<'a, '_> {
    fn role(&self) -> Result<Role<'a>, Problem> {
        let policy = self.policy;
        scope::attached(self.source, policy)?;
        let (is_assigned, place) = scope::place(self, policy)?;
        let alternatives = self.clauses(place)?;
        let named: BTreeSet<&str> = actions(self.source.vocabulary(), policy)
            .unwrap_or_else(|| all(self.source.vocabulary()));
        let about = |action: &&str| alternatives.iter().any(|one| one.is_about(action));
        let actions: BTreeSet<&str> = named.into_iter().filter(about).collect();
        if !is_assigned && !alternatives.iter().all(is_bounded) {
            return Err(scope::everywhere(policy));
        }
        let alternatives = alternatives.into_iter().map(comparable_tags_in_permit).collect();
        Ok(Role { policy, actions, is_assigned, alternatives })
    }

    fn guards(&self) -> Result<Vec<Guard<'a>>, Problem> {
        let policy = self.policy;
        let who = scope::who(self, policy)?;
        let (_, place) = scope::place(self, policy)?;
        let alternatives = self.clauses(conjunction(&who, &place))?;
        let named = actions(self.source.vocabulary(), policy);
        let alternatives = alternatives.iter().flat_map(comparable_tags_in_forbid);
        let guard = |when: Alternative<'a>| {
            let actions = match (&named, &when.actions) {
                (None, other) => other.clone(),
                (Some(named), None) => Some(named.clone()),
                (Some(named), Some(other)) => Some(named & other),
            };
            Guard { policy, actions, when }
        };
        let all = alternatives.map(guard);
        Ok(all
            .filter(|one| one.actions.as_ref().is_none_or(|actions| !actions.is_empty()))
            .collect())
    }

    /// What the scope and every clause leave.
    fn clauses(&self, scope: Vec<Alternative<'a>>) -> Result<Vec<Alternative<'a>>, Problem> {
        let expressions = Expressions::new(self.source, self.keys);
        let mut found = scope;
        for (index, clause) in self.policy.template().clauses().iter().enumerate() {
            let span = self.policy.clause_span(index);
            let (expression, holds) = match clause {
                Clause::When(expression) => (expression, true),
                Clause::Unless(expression) => (expression, false),
            };
            let alternatives = expressions.alternatives(expression, holds);
            let alternatives =
                alternatives.map_err(|refusal| refusal.problem(self.policy, span.clone()))?;
            found = conjunction(&found, &alternatives);
            if found.is_empty() {
                return Err(never_holds(self.policy, span));
            }
            if found.len() > MOST_ALTERNATIVES {
                return Err(too_many(self.policy, span, found.len()));
            }
        }
        Ok(found)
    }
}

/// Whether an alternative is about environments of the fleet alone.
fn is_bounded(alternative: &Alternative) -> bool {
    matches!(alternative.reach, Reach::In(_))
}

/// Tags that are compared with a tag which is not to be the same: AWS may take an empty one for none, which equals
/// nothing.
fn comparable_tags_in_permit(mut alternative: Alternative<'_>) -> Alternative<'_> {
    let variables = alternative.tests.iter().filter(|test| !test.holds).filter_map(variable);
    let filled: Vec<Test> = variables.map(|key| Test::that(key, empty(), false)).collect();
    alternative.tests.extend(filled);
    alternative
}

/// The same of a guard, which forbids where tags are the same or differ: where one is empty, in either case.
fn comparable_tags_in_forbid<'a>(alternative: &Alternative<'a>) -> Vec<Alternative<'a>> {
    let tests = alternative.tests.iter();
    let pairs: Vec<(Test, String)> =
        tests.filter_map(|test| Some((test.clone(), variable(test)?))).collect();
    let mut all = vec![alternative.clone()];
    for (test, key) in pairs {
        let mut unfilled = alternative.clone();
        unfilled.tests.remove(&test);
        unfilled.tests.insert(Test::new(key, empty()));
        all.push(unfilled);
    }
    all
}

fn variable(test: &Test) -> Option<String> {
    match &test.comparison {
        Comparison::SameAs(key) => Some(key.clone()),
        _ => None,
    }
}

fn empty() -> Comparison {
    Comparison::Equals(BTreeSet::from([String::new()]))
}

/// The actions a policy names, groups resolved; `None` when it names none and so means every one.
fn actions<'a>(vocabulary: &'a Vocabulary, policy: &Policy) -> Option<BTreeSet<&'a str>> {
    let named = match &policy.template().action {
        ActionConstraint::Any => return None,
        ActionConstraint::Eq(entity) => std::slice::from_ref(entity),
        ActionConstraint::In(entities) => entities.as_slice(),
    };
    Some(named.iter().flat_map(|entity| vocabulary.members(&entity.eid)).collect())
}

fn all(vocabulary: &Vocabulary) -> BTreeSet<&str> {
    vocabulary.actions().map(fortem_core::Action::name).collect()
}

/// The tests of all policies, each with the policy that asks.
fn tests<'m>(model: &'m Model) -> impl Iterator<Item = (&'m Policy, &'m Test)> {
    let of_roles = model.roles.iter().flat_map(|role| {
        role.alternatives.iter().flat_map(|one| &one.tests).map(|test| (role.policy, test))
    });
    let of_guards = model
        .guards
        .iter()
        .flat_map(|guard| guard.when.tests.iter().map(|test| (guard.policy, test)));
    of_roles.chain(of_guards)
}

fn keys(test: &Test) -> impl Iterator<Item = String> {
    std::iter::once(test.key.clone()).chain(variable(test))
}

/// IAM reads tag keys without regard to letter case, Cedar does not.
fn one_spelling_a_tag(model: &Model) -> Vec<Problem> {
    let mut spellings: BTreeMap<String, String> = BTreeMap::new();
    let mut problems = Vec::new();
    for (policy, test) in tests(model) {
        for key in keys(test) {
            let first = spellings.entry(key.to_lowercase()).or_insert_with(|| key.clone());
            if *first != key {
                let message = format!("`{first}` and `{key}` are one key to IAM");
                let problem = Problem::new("fortem::model::tag_case", message);
                problems
                    .push(at_policy(problem, policy, "spelt the second way here").help(
                        "IAM reads tag keys without regard to letter case; write both alike",
                    ));
            }
        }
    }
    problems
}

/// The environment's tag is asked for as `resource in`, which also counts aliases and covers what has no tag.
fn environment_as_tag(source: &Source, model: &Model) -> Vec<Problem> {
    let fleet = source.fleet();
    let own =
        [ContextKeys::resource_tag(fleet.tag_key()), ContextKeys::principal_tag(fleet.tag_key())];
    let asked = tests(model).filter(|(_, test)| {
        keys(test).any(|key| own.iter().any(|one| one.eq_ignore_ascii_case(&key)))
    });
    let policies: BTreeMap<&str, &Policy> =
        asked.map(|(policy, _)| (policy.id(), policy)).collect();
    let problem = |policy: &Policy| {
        let message = format!("the tag `{}` is the environment", fleet.tag_key());
        at_policy(Problem::new("fortem::model::environment_as_tag", message), policy, "in this policy")
            .help("write `resource in Fortem::Environment::\"…\"`; a role's own environment is `?resource`")
    };
    policies.into_values().map(problem).collect()
}

fn never_holds(policy: &Policy, span: std::ops::Range<usize>) -> Problem {
    Problem::new("fortem::model::never_holds", "these clauses can never hold together")
        .at(policy.file(), span, "contradicts what stands before it, or itself")
        .help("a policy that never applies is a mistake; remove it or one of the clauses")
}

fn too_many(policy: &Policy, span: std::ops::Range<usize>, count: usize) -> Problem {
    let message =
        format!("the clauses come to {count} alternatives, and {MOST_ALTERNATIVES} are possible");
    Problem::new("fortem::model::too_many_alternatives", message)
        .at(policy.file(), span, "with this clause")
        .help("each alternative is a statement of its own; make several roles or guards of it")
}

fn forbid_with_slots(policy: &Policy) -> Problem {
    let message = format!("`{}` is neither a role nor a guard", policy.id());
    at_policy(Problem::new("fortem::model::unsupported_policy", message), policy, "this policy")
        .help(
            "a `forbid` holds without being assigned; name teams and environments instead of slots",
        )
}

fn at_policy(problem: Problem, policy: &Policy, label: &str) -> Problem {
    problem.at(policy.file(), policy.header_span(), label)
}
