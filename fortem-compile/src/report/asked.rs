//! What roles and guards ask about a call beside its environment.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::compile::Compiled;
use crate::model::{Comparison, Test};

/// A condition key that policies ask about: whoever fills it in is trusted to tell the truth.
#[derive(Debug, Serialize)]
pub struct AskedReport {
    /// The key.
    pub key: String,
    /// The policies, by id.
    pub policies: BTreeSet<String>,
}

/// A call of a permitted action that is not granted.
#[derive(Debug, Serialize)]
pub struct HiddenReport {
    /// The API action.
    pub api: String,
    /// The action that takes it.
    pub action: String,
    /// The condition key that decides about it, and that AWS does not show there.
    pub key: String,
}

/// Every key that is asked about, by key.
pub(super) fn asked(compiled: &Compiled) -> Vec<AskedReport> {
    let of_roles = compiled.model.roles.iter().flat_map(|role| {
        let tests = role.alternatives.iter().flat_map(|one| &one.tests);
        tests.map(|test| (test, role.policy.id()))
    });
    let of_guards = compiled
        .model
        .guards
        .iter()
        .flat_map(|guard| guard.when.tests.iter().map(|test| (test, guard.policy.id())));
    let mut all: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (test, policy) in of_roles.chain(of_guards) {
        for key in keys(test) {
            all.entry(key).or_default().insert(policy.to_owned());
        }
    }
    let report =
        |(key, policies): (&str, BTreeSet<String>)| AskedReport { key: key.to_owned(), policies };
    all.into_iter().map(report).collect()
}

fn keys(test: &Test) -> impl Iterator<Item = &str> {
    let other = match &test.comparison {
        Comparison::SameAs(key) => Some(key.as_str()),
        _ => None,
    };
    std::iter::once(test.key.as_str()).chain(other)
}

/// The calls of a role that are not granted since AWS does not show what decides about them.
pub(super) fn hidden(compiled: &Compiled, role: &str) -> Vec<HiddenReport> {
    let all = compiled.left_out.get(role).into_iter().flatten();
    let report = |one: &crate::lower::LeftOut| HiddenReport {
        api: one.api.clone(),
        action: one.action.clone(),
        key: one.key.clone(),
    };
    all.map(report).collect()
}
