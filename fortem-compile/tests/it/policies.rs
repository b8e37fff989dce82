//! Fleets, roles and guards made at random, within what the compiler accepts.

use std::collections::BTreeSet;

use fortem_core::{Problems, Source, SourceFile};
use proptest::prelude::*;

/// Each action of the vocabulary that IAM can grant, and what it is done to.
pub(crate) const ACTIONS: [(&str, &str); 12] = [
    ("viewEnvironment", "Cluster"),
    ("viewStatus", "Service"),
    ("viewLogs", "LogGroup"),
    ("tailLogs", "LogGroup"),
    ("restartService", "Service"),
    ("redeployService", "Service"),
    ("stopTask", "Task"),
    ("runTask", "TaskDefinition"),
    ("flushCache", "Cache"),
    ("pauseSchedule", "Schedule"),
    ("resumeSchedule", "Schedule"),
    ("execCommand", "Task"),
];

/// The environment that policies name: each fleet's first.
const FIRST: &str = "alpha";

/// Policies of roles `role-0x`, `role-1x` … and guards `guard-0x` … over a fleet.
pub(crate) fn source(fleet: &str, roles: &[impl AsRef<str>], guards: &[impl AsRef<str>]) -> Source {
    try_source(fleet, roles, guards).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The same, of policies that may be wrong.
pub(crate) fn try_source(
    fleet: &str,
    roles: &[impl AsRef<str>],
    guards: &[impl AsRef<str>],
) -> Result<Source, Problems> {
    let role = |(index, text): (usize, &str)| format!("@id(\"role-{index}x\")\n{text}\n");
    let guard = |(index, text): (usize, &str)| format!("@id(\"guard-{index}x\")\n{text}\n");
    let roles = roles.iter().map(AsRef::as_ref).enumerate().map(role);
    let guards = guards.iter().map(AsRef::as_ref).enumerate().map(guard);
    let cedar: Vec<String> = roles.chain(guards).collect();
    let cedar = SourceFile::new("all.cedar", cedar.concat());
    let fleet = SourceFile::new("fleet.toml", fleet.to_owned());
    Source::parse(&fleet, &[cedar])
}

/// The environments `alpha`, `beta` and `gamma`, as many as there are tiers: production or not.
pub(crate) fn fleet(production: &[bool]) -> String {
    let named = [FIRST, "beta", "gamma"].into_iter().zip(production);
    named.map(|(name, production)| environment(name, *production, &[])).collect()
}

fn environment(name: &str, production: bool, aliases: &[String]) -> String {
    let tier = if production { "production" } else { "nonproduction" };
    format!("[[environment]]\nname = \"{name}\"\ntier = \"{tier}\"\naliases = {aliases:?}\n")
}

/// One to four environments, some with aliases; any tag key; names of things in several ways.
pub(crate) fn some_fleet() -> impl Strategy<Value = String> {
    let name = "[a-z]{1,4}(-[a-z0-9]{1,3})?";
    let others = prop::collection::vec((name, any::<bool>(), some_alias()), 0..=3);
    let first = (Just(FIRST.to_owned()), any::<bool>(), some_alias());
    let environments = (first, others).prop_map(|(first, others)| {
        let mut taken = BTreeSet::new();
        let mut text = String::new();
        for (name, production, alias) in std::iter::once(first).chain(others) {
            // A name within another may be refused, since patterns of one reach the other.
            let apart = |other: &String| !other.starts_with(&name) && !name.starts_with(other);
            if taken.iter().all(apart) {
                let aliases: Vec<String> =
                    alias.map(|suffix| name.clone() + suffix).into_iter().collect();
                taken.insert(name.clone());
                text += &environment(&name, production, &aliases);
            }
        }
        text
    });
    (some_tag_key(), some_names(), environments).prop_map(|(key, names, all)| key + &names + &all)
}

fn some_alias() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["uction", "_old"]))
}

fn some_tag_key() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["Environment", "env", "team:stage"]);
    key.prop_map(|key| format!("tag_key = \"{key}\"\n"))
}

fn some_names() -> impl Strategy<Value = String> {
    let lines: [(&str, &[&str]); 7] = [
        ("clusters", &[r#"["{environment}"]"#, r#"["fleet-{environment}", "{environment}"]"#]),
        (
            "task_definitions",
            &[r#"["{environment}-*"]"#, r#"["{environment}_*", "{environment}"]"#],
        ),
        (
            "log_groups",
            &[r#"["/ecs/{environment}/*"]"#, r#"["/{environment}/ecs", "/aws/{environment}/*"]"#],
        ),
        ("roles", &[r#""/ecs/{environment}/""#, r#""/{environment}/tasks/""#]),
        ("caches", &["[]", r#"["redis-{environment}"]"#]),
        ("cache_users", &["[]", r#"["{environment}-*"]"#]),
        ("schedules", &["[]", r#"["{environment}-*", "nightly-{environment}"]"#]),
    ];
    let line = |(key, values): (&'static str, &'static [&'static str])| {
        prop::sample::select(values).prop_map(move |value| format!("{key} = {value}\n"))
    };
    lines.map(line).prop_map(|lines| format!("[names]\n{}", lines.concat()))
}

/// `action` or `action in [...]`; restart and redeploy go together, since IAM cannot tell them apart.
fn actions(chosen: &BTreeSet<usize>) -> String {
    let names = chosen.iter().map(|index| ACTIONS[*index].0);
    let names = names.flat_map(|name| match name {
        "restartService" | "redeployService" => vec!["restartService", "redeployService"],
        other => vec![other],
    });
    let entities: Vec<String> = names.map(|name| format!("Fortem::Action::\"{name}\"")).collect();
    format!("action in [{}]", entities.join(", "))
}

fn some_actions() -> impl Strategy<Value = String> {
    prop::collection::btree_set(0..ACTIONS.len(), 1..6).prop_map(|chosen| actions(&chosen))
}

fn some_session() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "when { context.mfa }", "unless { context.mfa }"])
}

pub(crate) fn some_role() -> impl Strategy<Value = String> {
    (some_actions(), some_session()).prop_map(|(actions, session)| {
        format!("permit (principal in ?principal, {actions}, resource in ?resource) {session};")
    })
}

pub(crate) fn some_guard() -> impl Strategy<Value = String> {
    let reach = prop::sample::select(vec![
        "",
        "when { resource in Fortem::Tier::\"production\" }",
        "when { resource in Fortem::Tier::\"nonproduction\" }",
        "unless { resource in Fortem::Tier::\"nonproduction\" }",
        "unless { resource in Fortem::Tier::\"production\" }",
        "when { resource in Fortem::Environment::\"alpha\" }",
        "unless { resource in Fortem::Environment::\"alpha\" }",
    ]);
    let actions = prop_oneof![Just("action".to_owned()), some_actions()];
    (actions, reach, some_session()).prop_map(|(actions, reach, session)| {
        format!("forbid (principal, {actions}, resource) {reach} {session};")
    })
}
