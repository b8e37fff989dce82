//! Changes as people read them: those of which the same is to be said, together.

use std::collections::BTreeMap;

use super::RoleDiff;
use super::change::{Answer, Change, Direction, Example};

/// Changes in one direction, for the same people and by the same statements.
pub(super) struct Block<'c> {
    pub(super) direction: Direction,
    /// Whose calls.
    pub(super) people: String,
    /// What differs: one line an API action that actions of the vocabulary take, one for all others.
    pub(super) lines: Vec<Line>,
    /// Calls that show it.
    pub(super) examples: Vec<&'c Example>,
}

/// API actions.
pub(super) struct Line {
    /// The actions that take them, in words.
    pub(super) actions: String,
    /// The API actions, in words.
    pub(super) apis: String,
    /// How many kinds of calls differ.
    pub(super) kinds: usize,
}

/// The most API actions of a service that are named; of more only the number is.
const MOST_NAMED: usize = 8;

/// The most calls that are shown of a change.
const MOST_SHOWN: usize = 2;

/// The changes of a role in their order; `code` marks names.
pub(super) fn blocks<'c>(role: &'c RoleDiff, code: &dyn Fn(&str) -> String) -> Vec<Block<'c>> {
    // That the other side lacks the role says more than by which statements.
    let by_statements = role.only_in.is_none();
    let mut together: Vec<Vec<&Change>> = Vec::new();
    for change in &role.changes {
        let same = together.iter_mut().find(|all| {
            all.first().is_some_and(|first| say_the_same(first, change, by_statements))
        });
        match same {
            Some(all) => all.push(change),
            None => together.push(vec![change]),
        }
    }
    let block = |all: Vec<&'c Change>| {
        let first = *all.first()?;
        let shown = if all.len() > 1 { 1 } else { MOST_SHOWN };
        Some(Block {
            direction: first.direction,
            people: first.people.in_words(),
            lines: lines(&all, code),
            examples: first.examples.iter().take(shown).collect(),
        })
    };
    together.into_iter().filter_map(block).collect()
}

/// Whether the same may be said of both, but for the API action.
fn say_the_same(one: &Change, other: &Change, by_statements: bool) -> bool {
    fn answers(change: &Change) -> Option<[&Answer; 2]> {
        change.examples.first().map(|example| [&example.a, &example.b])
    }
    one.direction == other.direction
        && one.people == other.people
        && (!by_statements || answers(one) == answers(other))
}

fn lines(changes: &[&Change], code: &dyn Fn(&str) -> String) -> Vec<Line> {
    let (of_actions, others): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| !change.actions.is_empty());
    let (known, unlisted): (Vec<&Change>, Vec<&Change>) =
        others.into_iter().partition(|change| change.known);
    let mut lines: Vec<Line> =
        of_actions.into_iter().map(|change| of_action(change, code)).collect();
    let of_others = |changes: Vec<&Change>, actions: &str| {
        let kinds = changes.iter().map(|change| change.kinds).sum();
        let line = Line { actions: actions.to_owned(), apis: by_service(&changes, code), kinds };
        (!changes.is_empty()).then_some(line)
    };
    lines.extend(of_others(known, "no action of the vocabulary"));
    lines.extend(of_others(unlisted, "API actions that the service reference lacks, such as"));
    lines
}

fn of_action(change: &Change, code: &dyn Fn(&str) -> String) -> Line {
    let actions: Vec<String> = change.actions.iter().map(|action| code(action)).collect();
    let on: Vec<&str> = change.resource_types.iter().map(String::as_str).collect();
    let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join(", ")) };
    let apis = format!("{}{on}", code(&change.api));
    Line { actions: actions.join(", "), apis, kinds: change.kinds }
}

fn by_service(changes: &[&Change], code: &dyn Fn(&str) -> String) -> String {
    let mut by_service: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in changes {
        let service = change.api.split(':').next().unwrap_or_default();
        by_service.entry(service).or_default().push(&change.api);
    }
    let of_service = |(service, apis): (&str, Vec<&str>)| {
        if apis.len() > MOST_NAMED {
            return format!("{} of {service}", apis.len());
        }
        apis.into_iter().map(code).collect::<Vec<_>>().join(", ")
    };
    by_service.into_iter().map(of_service).collect::<Vec<_>>().join(", ")
}

impl Line {
    /// How many kinds of calls differ, in words.
    pub(super) fn count(&self) -> String {
        let noun = if self.kinds == 1 { "kind of call" } else { "kinds of calls" };
        format!("{} {noun}", self.kinds)
    }
}
