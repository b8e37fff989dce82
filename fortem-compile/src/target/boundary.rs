//! Permissions boundaries: the most that a role may do, whatever else is attached to it.
//!
//! There is one a role, and not one for all: it is as narrow as the role, and holds each guard as it stands in
//! the role's own policy, so that together they allow exactly what the policy allows alone. A boundary for all
//! would let a log viewer do what a developer may, and a guard on a call that only one role makes would deny
//! it to another that needs it.

use std::collections::BTreeSet;

use super::{Input, Target, Targets};
use crate::Identity;
use crate::emit::Document;
use crate::output::Artifact;
use crate::statement::{ApiActions, Conditions, Effect, Origin, Statement};

pub(super) fn write<'a>(input: &Input<'a>, output: &mut Targets<'a>) {
    for role in input.roles() {
        let of_role = input.compiled.documents.iter().filter(|(one, _)| one.role == role);
        let parts: Vec<(&Identity<'a>, Parts)> =
            of_role.map(|(identity, documents)| (identity, Parts::of(documents))).collect();
        // One for every environment, unless what is denied differs from one to the next.
        let alike = parts.windows(2).all(|pair| match pair {
            [(_, one), (_, other)] => one.denies() == other.denies(),
            _ => true,
        });
        if alike {
            let all = parts.into_iter().map(|(_, parts)| parts).reduce(Parts::and);
            add(input, output, Identity::of(role), all.unwrap_or_default());
        } else {
            for (identity, parts) in parts {
                add(input, output, *identity, parts);
            }
        }
    }
}

fn add<'a>(input: &Input, output: &mut Targets<'a>, identity: Identity<'a>, parts: Parts) {
    let Some(ceiling) = parts.ceiling() else {
        return;
    };
    let document = Document::of([ceiling].into_iter().chain(parts.denies).collect());
    let path = format!("boundary/{}.json", identity.name("/"));
    let artifact = Artifact::new(path, document.to_json()).for_identity(identity);
    let artifact = artifact.with_statements(&document);
    output.add(Target::Boundary, artifact, &input.quotas.managed_policy);
}

/// What the documents of a role come to.
#[derive(Debug, Clone, Default)]
struct Parts {
    /// The API actions that some statement allows.
    apis: BTreeSet<String>,
    /// What is denied, in the order it is written.
    denies: Vec<Statement>,
    origins: BTreeSet<Origin>,
}

impl Parts {
    fn of(documents: &[Document]) -> Self {
        let mut parts = Self::default();
        for statement in documents.iter().flat_map(Document::statements) {
            match (statement.effect, &statement.actions) {
                (Effect::Allow, ApiActions::These(apis)) => {
                    parts.apis.extend(apis.iter().cloned());
                    parts.origins.extend(statement.origins.iter().cloned());
                }
                // Each document of a role repeats what is denied.
                (Effect::Deny, _) if !parts.denies.contains(statement) => {
                    parts.denies.push(statement.clone());
                }
                _ => {}
            }
        }
        parts
    }

    /// What is denied, whatever it is called.
    fn denies(&self) -> BTreeSet<(&ApiActions, &BTreeSet<String>, &Conditions)> {
        self.denies.iter().map(|one| (&one.actions, &one.resources, &one.conditions)).collect()
    }

    fn and(mut self, other: Self) -> Self {
        self.apis.extend(other.apis);
        self.origins.extend(other.origins);
        self
    }

    /// The API actions of the role on anything: what ties them to an environment is in its policy.
    fn ceiling(&self) -> Option<Statement> {
        (!self.apis.is_empty()).then(|| Statement {
            sid: "Ceiling".to_owned(),
            effect: Effect::Allow,
            actions: ApiActions::These(self.apis.clone()),
            resources: BTreeSet::from(["*".to_owned()]),
            conditions: Conditions::new(),
            origins: self.origins.clone(),
        })
    }
}
