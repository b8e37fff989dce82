//! A kind of resource: which ARNs are of it, and which an environment's names reach.

use std::collections::BTreeMap;

use fortem_core::pattern::{literal, matches, overlap};
use fortem_core::{Environment, Problem};

use super::Ground;
use crate::arn::{self, PLACEHOLDERS};
use crate::reference::{Action, ArnPattern};
use crate::table::rows::Row;
use crate::table::{Kind, Table};

pub(in crate::table) fn check(ground: &Ground, table: &Table, row: &Row<Kind>) -> Vec<Problem> {
    let kind = &row.value;
    let mut problems = Vec::new();
    if table.kind(&kind.name).is_some() {
        let message = format!("the kind `{}` is there already", kind.name);
        let span = row.at("name");
        problems.push(ground.problem("fortem::lowering::redefined", message, span, "another name"));
    }
    problems.extend(ground.schedule(row, kind.schedule.as_deref()));
    problems.extend(ground.entity(row, kind.entity.as_deref()));
    if let Err(problem) = ground.service(row, "service", &kind.service) {
        problems.push(problem);
        return problems;
    }
    problems.extend(types(ground, table, row));
    let own = kind.own.iter().filter_map(|own| shape(ground, row, own));
    problems.extend(own);
    if problems.is_empty() {
        problems.extend(reach(ground, row));
        problems.extend(traps(ground, row));
    }
    problems
}

/// The types of the service reference, with their ARNs.
fn types_of<'a>(ground: &Ground<'a>, service: &str) -> BTreeMap<&'a str, &'a ArnPattern> {
    let types = ground.reference.actions(service).flat_map(Action::resource_types);
    types.map(|found| (found.name(), found.arn())).collect()
}

fn types(ground: &Ground, table: &Table, row: &Row<Kind>) -> Vec<Problem> {
    let kind = &row.value;
    let known = types_of(ground, &kind.service);
    if kind.types.is_empty() {
        let code = "fortem::lowering::row";
        let message = "a kind without types of the service reference".to_owned();
        let names: Vec<&str> = known.keys().copied().collect();
        let label = format!("expected some of `{}`", names.join("`, `"));
        return vec![ground.problem(code, message, row.at("types"), label)];
    }
    let problem = |name: &String| {
        let span = row.item("types", name);
        if !known.contains_key(name.as_str()) {
            let known = known.keys().copied();
            return Some(ground.unknown("resource type", name, span, known));
        }
        let mut others = table.kinds.iter().filter(|other| other.service == kind.service);
        let other = others.find(|other| other.types.contains(name))?;
        let message = format!("`{name}` is of the kind `{}` already", other.name);
        let label = format!("use `{}`", other.name);
        Some(ground.problem("fortem::lowering::redefined", message, span, label))
    };
    kind.types.iter().filter_map(problem).collect()
}

/// A pattern of an environment's ARNs names the environment, once.
fn shape(ground: &Ground, row: &Row<Kind>, own: &str) -> Option<Problem> {
    let wrong = |label: String| {
        let message = format!("`{own}` cannot be used as a name pattern");
        Some(ground.problem("fortem::lowering::pattern", message, row.item("own", own), label))
    };
    let Some((before, rest)) = own.split_once('{') else {
        return wrong("without `{environment}` it names the same in every environment".to_owned());
    };
    let Some((placeholder, after)) = rest.split_once('}') else {
        return wrong("expected `}`".to_owned());
    };
    if !PLACEHOLDERS.contains(&placeholder) {
        let known = PLACEHOLDERS.map(|one| format!("`{{{one}}}`")).join(", ");
        return wrong(format!("expected one of {known}"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_./:=+-@#*".contains(c);
    if !before.chars().chain(after.chars()).all(allowed) {
        return wrong(
            "expected letters, digits and `_./:=+-@#*` around the one placeholder".to_owned(),
        );
    }
    None
}

/// `any` is every ARN of the types, so that guards cover them all, and the environment's own are among them.
fn reach(ground: &Ground, row: &Row<Kind>) -> Vec<Problem> {
    let (kind, fleet) = (&row.value, ground.source.fleet());
    let types = types_of(ground, &kind.service);
    let code = "fortem::lowering::pattern";
    let mut problems = Vec::new();
    for (name, of_type) in types.iter().filter(|(name, _)| kind.types.iter().any(|of| of == *name))
    {
        let parts = of_type.parts();
        let [_, _, service, _, _, resource] =
            parts.map_or([""; 6], |parts| parts.each_ref().map(String::as_str));
        if service != kind.service {
            let message = format!("`{name}` is a resource of `{service}`");
            problems.push(ground.problem(
                code,
                message,
                row.item("types", name),
                "of another service",
            ));
        } else if kind.any.contains(['?', '{', '$']) || !matches(&kind.any, resource) {
            let message = format!("`{}` is not every ARN of `{name}`", kind.any);
            let label = format!("expected `{}`", shortest(resource));
            problems.push(ground.problem(code, message, row.at("any"), label));
        }
    }
    for own in &kind.own {
        let one = Kind { own: vec![own.clone()], ..kind.clone() };
        let reached = arn::own(fleet, &one, fleet.names(), "x");
        if problems.is_empty() && !reached.iter().all(|arn| matches(&kind.any, arn::resource(arn)))
        {
            let message = format!("`{own}` is no ARN of the kind");
            let label = format!("expected one that `{}` matches", kind.any);
            problems.push(ground.problem(code, message, row.item("own", own), label));
        }
    }
    problems
}

/// A pattern up to its first wildcard, and `*`.
fn shortest(pattern: &str) -> String {
    format!("{}*", literal(pattern))
}

/// The names of one environment do not reach what another's do.
fn traps(ground: &Ground, row: &Row<Kind>) -> Option<Problem> {
    let (kind, fleet) = (&row.value, ground.source.fleet());
    let reached = |environment: &Environment| {
        let arns = environment
            .spellings()
            .flat_map(|name| arn::own(fleet, kind, environment.names(), name));
        arns.map(|arn| arn::resource(&arn).to_owned()).collect::<Vec<_>>()
    };
    let all = fleet.environments().iter();
    let all = all.flat_map(|one| reached(one).into_iter().map(move |name| (name, one.name())));
    let mut all: Vec<(String, &str)> = all.collect();
    // Two patterns only meet if one begins as the other does before its first wildcard.
    all.sort_by(|(one, _), (other, _)| literal(one).cmp(literal(other)));
    for (index, (wide, of)) in all.iter().enumerate() {
        let later = all.iter().skip(index + 1);
        let mut near = later.take_while(|(name, _)| literal(name).starts_with(literal(wide)));
        if let Some((name, other)) = near.find(|(name, other)| other != of && overlap(wide, name)) {
            let message = format!("`{wide}` of `{of}` also reaches `{name}` of `{other}`");
            let label = "a pattern that reaches another environment";
            let code = "fortem::lowering::prefix_trap";
            let problem = ground.problem(code, message, row.at("own"), label);
            return Some(
                problem.help("close it with `/` or `:`, or rename one of the environments"),
            );
        }
    }
    None
}
