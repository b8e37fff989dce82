//! FL501.

use fortem_compile::iam::{Effect, Request, Truth};

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::organization::{Node, Organization};

/// Accounts in which resources can be made without the environment's tag.
#[derive(Debug)]
pub(super) struct TagEnforcementMissing;

static META: Meta = Meta {
    id: "FL501",
    name: "scp-tag-enforcement-missing",
    summary: "No SCP denies creating ECS resources without the environment's tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Organization],
    criteria: &["CC6.1", "CC8.1"],
    why: "Tag policies check values and never presence, so only an SCP keeps untagged resources from being made; \
          whoever makes one is outside every grant and every Deny by tag.",
    remediation: "Attach an SCP that denies the creating calls with `\"Null\": {\"aws:RequestTag/Environment\": \
                  \"true\"}`, and exempt the platform's roles by `aws:PrincipalArn`",
    example: "An organizational unit with accounts and no SCP but `FullAWSAccess`.",
    limits: "Judged for an ordinary role; what is exempt by `aws:PrincipalArn` is not listed.",
    peers: &[],
};

/// The calls that every fleet makes resources with, and a resource of each (service authorization reference of ECS,
/// 2026-09-26).
const CREATING: [(&str, &str); 4] = [
    ("ecs:CreateCluster", "cluster/orders"),
    ("ecs:CreateService", "service/orders/web"),
    ("ecs:RegisterTaskDefinition", "task-definition/orders:1"),
    ("ecs:RunTask", "task-definition/orders:1"),
];

impl Rule for TagEnforcementMissing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_organization(
        &self,
        organization: &Organization,
        _facts: &Facts<'_>,
        findings: &mut Findings<'_>,
    ) {
        let open = |node: &Node| -> Vec<&str> {
            let calls = CREATING.iter().filter(|(action, resource)| {
                !is_denied(organization, node, &call(action, resource))
            });
            calls.map(|(action, _)| *action).collect()
        };
        for node in organization.lacking(&|node| open(node).is_empty()) {
            let message = format!(
                "in `{}` {} need no environment tag",
                node.name,
                open(node)
                    .iter()
                    .map(|action| format!("`{action}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            findings.report(META.at(node.place.clone(), message).resource(&node.id));
        }
    }
}

fn call(action: &str, resource: &str) -> Request {
    Request::new(action, &format!("arn:aws:ecs:eu-west-1:111122223333:{resource}"))
}

/// Whether an SCP at or above a node denies a call of an ordinary role.
pub(super) fn is_denied(organization: &Organization, node: &Node, call: &Request) -> bool {
    let mut call = call.clone();
    call.context_mut().insert("aws:PrincipalArn", "arn:aws:iam::111122223333:role/developer");
    let way = organization.way_to(&node.id);
    let mut policies = way.iter().flat_map(|node| organization.policies_at(&node.id));
    policies.any(|policy| {
        let mut statements = policy.document.statements().iter();
        statements.any(|one| one.effect() == Effect::Deny && one.applies(&call) == Truth::Yes)
    })
}
