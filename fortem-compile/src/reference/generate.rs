//! Makes `data/service-reference.json` from the complete reference.
//!
//! `cargo run -p fortem-compile --example generate_reference -- actions.json` prints it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;
use serde_json::json;

/// The services whose actions a policy of ours names or must know of.
const SERVICES: [&str; 14] = [
    "application-autoscaling",
    "ecr",
    "ecs",
    "elasticache",
    "events",
    "iam",
    "logs",
    "memorydb",
    "scheduler",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "sts",
    "tag",
];

/// Global keys that depend on the call or the resource after all.
const NOT_ALWAYS: [&str; 7] = [
    "aws:CalledVia",
    "aws:RequestTag/",
    "aws:ResourceAccount",
    "aws:ResourceOrg",
    "aws:ResourceTag/",
    "aws:SourceA",
    "aws:TagKeys",
];

/// A type of resource that an action is authorized on, with every key that the pair has.
#[derive(Deserialize)]
pub(super) struct Resource {
    #[serde(rename = "type")]
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) condition_keys: BTreeSet<String>,
}

#[derive(Deserialize)]
pub(super) struct Action {
    pub(super) resources: Vec<Resource>,
    pub(super) condition_keys: BTreeSet<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Meta {
    pub(super) updated: String,
    version: String,
    source: String,
    licence: String,
}

#[derive(Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    pub(super) global: bool,
    #[serde(rename = "type")]
    pub(super) value_type: String,
}

/// The reference of some services, each API action with the keys it has on each type of resource.
#[derive(Deserialize)]
pub(super) struct Complete {
    #[serde(rename = "_meta")]
    pub(super) meta: Meta,
    #[serde(rename = "_condition_keys")]
    pub(super) keys: BTreeMap<String, Key>,
    #[serde(flatten)]
    pub(super) services: BTreeMap<String, BTreeMap<String, Action>>,
}

impl Meta {
    /// What is known of data that has a date and nothing else.
    pub(super) fn of(date: String) -> Self {
        Self { updated: date, ..Self::default() }
    }
}

/// The embedded data, from the text of the complete reference: one action a line, so that two
/// versions can be compared.
///
/// # Errors
///
/// When the text is not JSON of the expected shape.
pub fn generate(complete: &str) -> Result<String, serde_json::Error> {
    let mut complete: Complete = serde_json::from_str(complete)?;
    complete.services.retain(|name, _| SERVICES.contains(&name.as_str()));
    Ok(text(&complete))
}

/// The data of all services in the form that is embedded.
pub(super) fn text(complete: &Complete) -> String {
    let Meta { updated, version, source, licence } = &complete.meta;
    let mut text = String::from("{\n");
    for (name, value) in
        [("date", updated), ("version", version), ("source", source), ("licence", licence)]
    {
        line(&mut text, "", name, &json!(value), ",");
    }
    line(&mut text, "", "always", &json!(always(&complete.keys)), ",");
    line(&mut text, "", "keys", &json!(value_types(complete)), ",");
    text.push_str("\"services\":{\n");
    let services = complete.services.iter().map(|(name, actions)| service(name, actions));
    text.push_str(&services.collect::<Vec<String>>().join(",\n"));
    text.push_str("\n}}\n");
    text
}

/// The global keys that every request has.
fn always(keys: &BTreeMap<String, Key>) -> Vec<&str> {
    let global = keys.iter().filter(|(_, key)| key.global).map(|(name, _)| name.as_str());
    global.filter(|name| !NOT_ALWAYS.iter().any(|not| name.starts_with(not))).collect()
}

/// The type of the values of each key that some request may have.
fn value_types(complete: &Complete) -> BTreeMap<&str, &str> {
    let actions = complete.services.values().flat_map(BTreeMap::values);
    let claimed: BTreeSet<&str> = actions
        .flat_map(|action| {
            let of_types = action.resources.iter().flat_map(|resource| &resource.condition_keys);
            action.condition_keys.iter().chain(of_types).map(String::as_str)
        })
        .collect();
    let known = complete.keys.iter();
    let known = known.filter(|(name, key)| key.global || claimed.contains(name.as_str()));
    known.map(|(name, key)| (name.as_str(), key.value_type.as_str())).collect()
}

fn service(name: &str, actions: &BTreeMap<String, Action>) -> String {
    let types = types(actions);
    let mut text = format!("{}:{{\n\"types\":{{\n", json!(name));
    let rows: Vec<String> = types
        .iter()
        .map(|(name, (arn, keys))| {
            format!(" {}:{}", json!(name), json!({"arn": arn, "keys": keys}))
        })
        .collect();
    text.push_str(&rows.join(",\n"));
    text.push_str("},\n\"actions\":{\n");
    let rows: Vec<String> = actions.iter().map(|(name, one)| action(name, one, &types)).collect();
    text.push_str(&rows.join(",\n"));
    text.push_str("}}");
    text
}

type Types<'a> = BTreeMap<&'a str, (&'a str, BTreeSet<&'a str>)>;

/// Each type with the keys it has for every action.
fn types(actions: &BTreeMap<String, Action>) -> Types<'_> {
    let mut types: Types = BTreeMap::new();
    for resource in actions.values().flat_map(|action| &action.resources) {
        let keys: BTreeSet<&str> = resource.condition_keys.iter().map(String::as_str).collect();
        types
            .entry(&resource.name)
            .and_modify(|(_, common)| common.retain(|key| keys.contains(key)))
            .or_insert((&resource.arn, keys));
    }
    types
}

fn action(name: &str, action: &Action, types: &Types) -> String {
    let own = action.resources.iter().map(|resource| {
        let common = types.get(resource.name.as_str());
        let more = resource
            .condition_keys
            .iter()
            .filter(|key| common.is_none_or(|(_, keys)| !keys.contains(key.as_str())));
        (&resource.name, more.collect::<Vec<_>>())
    });
    let own: BTreeMap<_, _> = own.collect();
    format!(" {}:{}", json!(name), json!({"keys": action.condition_keys, "types": own}))
}

fn line(text: &mut String, indent: &str, name: &str, value: &serde_json::Value, end: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{indent}{}:{value}{end}", json!(name));
}
