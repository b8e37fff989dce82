//! Actions of the vocabulary that IAM cannot tell apart.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Problem, Source};

use crate::model::{Alternative, Guard, Model, Role};
use crate::table::Table;

/// Actions that lower to the same calls: granted together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The API actions they all are.
    pub apis: BTreeSet<String>,
    /// The actions.
    pub actions: BTreeSet<String>,
}

/// The classes of the vocabulary in a fleet that schedules in the given way.
#[must_use]
pub fn classes(source: &Source, table: &Table) -> Vec<Class> {
    let schedule = source.fleet().schedule().as_str();
    let mut by_calls: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
    for action in source.vocabulary().actions() {
        let calls =
            table.calls_of(action.name(), schedule).into_iter().filter(|call| !call.supporting);
        let apis: BTreeSet<String> = calls.map(|call| call.api.clone()).collect();
        if !apis.is_empty() {
            by_calls.entry(apis).or_default().insert(action.name().to_owned());
        }
    }
    let classes = by_calls.into_iter().map(|(apis, actions)| Class { apis, actions });
    classes.filter(|class| class.actions.len() > 1).collect()
}

impl Class {
    /// Whether some but not all of the class are among the actions.
    fn is_split_by(&self, actions: &BTreeSet<&str>) -> bool {
        let inside = self.actions.iter().filter(|action| actions.contains(action.as_str())).count();
        inside > 0 && inside < self.actions.len()
    }

    fn words(&self) -> String {
        let quoted = |names: &BTreeSet<String>| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        format!("{} are all {}", quoted(&self.actions), quoted(&self.apis))
    }
}

/// Roles and guards that would need the members of a class apart.
pub(crate) fn check(
    source: &Source,
    model: &Model,
    roles: &[&Role],
    classes: &[Class],
) -> Vec<Problem> {
    let accepted = source.fleet().accepted_merges();
    let accepts = |class: &Class| accepted.iter().any(|one| class.apis.contains(one.name()));
    let mut problems = Vec::new();
    for class in classes {
        let splits = |role: &Role, one: &Alternative| {
            let actions = role.actions.iter().filter(|action| one.is_about(action));
            class.is_split_by(&actions.copied().collect())
        };
        let split = |role: &&&Role| {
            !accepts(class) && role.alternatives.iter().any(|one| splits(role, one))
        };
        problems.extend(roles.iter().filter(split).map(|role| split_role(role, class)));
        let split = |guard: &&Guard| guard.actions.as_ref().is_some_and(|a| class.is_split_by(a));
        problems.extend(model.guards.iter().filter(split).map(|guard| split_guard(guard, class)));
    }
    for one in accepted.iter().filter(|one| classes.iter().all(|c| !c.apis.contains(one.name()))) {
        let message = format!("`{}` merges nothing", one.name());
        let known: Vec<_> = classes.iter().map(Class::words).collect();
        problems.push(
            Problem::new("fortem::compile::unknown_merge", message)
                .at(source.fleet().file(), one.span(), "no class of actions is this API action")
                .help(format!("known classes: {}", known.join("; "))),
        );
    }
    problems
}

fn split_role(role: &Role, class: &Class) -> Problem {
    let some: Vec<_> = class.actions.iter().filter(|a| role.actions.contains(a.as_str())).collect();
    let message = format!("`{}` permits only part of what IAM sees as one", role.policy.id());
    let api = class.apis.iter().next().map_or("", String::as_str);
    let label = format!("permits {some:?} of the class");
    Problem::new("fortem::compile::merged_actions", message)
        .at(role.policy.file(), role.policy.header_span(), label)
        .help(format!(
            "{}; permit them all, or accept it in fleet.toml: [accept_merged] \"{api}\" = \"why\"",
            class.words()
        ))
}

fn split_guard(guard: &Guard, class: &Class) -> Problem {
    let message = format!("`{}` forbids only part of what IAM sees as one", guard.policy.id());
    Problem::new("fortem::compile::merged_actions", message)
        .at(guard.policy.file(), guard.policy.header_span(), "this guard")
        .help(format!("{}; forbid them all or none", class.words()))
}
