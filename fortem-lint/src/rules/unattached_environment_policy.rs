//! FL708.

use std::collections::BTreeSet;

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Boundary, Owner, Policy};

/// A managed policy about environments that nobody has.
#[derive(Debug)]
pub(super) struct UnattachedEnvironmentPolicy;

static META: Meta = Meta {
    id: "FL708",
    name: "unattached-environment-policy",
    summary: "A managed policy about environments is attached to nobody",
    severity: Severity::Informational,
    confidence: Confidence::High,
    persona: Persona::Auditor,
    needs: &[Input::Account],
    criteria: &["CC6.2", "CC6.3"],
    why: "It is kept up by nobody and attached in a hurry when somebody lacks access.",
    remediation: "Delete it, or attach it to whom it is meant for",
    example: r#"{"PolicyName": "staging-operate", "AttachmentCount": 0, "PolicyVersionList": [{"…": "…"}]}"#,
    limits: "An attachment as a boundary counts. Attachments through IAM Identity Center are seen where its roles \
             are in the input.",
    peers: &[],
};

impl Rule for UnattachedEnvironmentPolicy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let unit = facts.unit;
        if unit.principals.is_empty() {
            return;
        }
        let of_groups = unit.groups.iter().flat_map(|group| &group.identity);
        let of_principals = unit.principals.iter().flat_map(|one| &one.identity);
        let mut used: BTreeSet<usize> = of_groups.chain(of_principals).copied().collect();
        used.extend(unit.principals.iter().filter_map(|one| match one.boundary {
            Some(Boundary::Known(index)) => Some(index),
            _ => None,
        }));
        for (index, policy) in unit.policies.iter().enumerate() {
            let managed = matches!(policy.owner, Owner::Managed(_)) && policy.is_changeable();
            if !managed || used.contains(&index) || !is_about_environments(policy, facts) {
                continue;
            }
            let name = policy.name.as_deref().unwrap_or_default();
            let message = format!("`{name}` is about environments and attached to nobody");
            findings.report(META.at(policy.place.clone(), message).of_policy(policy));
        }
    }
}

fn is_about_environments(policy: &Policy, facts: &Facts<'_>) -> bool {
    policy.document.statements().iter().any(|one| {
        Scoping::of(one, facts.environments) != Scoping::None
            || one
                .resources()
                .iter()
                .any(|resource| !facts.environments.named_in(resource).is_empty())
    })
}
