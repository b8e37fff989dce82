//! FL509.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::organization::Organization;

/// SCPs near their limits.
#[derive(Debug)]
pub(super) struct ScpQuota;

static META: Meta = Meta {
    id: "FL509",
    name: "scp-quota",
    summary: "An SCP, or the number of SCPs on a node, is near its limit",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Organization],
    criteria: &["CC8.1"],
    why: "The next environment or the next guard does not fit, and is left out under pressure.",
    remediation: "Remove white space, which counts here, merge statements, or move the SCP up the tree",
    example: "An SCP of 9,900 characters.",
    limits: "Counts the text as it is in the input, which may be indented other than in AWS.",
    peers: &["Access Analyzer, with the limits before 15 May 2026"],
};

/// Characters of one SCP, white space counted (AWS Organizations quotas, since 15 May 2026).
const CHARACTERS: usize = 10_240;
/// SCPs on one root, organizational unit or account (the same).
const ON_A_NODE: usize = 10;

impl Rule for ScpQuota {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_organization(
        &self,
        organization: &Organization,
        facts: &Facts<'_>,
        findings: &mut Findings<'_>,
    ) {
        for policy in &organization.unit.policies {
            let length = facts.unit.text_at(&policy.place).chars().count();
            if length * 10 >= CHARACTERS * 9 {
                let message =
                    format!("{length} characters of the {CHARACTERS} that an SCP may have");
                findings.report(META.at(policy.place.clone(), message).of_policy(policy));
            }
        }
        for node in &organization.nodes {
            let attached = organization.policies_at(&node.id).count();
            if attached + 1 >= ON_A_NODE {
                let message =
                    format!("{attached} of the {ON_A_NODE} SCPs that `{}` may have", node.name);
                findings.report(META.at(node.place.clone(), message).resource(&node.id));
            }
        }
    }
}
