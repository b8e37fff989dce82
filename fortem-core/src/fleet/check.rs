//! What the parts of a fleet file owe each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::names::NamePattern;
use super::read::Reader;
use super::roles::{RoleSlots, Roles};
use super::{
    Assignee, Assignment, Environment, Fleet, Named, ScheduleKind, Team, context, session_tags,
};
use crate::near::nearest;
use crate::pattern::{literal, overlap};
use crate::problem::Problem;

/// The code of an assignment's role that is not there.
pub(crate) const UNKNOWN_ROLE: &str = "fortem::fleet::unknown_role";

pub(super) fn fleet(reader: &mut Reader, fleet: &Fleet, roles: &Roles) {
    if fleet.environments.is_empty() && reader.problems.is_empty() {
        let message = "a fleet without environments".to_owned();
        let expected = "expected at least one `[[environment]]`";
        reader.report("fortem::fleet::no_environment", message, 0..0, expected);
    }
    schedule_groups(reader, fleet);
    repeated(reader, "environment", fleet.environments.iter().map(|one| &one.name));
    repeated(reader, "team", fleet.teams.iter().map(|one| &one.name));
    repeated(reader, "user", fleet.users.iter().map(|one| &one.name));
    references(reader, fleet);
    for assignment in &fleet.assignments {
        known_role(reader, &assignment.role, roles);
        fits_role(reader, assignment, roles);
    }
    fleet.modes.check(reader, roles);
    session_tags::check(reader, fleet);
    context::check(reader, fleet);
    teams_in_themselves(reader, &fleet.teams);
    assignments_twice(reader, fleet);
    let before = reader.problems.len();
    aliases(reader, &fleet.environments);
    // A spelling that is taken is a trap as well; once is enough.
    if reader.problems.len() == before {
        prefix_traps(reader, &fleet.environments);
    }
}

/// Schedules have no tags, so the names of their groups are all there is to go by.
fn schedule_groups(reader: &mut Reader, fleet: &Fleet) {
    if fleet.schedule == ScheduleKind::SchedulerGroup && fleet.names.schedules.is_empty() {
        let message = "`schedule = \"scheduler-group\"` without names of groups".to_owned();
        let expected = "expected `schedules = [\"{environment}\"]` or the like under `[names]`";
        reader.report("fortem::fleet::no_names", message, fleet.schedule_span.clone(), expected);
    }
}

fn repeated<'a>(reader: &mut Reader, what: &str, names: impl Iterator<Item = &'a Named>) {
    let mut seen: BTreeMap<&str, &Named> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.text.as_str()) {
            let message = format!("two {what}s are called `{}`", name.text);
            let problem = Problem::new("fortem::fleet::duplicate_name", message)
                .at(reader.file, name.span.clone(), "the second")
                .at(reader.file, first.span.clone(), "the first");
            reader.problems.push(problem);
        } else {
            seen.insert(&name.text, name);
        }
    }
}

/// No spelling means two environments, in whatever letter case.
fn aliases(reader: &mut Reader, environments: &[Environment]) {
    let names = environments.iter().map(|one| (one.name.text.to_lowercase(), one));
    let mut owners: BTreeMap<String, (&Environment, Range<usize>)> = BTreeMap::new();
    for (name, environment) in names {
        owners.entry(name).or_insert((environment, environment.name.span.clone()));
    }
    for environment in environments {
        for alias in &environment.aliases {
            let lower = alias.text.to_lowercase();
            let Some((owner, span)) = owners.get(&lower) else {
                owners.insert(lower, (environment, alias.span.clone()));
                continue;
            };
            // `Prod` beside `prod` is what aliases are for.
            if owner.name == environment.name && alias.text != environment.name.text {
                continue;
            }
            let message = format!("`{}` already means environment `{}`", alias.text, owner.name());
            let problem = Problem::new("fortem::fleet::alias_taken", message)
                .at(reader.file, alias.span.clone(), "a second meaning")
                .at(reader.file, span.clone(), "the first")
                .help("letter case does not tell spellings apart; remove this alias");
            reader.problems.push(problem);
        }
    }
}

fn references(reader: &mut Reader, fleet: &Fleet) {
    let environments: BTreeSet<&str> = fleet.environments.iter().map(Environment::name).collect();
    let teams: BTreeSet<&str> = fleet.teams.iter().map(Team::name).collect();
    let users: BTreeSet<&str> = fleet.users.iter().map(super::User::name).collect();
    let of_teams = fleet.teams.iter().flat_map(|team| &team.teams);
    for team in fleet.users.iter().flat_map(|user| &user.teams).chain(of_teams) {
        known(reader, "team", &team.text, &team.span, &teams);
    }
    for assignment in &fleet.assignments {
        match &assignment.assignee {
            Some(Assignee::Team(team)) => {
                known(reader, "team", team, &assignment.assignee_span, &teams);
            }
            Some(Assignee::User(user)) => {
                known(reader, "user", user, &assignment.assignee_span, &users);
            }
            None => {}
        }
        for environment in &assignment.environments {
            known(reader, "environment", &environment.text, &environment.span, &environments);
        }
    }
}

fn known(reader: &mut Reader, what: &str, name: &str, span: &Range<usize>, names: &BTreeSet<&str>) {
    if names.contains(name) {
        return;
    }
    let message = format!("unknown {what} `{name}`");
    let all: Vec<_> = names.iter().take(10).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 10 { ", …" } else { "" };
    let expected = match all.as_slice() {
        [] => format!("there is no {what} at all"),
        _ => format!("expected one of {}{more}", all.join(", ")),
    };
    let code = match what {
        "role" => UNKNOWN_ROLE,
        "environment" => "fortem::fleet::unknown_environment",
        "team" => "fortem::fleet::unknown_team",
        _ => "fortem::fleet::unknown_user",
    };
    let mut problem = Problem::new(code, message).at(reader.file, span.clone(), expected);
    if let Some(near) = nearest(name, names.iter().copied()) {
        problem = problem.help(format!("did you mean `{near}`?"));
    }
    reader.problems.push(problem);
}

pub(super) fn known_role(reader: &mut Reader, role: &Named, roles: &Roles) {
    if let Some(ids) = roles.ids() {
        known(reader, "role", &role.text, &role.span, &ids.collect());
    }
}

/// An assignment names what its role has slots for, and nothing else.
fn fits_role(reader: &mut Reader, assignment: &Assignment, roles: &Roles) {
    let role = &assignment.role.text;
    let (assigned, placed) = (assignment.assignee.is_some(), !assignment.environments.is_empty());
    let slots = roles.slots(role).unwrap_or(RoleSlots { principal: assigned, resource: placed });
    let mut report = |code, message: &str, span: &Range<usize>, expected: String| {
        reader.report(code, message.to_owned(), span.clone(), &expected);
    };
    match (slots.principal, assigned) {
        (true, false) => report(
            "fortem::fleet::assignee",
            "an assignment to nobody",
            &assignment.span,
            "expected `team` or `user`, one of them, in this table".to_owned(),
        ),
        (false, true) => report(
            "fortem::fleet::assignee",
            "an assignment to one of what everybody has",
            &assignment.assignee_span,
            format!("role `{role}` has no `?principal`; expected neither `team` nor `user`"),
        ),
        _ => {}
    }
    let first = assignment.environments.first();
    match (slots.resource, first) {
        (true, None) => report(
            "fortem::fleet::missing_key",
            "an assignment without environments",
            &assignment.span,
            "expected `environments = [\"…\"]` in this table".to_owned(),
        ),
        (false, Some(first)) => report(
            "fortem::fleet::placed",
            "an assignment of one environment of what holds everywhere",
            &first.span,
            format!("role `{role}` has no `?resource`; expected no `environments`"),
        ),
        _ => {}
    }
}

/// A team that is part of itself says nothing about who is in it.
fn teams_in_themselves(reader: &mut Reader, teams: &[Team]) {
    let by_name: BTreeMap<&str, &Team> = teams.iter().map(|team| (team.name(), team)).collect();
    for team in teams {
        let mut above = BTreeSet::new();
        let mut open: Vec<&Team> = vec![team];
        while let Some(next) = open.pop() {
            open.extend(
                next.teams()
                    .filter(|name| above.insert(*name))
                    .filter_map(|name| by_name.get(name)),
            );
        }
        if above.contains(team.name()) {
            let message = format!("team `{}` is part of itself", team.name());
            let expected = "expected teams that are not part of this one in `teams`";
            reader.report(
                "fortem::fleet::team_in_itself",
                message,
                team.name.span.clone(),
                expected,
            );
        }
    }
}

fn assignments_twice(reader: &mut Reader, fleet: &Fleet) {
    let mut seen = BTreeMap::new();
    for assignment in &fleet.assignments {
        let Assignment { role, assignee, environments, .. } = assignment;
        let everywhere = environments.is_empty().then_some(role);
        for place in environments.iter().chain(everywhere) {
            let Some(first) = seen.insert((&role.text, assignee, &place.text), place) else {
                continue;
            };
            let message = match everywhere {
                Some(_) => format!("`{}` is assigned twice to the same", role.text),
                None => {
                    format!("`{}` is assigned twice in `{}` to the same", role.text, place.text)
                }
            };
            let problem = Problem::new("fortem::fleet::duplicate_assignment", message)
                .at(reader.file, place.span.clone(), "again")
                .at(reader.file, first.span.clone(), "first here");
            reader.problems.push(problem);
        }
    }
}

/// A name that the patterns of one environment give it, with the environment.
struct Reach<'a> {
    key: &'static str,
    pattern: String,
    environment: usize,
    name: &'a Named,
}

/// No name can belong to two environments.
fn prefix_traps(reader: &mut Reader, environments: &[Environment]) {
    let mut reaches = Vec::new();
    for (index, environment) in environments.iter().enumerate() {
        for (key, patterns) in environment.names.by_key() {
            for spelling in environment.spellings() {
                let with = |pattern: &NamePattern| pattern.with(spelling);
                reaches.extend(patterns.iter().map(with).map(|pattern| Reach {
                    key,
                    pattern,
                    environment: index,
                    name: &environment.name,
                }));
            }
        }
    }
    // Two patterns can only meet if the letters before the first wildcard of one begin the other's,
    // so in this order whatever a pattern can meet follows it until its letters end.
    reaches.sort_by(|a, b| (a.key, literal(&a.pattern)).cmp(&(b.key, literal(&b.pattern))));
    let mut told = BTreeSet::new();
    for (index, one) in reaches.iter().enumerate() {
        let begins = |other: &&Reach| {
            other.key == one.key && literal(&other.pattern).starts_with(literal(&one.pattern))
        };
        let later = reaches.iter().skip(index + 1).take_while(begins);
        // Two of one name are reported as that.
        let differs = |other: &&Reach| {
            other.environment != one.environment && other.name.text != one.name.text
        };
        for other in later.filter(differs) {
            let pair =
                (one.environment.min(other.environment), one.environment.max(other.environment));
            if overlap(&one.pattern, &other.pattern) && told.insert(pair) {
                reader.problems.push(trap(reader, one, other));
            }
        }
    }
}

fn trap(reader: &Reader, one: &Reach, other: &Reach) -> Problem {
    let (wide, narrow) = if literal(&one.pattern).len() <= literal(&other.pattern).len() {
        (one, other)
    } else {
        (other, one)
    };
    let message = format!(
        "`{}` of `{}` also reaches `{}` of `{}`",
        wide.pattern, wide.name.text, narrow.pattern, narrow.name.text
    );
    Problem::new("fortem::fleet::prefix_trap", message)
        .at(reader.file, narrow.name.span.clone(), "this environment's things can be reached")
        .at(reader.file, wide.name.span.clone(), "by the names of this one")
        .help(format!("rename one, or close the pattern in `{}` with `/` or `:`", one.key))
}
