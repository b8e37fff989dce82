//! What must hold of roles and fleet before anything is lowered.

use fortem_core::{Environment, Mode, NamePattern, Problem};

use crate::lower::World;
use crate::model::Role;

/// Everything that would make a document wrong or impossible.
pub(crate) fn check(world: &World, roles: &[&Role]) -> Vec<Problem> {
    let mut problems = tag_key(world);
    let by_tag =
        |role: &&&Role| role.is_assigned && world.fleet.mode_of(role.policy.id()) != Mode::Literal;
    if roles.iter().any(|role| by_tag(&role)) {
        problems.extend(world.fleet.environments().iter().flat_map(|e| other_names(world, e)));
    }
    problems.extend(leaks(world));
    problems.extend(roles.iter().flat_map(|role| never_granted(world, role)));
    problems.extend(roles.iter().flat_map(|role| without_calls(world, role)));
    problems.extend(repeated_file_names(roles));
    problems
}

/// A policy variable is `${aws:PrincipalTag/KEY}`: AWS documents no way to write some characters.
fn tag_key(world: &World) -> Vec<Problem> {
    let key = world.fleet.tag_key();
    let sayable = key.chars().all(|c| c.is_ascii_alphanumeric() || "_.:/=+-@".contains(c));
    if sayable {
        return Vec::new();
    }
    let message = format!("the tag key `{key}` cannot stand in a policy variable");
    vec![
        Problem::new("fortem::compile::tag_key", message)
            .help("use letters, digits and `_.:/=+-@`, without spaces"),
    ]
}

type Keyed = (&'static str, Vec<NamePattern>);

/// One policy serves every environment, so each must be named by the fleet's patterns.
fn other_names(world: &World, environment: &Environment) -> Vec<Problem> {
    let name = environment.name();
    let own = environment.names().by_key();
    let pairs = own.into_iter().zip(world.fleet.names().by_key());
    let differs = pairs.filter(|((_, own), (_, common))| expand(own, name) != expand(common, name));
    let problem = |((key, _), (_, common)): (Keyed, Keyed)| {
        let common: Vec<_> = common.iter().map(NamePattern::as_str).collect();
        Problem::new("fortem::compile::own_names", format!("`{name}` has {key} of its own"))
            .at(world.fleet.file(), environment.span(), "this environment")
            .help(format!("one policy for all environments needs one pattern: {common:?}"))
    };
    differs.map(problem).collect()
}

fn expand(patterns: &[NamePattern], environment: &str) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.with(environment)).collect()
}

fn leaks(world: &World) -> Vec<Problem> {
    let known: Vec<&str> = world.table.blind.iter().map(|row| row.api.as_str()).collect();
    let accepted = world.fleet.accepted_leaks().iter();
    let unknown = accepted.filter(|one| !known.contains(&one.name()));
    let problem = |one: &fortem_core::Acceptance| {
        let message = format!("`{}` is no tag-blind API action of any role", one.name());
        Problem::new("fortem::compile::unknown_leak", message)
            .at(world.fleet.file(), one.span(), "accepted here")
            .help(format!("expected one of {}", known.join(", ")))
    };
    unknown.map(problem).collect()
}

fn never_granted(world: &World, role: &Role) -> Vec<Problem> {
    let rows = world.table.never.iter();
    let granted = rows.filter(|row| role.actions.contains(row.action.as_str()));
    let problem = |row: &crate::table::Never| {
        let message =
            format!("`{}` permits `{}`, which is never granted", role.policy.id(), row.action);
        Problem::new("fortem::compile::never_granted", message)
            .at(role.policy.file(), role.policy.header_span(), "this role")
            .help(row.reason.clone())
    };
    granted.map(problem).collect()
}

/// An action of a team's own that no row says the calls of.
fn without_calls(world: &World, role: &Role) -> Vec<Problem> {
    let table = world.table;
    let is_never = |action: &str| table.never.iter().any(|row| row.action == action);
    let takes_none =
        |action: &&&str| table.calls_of(action, world.schedule()).is_empty() && !is_never(action);
    let problem = |action: &&str| {
        let message = format!("`{}` permits `{action}`, which takes no AWS call", role.policy.id());
        Problem::new("fortem::compile::no_calls", message)
            .at(role.policy.file(), role.policy.header_span(), "this role")
            .help(format!(
                "say what it takes in lowering.toml: `[[call]] actions = [\"{action}\"]`"
            ))
    };
    role.actions.iter().filter(takes_none).map(problem).collect()
}

/// `developer-2.json` is the second document of `developer` as well as the first of `developer-2`.
fn repeated_file_names(roles: &[&Role]) -> Vec<Problem> {
    let is_part_of = |id: &str| {
        let (base, number) = id.rsplit_once('-')?;
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let other = roles.iter().find(|role| role.policy.id() == base);
        other.filter(|_| numbered).map(|role| role.policy.id())
    };
    let problem = |role: &&Role| {
        let id = role.policy.id();
        let base = is_part_of(id)?;
        let message = format!("`{id}` would share its file name with a part of `{base}`");
        let problem = Problem::new("fortem::compile::file_name", message)
            .at(role.policy.file(), role.policy.header_span(), "this role")
            .help("give it an id that does not end in a number");
        Some(problem)
    };
    roles.iter().filter_map(problem).collect()
}
