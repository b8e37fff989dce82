//! FL503.

use fortem_compile::iam::{Json, JsonValue};

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::organization::{Organization, TagPolicy, assigned};

/// A tag policy that lets wrong values through.
#[derive(Debug)]
pub(super) struct TagPolicyWeak;

static META: Meta = Meta {
    id: "FL503",
    name: "tag-policy-weak",
    summary: "The tag policy of the environment's tag lets wrong values through",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::TagPolicies],
    criteria: &["CC6.1"],
    why: "A tag policy that is not enforced only reports; one that admits two spellings of an environment, or a \
          wildcard, leaves room for a value that grants and guards do not know.",
    remediation: "Fix the key's case in `tag_key`, list each environment once in `tag_value`, and name \
                  `ecs:ALL_SUPPORTED`, or cluster, service and task definition, in `enforced_for`",
    example: r#"{"tags": {"Environment": {"tag_key": {"@@assign": "Environment"},
  "tag_value": {"@@assign": ["prod", "production", "dev*"]}}}}"#,
    limits: "Inherited parts are not merged: each policy of a tree is judged alone, and the one in effect only for an \
             account that cannot read the tree.",
    peers: &[],
};

/// The types that carry the tag in every fleet, as tag policies name them (tag policies' enforcement table, 2026-09).
const ENFORCED: [&str; 3] = ["ecs:cluster", "ecs:service", "ecs:task-definition"];

impl Rule for TagPolicyWeak {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if let Some(policy) = facts.tag_policy_in_effect() {
            judge(policy, facts, findings);
        }
    }

    fn check_organization(
        &self,
        organization: &Organization,
        facts: &Facts<'_>,
        findings: &mut Findings<'_>,
    ) {
        for policy in &organization.tag_policies {
            judge(policy, facts, findings);
        }
    }
}

fn judge(policy: &TagPolicy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let Some(json) = policy.of_key(facts.environments.tag_key()) else { return };
    for fault in faults(json, facts) {
        let message = format!("the tag policy `{}` {fault}", policy.name);
        findings.report(META.at(policy.place.clone(), message).resource(&policy.name));
    }
}

fn faults(json: &Json, facts: &Facts<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if assigned(json, "tag_key").is_none() {
        faults.push("does not fix the case of the key".to_owned());
    }
    let values = texts(assigned(json, "tag_value"));
    if values.is_empty() {
        faults.push("admits every value".to_owned());
    }
    for value in values.iter().filter(|value| value.contains('*')) {
        faults.push(format!("admits every value like `{value}`"));
    }
    for (at, value) in values.iter().enumerate() {
        let meant = facts.environments.meant_by(value);
        let twin =
            values.iter().take(at).find(|other| meant.is_some_and(|one| one.is_meant_by(other)));
        if let Some(twin) = twin {
            faults.push(format!("admits both `{twin}` and `{value}` for one environment"));
        }
    }
    let enforced = texts(assigned(json, "enforced_for"));
    let all = enforced.contains(&"ecs:ALL_SUPPORTED");
    let missing: Vec<&str> =
        ENFORCED.into_iter().filter(|one| !all && !enforced.contains(one)).collect();
    if !missing.is_empty() {
        faults.push(format!("is not enforced for {}", missing.join(", ")));
    }
    faults
}

fn texts(json: Option<&Json>) -> Vec<&str> {
    let items = json.map(Json::items).unwrap_or_default().iter();
    items
        .filter_map(|item| match item.value() {
            JsonValue::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
