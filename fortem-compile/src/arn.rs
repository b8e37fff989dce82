//! ARN patterns: all of a kind, or those that one environment's names reach.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use fortem_core::{Fleet, NamePattern, Names};

use crate::table::{Kind, Table};

/// Every ARN of the kind.
pub(crate) fn any(fleet: &Fleet, kind: &Kind) -> String {
    in_account(fleet, &kind.service, &kind.any)
}

/// Every ARN of a service.
pub(crate) fn whole_service(fleet: &Fleet, service: &str) -> String {
    in_account(fleet, service, "*")
}

/// The ARNs that names reach when `environment`, a name or a policy variable, stands in them; empty
/// if the fleet names nothing of the kind.
pub(crate) fn own(
    fleet: &Fleet,
    kind: &Kind,
    names: &Names,
    environment: &str,
) -> BTreeSet<String> {
    let templates = kind.own.iter();
    let filled = templates.flat_map(|template| fill(template, names, environment));
    filled.map(|resource| in_account(fleet, &kind.service, &resource)).collect()
}

/// The cluster ARNs of an environment, for `ecs:cluster`.
pub(crate) fn clusters(
    fleet: &Fleet,
    table: &Table,
    names: &Names,
    environment: &str,
) -> BTreeSet<String> {
    table.kind("cluster").map(|kind| own(fleet, kind, names, environment)).unwrap_or_default()
}

/// What stands in an ARN after the account.
pub(crate) fn resource(arn: &str) -> &str {
    arn.splitn(6, ':').last().unwrap_or_default()
}

/// IAM is global: its ARNs have no Region.
fn in_account(fleet: &Fleet, service: &str, resource: &str) -> String {
    let region = if service == "iam" { "" } else { "*" };
    format!("arn:{}:{service}:{region}:*:{resource}", fleet.partition().as_str())
}

fn fill(template: &str, names: &Names, environment: &str) -> Vec<String> {
    let Some((before, rest)) = template.split_once('{') else {
        return vec![template.to_owned()];
    };
    let (placeholder, after) = rest.split_once('}').unwrap_or((rest, ""));
    let patterns = patterns(names, placeholder).iter();
    let filled = patterns.map(|pattern| closed(placeholder, pattern.with(environment)));
    filled.map(|name| format!("{before}{name}{after}")).collect()
}

/// The words that may stand in braces in the lowering table.
pub(crate) const PLACEHOLDERS: [&str; 8] = [
    "environment",
    "cluster",
    "task-definition",
    "log-group",
    "cache",
    "cache-user",
    "schedule",
    "role",
];

/// The name patterns that a placeholder of the lowering table stands for.
pub(crate) fn patterns<'a>(names: &'a Names, placeholder: &str) -> &'a [NamePattern] {
    static ENVIRONMENT: LazyLock<[NamePattern; 1]> =
        LazyLock::new(|| [NamePattern::new("{environment}")]);
    match placeholder {
        "environment" => ENVIRONMENT.as_slice(),
        "cluster" => &names.clusters,
        "task-definition" => &names.task_definitions,
        "log-group" => &names.log_groups,
        "cache" => &names.caches,
        "cache-user" => &names.cache_users,
        "schedule" => &names.schedules,
        "role" => std::slice::from_ref(&names.roles),
        _ => &[],
    }
}

/// A log group's ARN goes on after its name, with `:*` or a stream (API reference, `LogGroup`).
fn closed(placeholder: &str, name: String) -> String {
    if placeholder == "log-group" && !name.ends_with('*') { name + ":*" } else { name }
}
