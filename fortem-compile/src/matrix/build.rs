//! The table, from what roles and guards mean.

use std::collections::BTreeSet;

use fortem_core::{Action, Assignee, Environment, Source};

use super::words;
use super::{Cell, Column, Exception, Matrix, Policy, RoleMatrix, Row};
use crate::compile::Compiled;
use crate::explain::left_out;
use crate::model::{Alternative, Guard, Reach, Role};
use crate::output::shown;

/// The table of what was compiled from a source.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fortem_compile::matrix::{Cell, matrix};
/// use fortem_core::Source;
///
/// let source = Source::load("../policies")?;
/// let compiled = fortem_compile::compile(&source, &[])?;
/// let table = matrix(&source, &compiled);
/// let developer = table.roles.iter().find(|role| role.policy.id == "developer").expect("a role");
/// let stop = developer.rows.iter().find(|row| row.action == "stopTask").expect("an action");
/// assert_eq!(table.columns[0].environments, ["dev", "staging", "qa"]);
/// assert_eq!(stop.cells[0], Cell::Allowed);
/// assert_eq!(stop.cells[1].detail(), "by `never-prod`");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn matrix(source: &Source, compiled: &Compiled) -> Matrix {
    let table = Table { source, compiled };
    let fleet = source.fleet();
    let known = fleet.environments().iter().map(Some);
    let roles = table.roles();
    let mut columns: Vec<(Column, Vec<Vec<Cell>>)> = Vec::new();
    for place in known.chain([None]) {
        let cells: Vec<Vec<Cell>> = roles.iter().map(|role| table.cells(role, place)).collect();
        let tier = place.map(|environment| environment.tier().as_str());
        let alike =
            columns.iter_mut().find(|(column, known)| column.tier == tier && *known == cells);
        let names = place.map(|environment| environment.name().to_owned());
        match alike {
            Some((column, _)) => column.environments.extend(names),
            None => {
                columns.push((Column { environments: names.into_iter().collect(), tier }, cells));
            }
        }
    }
    let row_of = |number: usize| {
        let role = roles.get(number)?;
        let cells = columns.iter().filter_map(|(_, cells)| cells.get(number));
        Some(table.role(role, &cells.collect::<Vec<_>>()))
    };
    Matrix {
        version: 1,
        tag_key: fleet.tag_key().to_owned(),
        service_reference: compiled.world().reference.date().to_owned(),
        roles: (0..roles.len()).filter_map(row_of).collect(),
        columns: columns.into_iter().map(|(column, _)| column).collect(),
        guards: source.guards().map(|guard| table.policy(guard)).collect(),
    }
}

struct Table<'a> {
    source: &'a Source,
    compiled: &'a Compiled<'a>,
}

impl<'a> Table<'a> {
    /// The roles that have documents.
    fn roles(&self) -> Vec<&'a Role<'a>> {
        let built = |role: &&Role| {
            self.compiled.documents.keys().any(|identity| identity.role == role.policy.id())
        };
        self.compiled.model.roles.iter().filter(built).collect()
    }

    fn actions(&self) -> impl Iterator<Item = &'a Action> {
        self.source.vocabulary().actions()
    }

    fn policy(&self, policy: &fortem_core::Policy) -> Policy {
        Policy {
            id: policy.id().to_owned(),
            doc: policy.doc().to_owned(),
            location: shown(self.source, &policy.location()),
            text: policy.file().text().get(policy.span()).unwrap_or_default().to_owned(),
        }
    }

    fn role(&self, role: &Role, columns: &[&Vec<Cell>]) -> RoleMatrix {
        let rows = self.actions().enumerate().map(|(number, action)| Row {
            action: action.name().to_owned(),
            doc: action.doc().to_owned(),
            cells: columns.iter().filter_map(|cells| cells.get(number)).cloned().collect(),
            left_out: if role.actions.contains(action.name()) {
                left_out(self.compiled, role, action.name())
            } else {
                Vec::new()
            },
        });
        RoleMatrix {
            policy: self.policy(role.policy),
            mode: self.source.fleet().mode_of(role.policy.id()).as_str(),
            assigned: self.assigned(role.policy.id()),
            rows: rows.collect(),
        }
    }

    fn assigned(&self, role: &str) -> Vec<String> {
        let own = self.source.fleet().assignments().iter().filter(|one| one.role() == role);
        let words = own.map(|one| {
            let who = match one.assignee() {
                Some(Assignee::Team(team)) => format!("team `{team}`"),
                Some(Assignee::User(user)) => format!("`{user}`"),
                None => "whoever the role names".to_owned(),
            };
            let places: Vec<String> = one.environments().map(|name| format!("`{name}`")).collect();
            if places.is_empty() { who } else { format!("{who} in {}", places.join(", ")) }
        });
        words.collect()
    }

    /// A cell for each action, in an environment or in one that the fleet does not know.
    fn cells(&self, role: &Role, place: Option<&Environment>) -> Vec<Cell> {
        self.actions().map(|action| self.cell(role, action, place)).collect()
    }

    fn cell(&self, role: &Role, action: &Action, place: Option<&Environment>) -> Cell {
        let world = self.compiled.world();
        if let Some(never) = world.table.never.iter().find(|row| row.action == action.name()) {
            return Cell::Never { reason: never.reason.clone() };
        }
        if role.actions.contains(action.name()) {
            return self.granted(role, action, place);
        }
        let same =
            self.compiled.classes.iter().filter(|class| class.actions.contains(action.name()));
        let same = same.flat_map(|class| &class.actions);
        let with: BTreeSet<String> =
            same.filter(|other| role.actions.contains(other.as_str())).cloned().collect();
        let other = with.first().and_then(|other| self.source.vocabulary().action(other));
        match other.map(|other| self.granted(role, other, place)) {
            Some(like @ (Cell::Allowed | Cell::Conditional { .. })) => {
                Cell::Merged { with, like: Box::new(like) }
            }
            _ => Cell::NotGranted,
        }
    }

    /// What comes of an action that a role permits somewhere.
    fn granted(&self, role: &Role, action: &Action, place: Option<&Environment>) -> Cell {
        let about = |one: &Alternative| {
            one.is_about(action.name()) && reaches(&one.reach, place) && is_on(one, action)
        };
        let permitting: Vec<&Alternative> =
            role.alternatives.iter().filter(|one| about(one)).collect();
        if permitting.is_empty() {
            return Cell::NotGranted;
        }
        let guards = self.compiled.model.guards.iter();
        let guards: Vec<&Guard> =
            guards.filter(|guard| guard.covers(action.name()) && about(&guard.when)).collect();
        let mut forbidding = BTreeSet::new();
        let open = permitting.into_iter().filter(|one| {
            let whole = guards.iter().filter(|guard| forbids_all_of(&guard.when, one, action));
            let whole: BTreeSet<String> = whole.map(|guard| guard.policy.id().to_owned()).collect();
            let is_open = whole.is_empty();
            forbidding.extend(whole);
            is_open
        });
        let open: Vec<&Alternative> = open.collect();
        if open.is_empty() {
            return Cell::Forbidden { guards: forbidding };
        }
        let when: BTreeSet<Vec<String>> = open.iter().map(|one| in_words(one, action)).collect();
        let may_meet = |guard: &&&Guard| open.iter().any(|one| one.and(&guard.when).is_some());
        let except = guards.iter().filter(may_meet).map(|guard| Exception {
            guard: guard.policy.id().to_owned(),
            when: in_words(&guard.when, action),
        });
        let except: BTreeSet<Exception> = except.collect();
        let is_unconditional = when.iter().any(Vec::is_empty);
        match (is_unconditional, except.is_empty()) {
            (true, true) => Cell::Allowed,
            (true, false) => Cell::Conditional { when: BTreeSet::new(), except },
            (false, _) => Cell::Conditional { when, except },
        }
    }
}

fn reaches(reach: &Reach, place: Option<&Environment>) -> bool {
    match place {
        Some(environment) => reach.covers(environment),
        None => !matches!(reach, Reach::In(_)),
    }
}

/// Whether an alternative is about some type of resource that an action is done to.
fn is_on(alternative: &Alternative, action: &Action) -> bool {
    let kinds = alternative.kinds.as_ref();
    kinds.is_none_or(|kinds| action.kinds().iter().any(|kind| kinds.contains(kind.as_str())))
}

/// Whether a guard forbids whatever an alternative of a role permits.
fn forbids_all_of(guard: &Alternative, permitting: &Alternative, action: &Action) -> bool {
    let kinds = action.kinds().iter().map(String::as_str);
    let mut permitted =
        kinds.filter(|kind| permitting.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)));
    permitting.tests.is_superset(&guard.tests)
        && permitted.all(|kind| guard.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)))
}

/// What must hold beside action and environment.
fn in_words(alternative: &Alternative, action: &Action) -> Vec<String> {
    let all: BTreeSet<&str> = action.kinds().iter().map(String::as_str).collect();
    let kinds = alternative.kinds.as_ref().map(|kinds| kinds & &all).filter(|kinds| *kinds != all);
    let kinds = kinds.map(|kinds| {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        format!("on a {}", kinds.join(" or "))
    });
    kinds.into_iter().chain(alternative.tests.iter().map(words::test)).collect()
}
