//! A fleet of any size, always the same: what the benches ask about.

use std::fmt::Write as _;

use cedar_policy::PolicySet;
use fortem_core::engine::Engine;
use fortem_core::{Fleet, SourceFile};

/// How large a fleet is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Environments, a tenth of them production.
    pub environments: usize,
    /// People.
    pub users: usize,
    /// Roles given, to people and, one in ten, to teams.
    pub assignments: usize,
}

impl Size {
    /// Five people and ten assignments an environment.
    #[must_use]
    pub fn of(environments: usize) -> Self {
        Self { environments, users: environments * 5, assignments: environments * 10 }
    }
}

/// The name of an environment.
#[must_use]
pub fn environment(number: usize) -> String {
    format!("env-{number:05}")
}

/// The name of a person.
#[must_use]
pub fn user(number: usize) -> String {
    format!("person-{number:05}@example.com")
}

/// Whether an environment is production.
#[must_use]
pub fn is_production(number: usize) -> bool {
    number % 10 == 9
}

const ROLES: [&str; 3] = ["developer", "log-viewer", "operator"];

/// Role, person (or team) and environment of each assignment.
pub fn assignments(size: Size) -> impl Iterator<Item = (&'static str, usize, bool, usize)> {
    (0..size.assignments).map(move |number| {
        let is_team = number % 10 == 0;
        let people = if is_team { teams(size) } else { size.users };
        // Each person has two environments of their own, far from each other.
        let who = number.wrapping_mul(7919) % people;
        let place = (who.wrapping_mul(31) + number / people * 17) % size.environments;
        (ROLES[number % 3], who, is_team, place)
    })
}

fn teams(size: Size) -> usize {
    size.users.div_ceil(20)
}

/// The fleet file.
#[must_use]
pub fn text(size: Size) -> String {
    let mut text = String::new();
    for number in 0..size.environments {
        let tier = if is_production(number) { "production" } else { "nonproduction" };
        let name = environment(number);
        _ = writeln!(text, "[[environment]]\nname = \"{name}\"\ntier = \"{tier}\"");
    }
    for number in 0..teams(size) {
        _ = writeln!(text, "[[team]]\nname = \"team-{number}\"");
    }
    for number in 0..size.users {
        let (name, team) = (user(number), number / 20);
        _ = writeln!(text, "[[user]]\nname = \"{name}\"\nteams = [\"team-{team}\"]");
    }
    let mut seen = std::collections::BTreeSet::new();
    for (role, who, is_team, place) in assignments(size) {
        if !seen.insert((role, who, is_team, place)) {
            continue;
        }
        let assignee = if is_team {
            format!("team = \"team-{who}\"")
        } else {
            format!("user = \"{}\"", user(who))
        };
        let place = environment(place);
        _ = writeln!(
            text,
            "[[assignment]]\nrole = \"{role}\"\n{assignee}\nenvironments = [\"{place}\"]"
        );
    }
    text
}

/// Reads the fleet.
///
/// # Panics
///
/// Never, unless the generator is wrong.
#[must_use]
pub fn fleet(size: Size) -> Fleet {
    Fleet::parse(&SourceFile::new("fleet.toml", text(size)), &fortem_core::Roles::of(&policies()))
        .expect("a fleet")
}

/// The shipped roles and guard.
///
/// # Panics
///
/// Never, unless the shipped policies are wrong.
#[must_use]
pub fn policies() -> PolicySet {
    fortem_core::Source::load("../../../policies").expect("the shipped policies").policy_set()
}

/// The engine over the fleet and the shipped roles and guard.
///
/// # Panics
///
/// Never, unless the generator or the shipped policies are wrong.
#[must_use]
pub fn engine(size: Size) -> Engine {
    Engine::new(&policies(), &fleet(size)).expect("an engine")
}
