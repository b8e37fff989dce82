//! What AWS says of its API actions: the service authorization reference, as data with its date.
//!
//! Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for AWS
//! services", through the package named in the data. `data/doubts.toml` holds the claims of it that
//! other AWS pages contradict or leave open.

mod arn_pattern;
pub mod generate;
mod load;
mod parse;
mod published;
mod value_type;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub use self::arn_pattern::ArnPattern;
pub use self::value_type::{KeyType, ValueType};
use fortem_core::pattern;
use thiserror::Error;

use crate::iam::KeyCarrier;

const DOUBTS: &str = include_str!("../data/doubts.toml");

/// The reference of the services concerned.
///
/// ```
/// # fn main() -> Result<(), &'static fortem_compile::reference::ReferenceError> {
/// use fortem_compile::reference::{Carries, Reference};
///
/// let reference = Reference::builtin()?;
/// let carries = |action, kind, key| reference.carries(action, Some(kind), key);
/// assert_eq!(carries("ecs:UpdateService", "service", "ecs:cluster"), Carries::Yes);
/// // Only the `daemon` type of this action has the key.
/// assert_eq!(carries("ecs:TagResource", "task", "ecs:cluster"), Carries::No);
/// assert!(matches!(
///     carries("iam:PassRole", "role", "aws:ResourceTag/Environment"),
///     Carries::Doubtful(_)
/// ));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Reference {
    date: String,
    actions: BTreeMap<String, Action>,
    /// Those of the actions, in lower case.
    services: BTreeSet<String>,
    /// Keys that every request has, in lower case.
    always: BTreeSet<String>,
    /// By key, in lower case.
    key_types: BTreeMap<String, KeyType>,
    doubts: Vec<Doubt>,
}

/// One API action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    name: String,
    keys: Vec<String>,
    resource_types: Vec<ResourceType>,
}

/// A type of resource that an API action is authorized on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    name: String,
    arn: ArnPattern,
    keys: Vec<String>,
}

/// Whether AWS fills a condition key in for an API action on a type of resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carries {
    /// It does.
    Yes,
    /// The reference says so; this is why it is not relied on.
    Doubtful(String),
    /// It does not, or the reference does not know the action, type or key.
    No,
}

/// A claim of the reference that is not relied on; actions and key in lower case.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubt {
    actions: Vec<String>,
    #[serde(rename = "type")]
    resource_type: String,
    key: String,
    reason: String,
    source: String,
}

/// The data built into this crate cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// `service-reference.json` has another shape.
    #[error("service-reference.json: {0}")]
    Reference(#[from] serde_json::Error),
    /// A condition key is of a type that is not known.
    #[error("`{key}` is of the unknown type `{value_type}`")]
    ValueType {
        /// The condition key.
        key: String,
        /// Its type.
        value_type: String,
    },
    /// `doubts.toml` has another shape.
    #[error("doubts.toml: {0}")]
    Doubts(#[from] toml::de::Error),
}

impl Reference {
    /// The reference that is built into this crate.
    ///
    /// # Errors
    ///
    /// When the built-in data cannot be read, which a test rules out.
    pub fn builtin() -> Result<&'static Self, &'static ReferenceError> {
        static BUILTIN: LazyLock<Result<Reference, ReferenceError>> = LazyLock::new(|| {
            parse::reference(include_str!("../data/service-reference.json"), DOUBTS)
        });
        BUILTIN.as_ref()
    }

    /// When AWS's data was read, RFC 3339.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The API action of that name, in whatever letter case.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.get(&name.to_ascii_lowercase())
    }

    /// Whether it has the API actions of a service, in whatever letter case.
    #[must_use]
    pub fn has_service(&self, service: &str) -> bool {
        self.services.contains(service) || self.services.contains(&service.to_ascii_lowercase())
    }

    /// The API actions of a service, by name.
    pub fn actions(&self, service: &str) -> impl Iterator<Item = &Action> {
        let first = format!("{}:", service.to_ascii_lowercase());
        let end = format!("{};", service.to_ascii_lowercase());
        self.actions.range(first..end).map(|(_, action)| action)
    }

    /// The API actions that a pattern of a policy matches: `ecs:Describe*`, `*`.
    #[must_use]
    pub fn matching(&self, pattern: &str) -> Vec<&Action> {
        let pattern = pattern.to_ascii_lowercase();
        let begin = pattern::literal(&pattern);
        if begin.len() == pattern.len() {
            return self.actions.get(&pattern).into_iter().collect();
        }
        let near = self.actions.range(begin.to_owned()..);
        let near = near.take_while(|(name, _)| name.starts_with(begin));
        let matching = near.filter(|(name, _)| pattern::matches(&pattern, name));
        matching.map(|(_, action)| action).collect()
    }

    /// The types of resource that an ARN may be of, each as service and name.
    ///
    /// ```
    /// # use fortem_compile::reference::Reference;
    /// let reference = Reference::builtin().expect("built-in data");
    /// let types = reference.resource_types_of("arn:aws:ecs:eu-west-1:111122223333:service/staging/a");
    /// assert_eq!(types.into_iter().collect::<Vec<_>>(), [("ecs", "service")]);
    /// ```
    #[must_use]
    pub fn resource_types_of(&self, arn: &str) -> BTreeSet<(&str, &str)> {
        let all = self.actions.values().flat_map(|action| {
            let service = action.name.split(':').next().unwrap_or_default();
            action.resource_types.iter().map(move |found| (service, found))
        });
        let matching = all.filter(|(_, found)| found.arn.matches(arn));
        matching.map(|(service, found)| (service, found.name.as_str())).collect()
    }

    /// Whether every request has a condition key, or may have it for reasons of its own: keys of the session and of the
    /// network, not of the call.
    #[must_use]
    pub fn is_of_every_request(&self, key: &str) -> bool {
        self.always.contains(&generic(key))
    }

    /// The condition keys that are known, in lower case; tag keys end in `/${tagkey}`.
    pub fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.key_types.keys().map(String::as_str)
    }

    /// What the values of a condition key are; nothing if the reference does not know the key.
    #[must_use]
    pub fn key_type(&self, key: &str) -> Option<KeyType> {
        self.key_types.get(&generic(key)).copied()
    }

    /// Whether every request has the key, or may have it whatever it asks for.
    #[must_use]
    pub fn is_always_carried(&self, key: &str) -> bool {
        self.always.contains(&generic(key))
    }

    /// Whether a condition key is filled in for an API action on a type of resource; `None` stands
    /// for a call without one.
    ///
    /// A key that only another type of the same action has is not carried.
    #[must_use]
    pub fn carries(&self, action: &str, resource_type: Option<&str>, key: &str) -> Carries {
        let Some(action) = self.action(action) else {
            return Carries::No;
        };
        let name = generic(key);
        if self.always.contains(&name) {
            return Carries::Yes;
        }
        let of_type = resource_type.and_then(|name| action.resource_type(name));
        if !action.claims(of_type, &name) || (resource_type.is_some() && of_type.is_none()) {
            return Carries::No;
        }
        match self.doubt(action, resource_type, &name) {
            Some(doubt) => Carries::Doubtful(format!("{} ({})", doubt.reason, doubt.source)),
            None => Carries::Yes,
        }
    }

    fn doubt(&self, action: &Action, resource_type: Option<&str>, key: &str) -> Option<&Doubt> {
        let name = action.name.to_ascii_lowercase();
        self.doubts.iter().find(|doubt| {
            let about = resource_type == Some(doubt.resource_type.as_str()) && doubt.key == key;
            about && doubt.actions.iter().any(|pattern| pattern::matches(pattern, &name))
        })
    }
}

/// What a call shows to conditions: a claim that is only doubted counts, since AWS may keep it.
impl KeyCarrier for Reference {
    fn carries(&self, action: &str, resource: &str, key: &str) -> bool {
        let Some(found) = self.action(action) else {
            return false;
        };
        let key = generic(key);
        let on = |kind| self.always.contains(&key) || found.claims(kind, &key);
        let types = found.resource_types().iter();
        let mut reached = types.filter(|kind| kind.arn().matches(resource)).peekable();
        match reached.peek() {
            None => on(None),
            Some(_) => reached.any(|kind| on(Some(kind))),
        }
    }
}

impl Action {
    /// Service and action, `ecs:UpdateService`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The condition keys that the reference names for it whatever the resource, in lower case; tag keys end
    /// in `/${tagkey}`.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The types of resource it is authorized on; empty if its resource can only be `*`.
    #[must_use]
    pub fn resource_types(&self) -> &[ResourceType] {
        &self.resource_types
    }

    /// The type of that name.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|found| found.name == name)
    }

    /// Whether it or a type of it lists a key, given in the reference's own spelling.
    fn claims(&self, of_type: Option<&ResourceType>, key: &str) -> bool {
        // The tags of a request are the call's, whatever a type's list says.
        let of_request = key.starts_with("aws:requesttag/") || key == "aws:tagkeys";
        let lists = |keys: &[String]| keys.iter().any(|listed| listed == key);
        lists(&self.keys) || (!of_request && of_type.is_some_and(|found| lists(&found.keys)))
    }
}

impl ResourceType {
    /// The reference's name for it, `task-definition`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The condition keys that the reference names for it under its API action, like [`Action::keys`].
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Its ARN, with `*` for whatever differs from one resource to the next.
    #[must_use]
    pub fn arn(&self) -> &ArnPattern {
        &self.arn
    }
}

/// The reference's own spelling of a key, in lower case: tag keys have `${tagkey}` for the tag.
fn generic(key: &str) -> String {
    let lower = key.to_ascii_lowercase();
    match lower.split_once('/') {
        Some((before, _)) => format!("{before}/${{tagkey}}"),
        None => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_doubt_is_about_a_claim_that_the_reference_makes() {
        let reference = Reference::builtin().unwrap();
        for doubt in &reference.doubts {
            for pattern in &doubt.actions {
                let actions = reference.matching(pattern);
                let mut claims = actions.into_iter().filter(|action| {
                    let found = action.resource_type(&doubt.resource_type);
                    let keys = found.into_iter().flat_map(|of| of.keys.iter().chain(&action.keys));
                    keys.into_iter().any(|key| *key == doubt.key)
                });
                assert!(claims.next().is_some(), "{pattern} {} {}", doubt.resource_type, doubt.key);
            }
        }
    }
}
