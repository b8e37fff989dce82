//! Calls and statements as reports show them.

use std::collections::BTreeMap;

use fortem_compile::iam::{Request, Statement};
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::facts::{Facts, tag_of_key};
use crate::source::{Place, Position};
use crate::unit::{Policy, Unit};

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The API action.
    pub action: String,
    /// The ARN, or `*` for a call without a resource.
    pub resource: String,
    /// The condition keys that it has.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// Where a statement stands.
#[derive(Debug, Clone, Serialize)]
pub struct Spot {
    /// The ARN or name of the policy.
    pub policy: Option<String>,
    /// The Sid, if it has one.
    pub sid: Option<String>,
    /// The input.
    pub file: String,
    /// Where in it.
    #[serde(flatten)]
    pub position: Position,
    /// The text that stands there.
    pub excerpt: String,
}

/// The most characters of an excerpt.
const EXCERPT: usize = 600;

impl Call {
    pub(crate) fn of_request(request: &Request) -> Self {
        let action = request.action();
        let names = Catalogue::builtin().names().iter().copied();
        let spelt = names.into_iter().find(|name| name.eq_ignore_ascii_case(action));
        let keys = request.context().iter();
        Self {
            action: spelt.unwrap_or(action).to_owned(),
            resource: request.resource().to_owned(),
            keys: keys.map(|(key, values)| (key.to_owned(), values.as_slice().to_vec())).collect(),
        }
    }

    /// The keys that tell something, in words.
    #[must_use]
    pub fn telling_keys(&self) -> Vec<String> {
        let tells = |key: &str| {
            let lower = key.to_ascii_lowercase();
            tag_of_key(key).is_some() || !UNTOLD.contains(&lower.as_str())
        };
        let told = self.keys.iter().filter(|(key, _)| tells(key));
        told.map(|(key, values)| format!("{key} = {}", values.join(", "))).collect()
    }
}

/// Keys that follow from who calls.
const UNTOLD: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:username",
    "aws:viaawsservice",
];

impl Spot {
    pub(crate) fn of(facts: &Facts<'_>, policy: &Policy, statement: &Statement) -> Self {
        // A policy of the Organization stands in another unit.
        let of_organization = facts.organization.map(|one| &one.unit);
        let is_of = |unit: &&Unit| unit.policies.iter().any(|one| std::ptr::eq(one, policy));
        let unit = of_organization.into_iter().find(is_of).unwrap_or(facts.unit);
        let place: Place = policy.place_of(statement);
        let source = unit.sources.get(place.source);
        Self {
            policy: policy.label(),
            sid: statement.sid().map(str::to_owned),
            file: source.map(|one| one.name().to_owned()).unwrap_or_default(),
            position: source
                .map_or(Position { line: 1, column: 1 }, |one| one.position(place.range.start)),
            excerpt: unit.text_at(&place).chars().take(EXCERPT).collect(),
        }
    }
}
