//! FL504.

use fortem_compile::iam::Request;

use super::tag_enforcement_missing::is_denied;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::organization::{Node, Organization};

/// Accounts in which whoever may tag may move resources between environments.
#[derive(Debug)]
pub(super) struct TagProtectionMissing;

static META: Meta = Meta {
    id: "FL504",
    name: "scp-tag-protection-missing",
    summary: "No SCP keeps the environment's tag of existing resources from being changed",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Organization],
    criteria: &["CC6.1", "CC6.3"],
    why: "Whoever may tag a production service as staging then operates it as staging; one grant too wide in one \
          account is enough.",
    remediation: "Attach an SCP that denies `ecs:TagResource` and `ecs:UntagResource` where \
                  `ForAnyValue:StringEqualsIgnoreCase` `aws:TagKeys` names the key and `ecs:CreateAction` is absent, \
                  except for the platform's role",
    example: "An organizational unit with accounts and no SCP but `FullAWSAccess`.",
    limits: "Looks at the tags of ECS resources; those of log groups, caches and schedules are changed by calls of \
             their own.",
    peers: &[],
};

impl Rule for TagProtectionMissing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_organization(
        &self,
        organization: &Organization,
        facts: &Facts<'_>,
        findings: &mut Findings<'_>,
    ) {
        let calls = [retagging("ecs:TagResource", facts), retagging("ecs:UntagResource", facts)];
        let open = |node: &Node| -> Vec<&Request> {
            calls.iter().filter(|call| !is_denied(organization, node, call)).collect()
        };
        for node in organization.lacking(&|node| open(node).is_empty()) {
            let named: Vec<&str> = open(node)
                .iter()
                .map(|call| {
                    if call.action().contains("untag") {
                        "`ecs:UntagResource`"
                    } else {
                        "`ecs:TagResource`"
                    }
                })
                .collect();
            let message = format!(
                "in `{}` no SCP keeps {} from the tag `{}` of what exists",
                node.name,
                named.join(" and "),
                facts.environments.tag_key()
            );
            findings.report(META.at(node.place.clone(), message).resource(&node.id));
        }
    }
}

/// A call that moves a service of production to another environment.
fn retagging(action: &str, facts: &Facts<'_>) -> Request {
    let environments = facts.environments;
    let key = environments.tag_key();
    let mut call = Request::new(action, "arn:aws:ecs:eu-west-1:111122223333:service/orders/web");
    let context = call.context_mut();
    context.insert("aws:TagKeys", vec![key.to_owned()]);
    if let Some(production) = environments.production().next() {
        context.insert(&format!("aws:ResourceTag/{key}"), production.name.as_str());
    }
    let other = environments.all().iter().find(|one| !one.is_production);
    if !action.contains("Untag") {
        let value = other.map_or("staging", |one| one.name.as_str());
        context.insert(&format!("aws:RequestTag/{key}"), value);
    }
    call
}
