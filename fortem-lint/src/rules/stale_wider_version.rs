//! FL707.

use std::collections::BTreeMap;

use fortem_compile::iam::Effect;

use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::facts::condition::in_words;
use crate::facts::{Facts, TAG_CALLS};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Owner, Policy};

/// An older version of a managed policy that grants more than the one in force.
#[derive(Debug)]
pub(super) struct StaleWiderVersion;

static META: Meta = Meta {
    id: "FL707",
    name: "stale-wider-version",
    summary: "An older version of a managed policy grants more than the one in force",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC8.1"],
    why: "Whoever may call `iam:SetDefaultPolicyVersion` brings it back with one call, and nothing new has to \
          be written or reviewed.",
    remediation: "Delete the version: `aws iam delete-policy-version`",
    example: r#"{"PolicyVersionList": [{"VersionId": "v2", "IsDefaultVersion": true, "Document": {"…": "scoped"}},
  {"VersionId": "v1", "IsDefaultVersion": false, "Document": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]}"#,
    limits: "Versions are compared by what they allow without condition and by name; a Deny in the version is not \
             weighed.",
    peers: &[],
};

impl Rule for StaleWiderVersion {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        TAG_CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut in_force: BTreeMap<&str, &Policy> = BTreeMap::new();
        let mut older: Vec<(&str, &str, &Policy)> = Vec::new();
        for policy in &facts.unit.policies {
            match (&policy.owner, &policy.version) {
                (Owner::Managed(_), _) if policy.is_aws_owned() => {}
                (Owner::Managed(arn), Some(version)) if version.is_default => {
                    in_force.insert(arn, policy);
                }
                (Owner::Managed(arn), Some(version)) => older.push((arn, &version.id, policy)),
                _ => {}
            }
        }
        for (arn, id, policy) in older {
            let Some(current) = in_force.get(arn) else { continue };
            let more: Vec<&str> = facts
                .catalogue
                .calls(TAG_CALLS)
                .filter(|(_, call)| breadth(policy, *call) > breadth(current, *call))
                .map(|(action, _)| action)
                .collect();
            if more.is_empty() {
                continue;
            }
            let now =
                current.version.as_ref().map(|version| version.id.as_str()).unwrap_or_default();
            let message = format!(
                "`{id}` allows more of {} than `{now}`, which is in force",
                in_words(&more)
            );
            findings.report(META.at(policy.place.clone(), message).of_policy(policy));
        }
    }
}

/// How widely a policy allows a call.
fn breadth(policy: &Policy, call: Call) -> Breadth {
    let allows = policy
        .statements()
        .filter(|(one, covered)| one.effect() == Effect::Allow && covered.contains(call));
    let each = allows.map(|(one, _)| {
        let everything =
            one.conditions().is_empty() && one.resources().iter().any(|resource| resource == "*");
        if everything { Breadth::Everything } else { Breadth::Some }
    });
    each.max().unwrap_or(Breadth::Nothing)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Breadth {
    Nothing,
    Some,
    Everything,
}
