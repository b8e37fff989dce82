//! The embedded data to [`Reference`].

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Action, ArnPattern, Doubt, KeyType, Reference, ReferenceError, ResourceType, generic};

#[derive(Deserialize)]
struct File<'a> {
    date: &'a str,
    #[serde(borrow)]
    always: Vec<&'a str>,
    keys: BTreeMap<&'a str, &'a str>,
    services: BTreeMap<&'a str, Service<'a>>,
}

#[derive(Deserialize)]
struct Service<'a> {
    #[serde(borrow)]
    types: BTreeMap<&'a str, Type<'a>>,
    actions: BTreeMap<&'a str, Entry<'a>>,
}

#[derive(Deserialize)]
struct Type<'a> {
    arn: &'a str,
    keys: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    keys: Vec<&'a str>,
    /// Resource type → keys that it has for this action only.
    types: BTreeMap<&'a str, Vec<&'a str>>,
}

#[derive(Deserialize)]
struct Doubts {
    doubt: Vec<Doubt>,
}

pub(super) fn reference(json: &str, doubts: &str) -> Result<Reference, ReferenceError> {
    let file: File = serde_json::from_str(json)?;
    let doubts: Doubts = toml::from_str(doubts)?;
    let mut actions = BTreeMap::new();
    for (prefix, service) in &file.services {
        for (name, entry) in &service.actions {
            let name = format!("{prefix}:{name}");
            actions.insert(name.to_ascii_lowercase(), action(name, entry, service));
        }
    }
    let always = lower(&file.always).into_iter().collect();
    let key_types = file.keys.into_iter().map(key_type).collect::<Result<_, _>>()?;
    let doubts = doubts.doubt.into_iter().map(lower_doubt).collect();
    let services = actions.keys().filter_map(|name| Some(name.split_once(':')?.0.to_owned()));
    let services = services.collect();
    Ok(Reference { date: file.date.to_owned(), actions, services, always, key_types, doubts })
}

fn key_type((key, value_type): (&str, &str)) -> Result<(String, KeyType), ReferenceError> {
    let unknown =
        || ReferenceError::ValueType { key: key.to_owned(), value_type: value_type.to_owned() };
    Ok((generic(key), KeyType::read(value_type).ok_or_else(unknown)?))
}

fn action(name: String, entry: &Entry, service: &Service) -> Action {
    let types = entry.types.iter().filter_map(|(name, own)| {
        let found = service.types.get(name)?;
        let keys = found.keys.iter().chain(own).copied().collect::<Vec<_>>();
        let (name, arn) = ((*name).to_owned(), ArnPattern::new(found.arn));
        Some(ResourceType { name, arn, keys: lower(&keys) })
    });
    Action { name, keys: lower(&entry.keys), resource_types: types.collect() }
}

fn lower_doubt(mut doubt: Doubt) -> Doubt {
    doubt.actions.iter_mut().for_each(|action| action.make_ascii_lowercase());
    doubt.key.make_ascii_lowercase();
    doubt
}

fn lower(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}
