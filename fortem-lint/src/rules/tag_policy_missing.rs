//! FL502.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::organization::{Node, Organization};

/// Accounts without a tag policy for the environment's tag.
#[derive(Debug)]
pub(super) struct TagPolicyMissing;

static META: Meta = Meta {
    id: "FL502",
    name: "tag-policy-missing",
    summary: "No tag policy says which values the environment's tag may have",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::TagPolicies],
    criteria: &["CC6.1"],
    why: "Without one `Prod`, `production` and `prod ` are all accepted, and a Deny that names `prod` misses them.",
    remediation: "Attach a tag policy to the root or to the organizational unit that lists the values and enforces \
                  them for `ecs:ALL_SUPPORTED`",
    example: "An organizational unit with accounts and no tag policy at or above it.",
    limits: "Whether AWS enforces it for each service of the account is not known from the policy.",
    peers: &["prowler: organizations_tags_policies_enabled_and_attached"],
};

impl Rule for TagPolicyMissing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let key = facts.environments.tag_key();
        let without = facts.tag_policy_in_effect().filter(|policy| policy.of_key(key).is_none());
        if let Some(policy) = without {
            let message = format!("no tag policy in effect for the account is about the tag `{key}`");
            findings.report(META.at(policy.place.clone(), message));
        }
    }

    fn check_organization(
        &self,
        organization: &Organization,
        facts: &Facts<'_>,
        findings: &mut Findings<'_>,
    ) {
        let key = facts.environments.tag_key();
        let has = |node: &Node| {
            let mut policies = organization.tag_policies.iter();
            policies.any(|one| one.targets.contains(&node.id) && one.of_key(key).is_some())
        };
        for node in organization.lacking(&has) {
            let message = format!("no tag policy of `{}` is about the tag `{key}`", node.name);
            findings.report(META.at(node.place.clone(), message).resource(&node.id));
        }
    }
}
