//! FL025.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use std::collections::BTreeMap;

use crate::source::Place;
use crate::unit::Principal;

/// An environment of which one half is missing.
#[derive(Debug)]
pub(super) struct OrphanEnvironment;

static META: Meta = Meta {
    id: "FL025",
    name: "orphan-environment",
    summary: "An environment has resources and nobody, or people and nothing",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Account, Input::Resources],
    criteria: &["CC6.2", "CC6.3"],
    why: "Resources that no principal is meant for are looked after by whoever has too much; principals of an \
          environment that is gone keep access to the next thing that gets its tag.",
    remediation: "Give the environment an owner, or remove what is left of it",
    example: r#"{"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-qa", "clusterName": "fleet-qa",
  "tags": [{"key": "Environment", "value": "qa"}]}]}"#,
    limits: "People who reach the account from elsewhere are not seen. Judged only where both principals and \
          resources were read.",
    peers: &[],
};

impl Rule for OrphanEnvironment {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if facts.unit.principals.is_empty() {
            return;
        }
        findings.resources(&META);
        let key = facts.environments.tag_key();
        let mut of_resources: BTreeMap<&str, Place> = BTreeMap::new();
        for region in &facts.regions {
            region.inventory.each(|one| {
                if let Some(environment) = facts.environment_of(one.tags) {
                    of_resources.entry(&environment.name).or_insert_with(|| facts.place_of(&one));
                }
            });
        }
        let mut of_principals: BTreeMap<&str, &Principal> = BTreeMap::new();
        for principal in &facts.unit.principals {
            let tag = principal.tag(key).and_then(|tag| facts.environments.meant_by(tag));
            if let Some(environment) = tag {
                of_principals.entry(&environment.name).or_insert(principal);
            }
        }
        if of_resources.is_empty() || of_principals.is_empty() {
            return; // Nothing is told apart here by tags.
        }
        for (name, place) in &of_resources {
            if !of_principals.contains_key(name) {
                let message = format!("no user or role is tagged `{name}`, but resources are");
                findings.report(META.at(place.clone(), message).from(*name));
            }
        }
        // What was not read may be what is missed here.
        if facts.may_miss_resources() {
            return;
        }
        for (name, principal) in &of_principals {
            if !of_resources.contains_key(name) {
                let start = principal.place.range.start;
                let place = Place { range: start..start, ..principal.place.clone() };
                let message =
                    format!("no resource is tagged `{name}`, but `{}` is", principal.name);
                findings.report(META.at(place, message).principal(&principal.arn).from(*name));
            }
        }
    }
}
