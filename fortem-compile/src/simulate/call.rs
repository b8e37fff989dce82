//! A call as AWS would see it.

use std::collections::BTreeMap;

use fortem_core::{Environment, Mode};

use super::witness;
use crate::Identity;
use crate::arn;
use crate::iam::{KeyCarrier, Values};
use crate::lower::World;
use crate::model::{Alternative, Comparison, Role};
use crate::table::{Call, Channel, Kind, Where};

/// The account of an environment of which the fleet does not say one.
const ACCOUNT: &str = "111122223333";

/// What a call is made on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The environment that the tag says.
    pub(super) tag: Option<&'a Environment>,
    /// The environment whose names it has.
    pub(super) names: &'a Environment,
}

/// A person in an environment, who meets what the role asks for.
pub(super) struct Caller<'a> {
    world: &'a World<'a>,
    alternative: &'a Alternative<'a>,
    /// The environment's tag of the session, by key.
    tag: Option<(String, String)>,
}

impl<'a> Caller<'a> {
    pub(super) fn of(
        world: &'a World<'a>,
        role: &Role,
        identity: Identity,
        own: &Environment,
        alternative: &'a Alternative<'a>,
    ) -> Self {
        let fleet = world.fleet;
        let key = match (identity.environment, fleet.mode_of(role.policy.id())) {
            // The documents name the environment.
            _ if !role.is_assigned => None,
            (Some(_), _) => None,
            (None, Mode::Slots) => Some(format!("{}1", fleet.tag_key())),
            (None, _) => Some(fleet.tag_key().to_owned()),
        };
        let tag = key.map(|key| (format!("aws:PrincipalTag/{key}"), own.name().to_owned()));
        Self { world, alternative, tag }
    }

    /// The resource of a call and the condition keys, sorted.
    pub(super) fn call(
        &self,
        call: &Call,
        kind: Option<&Kind>,
        target: Target,
    ) -> (String, Vec<(String, Values)>) {
        let World { fleet, reference, .. } = self.world;
        let resource =
            kind.map_or_else(|| "*".to_owned(), |kind| self.resource(kind, target.names));
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        keys.extend(self.tag.iter().map(|(key, value)| (key.clone(), vec![value.clone()])));
        let carried = |key: &str| KeyCarrier::carries(*reference, &call.api, &resource, key);
        let tag = |of: &str| format!("aws:{of}Tag/{}", fleet.tag_key());
        if let Some(environment) = target.tag.filter(|_| carried(&tag("Resource"))) {
            keys.insert(tag("Resource"), vec![environment.name().to_owned()]);
        }
        if call.channels.contains(&Channel::RequestTag) {
            keys.insert(tag("Request"), vec![target.tag.unwrap_or(target.names).name().to_owned()]);
        }
        if carried("ecs:cluster") {
            let names = target.names.names();
            let clusters = arn::clusters(fleet, self.world.table, names, target.names.name());
            let cluster = clusters.first().map(|arn| self.arn(arn, target.names));
            keys.extend(cluster.map(|arn| ("ecs:cluster".to_owned(), vec![arn])));
        }
        for test in &self.alternative.tests {
            if let (true, Comparison::SameAs(other)) = (test.holds, &test.comparison) {
                keys.entry(other.clone()).or_insert_with(|| vec![witness::ANYTHING.to_owned()]);
            }
            let known = |key: &str| keys.get(key).and_then(|values| values.first().cloned());
            let value = witness::value(test, known).filter(|_| carried(&test.key));
            keys.extend(value.map(|value| (test.key.clone(), vec![value])));
        }
        for condition in &call.conditions {
            let value = self.value(condition, target.names);
            keys.extend(value.map(|value| (condition.key.clone(), vec![value])));
        }
        let values = |(key, values): (String, Vec<String>)| {
            let is_many = reference.key_type(&key).is_some_and(|of| of.multivalued);
            let one = values.first().cloned().unwrap_or_default();
            (key, if is_many { Values::Many(values) } else { Values::One(one) })
        };
        let keys = keys.into_iter().map(values).collect();
        (resource, keys)
    }

    fn resource(&self, kind: &Kind, environment: &Environment) -> String {
        let own = arn::own(self.world.fleet, kind, environment.names(), environment.name());
        let pattern = own.first().cloned().unwrap_or_else(|| arn::any(self.world.fleet, kind));
        self.arn(&pattern, environment)
    }

    fn arn(&self, pattern: &str, environment: &Environment) -> String {
        let account = environment.accounts().first().map_or(ACCOUNT, String::as_str);
        witness::arn(pattern, self.world.fleet.partition(), account)
    }

    /// A value that meets a condition of a row; none if it asks for the key to be absent.
    fn value(&self, condition: &Where, environment: &Environment) -> Option<String> {
        if condition.operator == "Null" && condition.values.iter().eq(["true"]) {
            return None;
        }
        if condition.tag_key || condition.tag_keys {
            return Some(self.world.fleet.tag_key().to_owned());
        }
        let kind = condition.own.as_deref().and_then(|name| self.world.table.kind(name));
        let own = kind.map(|kind| self.resource(kind, environment));
        own.or_else(|| condition.values.first().map(|value| witness::filled(value)))
    }
}
