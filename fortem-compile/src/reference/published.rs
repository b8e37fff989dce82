//! The reference of one service as AWS publishes it for programs, `https://servicereference.us-east-1.amazonaws.com/`
//! (Service Authorization Reference, "Simplified AWS service information for programmatic access").

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::generate;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "the object of a service")]
pub(super) struct Published {
    name: String,
    actions: Vec<Action>,
    #[serde(default)]
    condition_keys: Vec<Key>,
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    name: String,
    #[serde(default, rename = "ActionConditionKeys")]
    keys: BTreeSet<String>,
    #[serde(default)]
    resources: Vec<Resource>,
}

/// A type of resource, or the use of one by an action.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    name: String,
    #[serde(default, rename = "ARNFormats")]
    arns: Vec<String>,
    #[serde(default)]
    condition_keys: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    name: String,
    types: Vec<String>,
}

impl Published {
    /// A reference of this service alone.
    pub(super) fn into_complete(self, date: String) -> generate::Complete {
        let types: BTreeMap<&str, &Resource> =
            self.resources.iter().map(|one| (one.name.as_str(), one)).collect();
        let actions = self.actions.into_iter().map(|action| {
            let used = action.resources.iter();
            let resources = used.filter_map(|used| used.of(types.get(used.name.as_str())?));
            let resources = resources.collect();
            (action.name, generate::Action { resources, condition_keys: action.keys })
        });
        let services = BTreeMap::from([(self.name, actions.collect())]);
        let key = |key: Key| {
            let value_type = key.types.into_iter().next()?;
            Some((key.name, generate::Key { global: false, value_type }))
        };
        let keys = self.condition_keys.into_iter().filter_map(key).collect();
        generate::Complete { meta: generate::Meta::of(date), keys, services }
    }
}

impl Resource {
    /// The use of a type by an action, with the keys of both; none if the type has no ARN.
    fn of(&self, of_type: &Self) -> Option<generate::Resource> {
        let arns = of_type.arns.iter().map(|arn| arn.splitn(6, ':').map(str::to_owned).collect());
        let arn = arns.reduce(either)?.join(":");
        let condition_keys = &self.condition_keys | &of_type.condition_keys;
        Some(generate::Resource { name: self.name.clone(), arn, condition_keys })
    }
}

/// An ARN, in its parts, that stands for two forms of it and perhaps for more.
fn either(one: Vec<String>, other: Vec<String>) -> Vec<String> {
    let parts = one.into_iter().zip(other);
    parts.map(|(one, other)| if one == other { one } else { "${Any}".to_owned() }).collect()
}
