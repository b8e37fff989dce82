//! FL131.

use fortem_compile::iam::Condition;
use serde_json::Value;

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// A tag asked for by a service's own key.
#[derive(Debug)]
pub(super) struct ServiceTagPrefix;

static META: Meta = Meta {
    id: "FL131",
    name: "service-tag-prefix",
    summary: "A tag is asked for by a key of one service instead of `aws:ResourceTag`",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Newer actions and types fill `aws:ResourceTag` alone: an Allow by the older key is dead there, and a \
          Deny by it is open.",
    remediation: "Write `aws:ResourceTag/…`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*",
  "Condition": {"StringEquals": {"ecs:ResourceTag/Environment": "staging"}}}]}"#,
    limits: "Keys of services that the reference data leaves out are not judged.",
    peers: &[],
};

impl Rule for ServiceTagPrefix {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, _facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let of_service =
                |one: &&Condition| OLDER.iter().any(|head| starts_with(one.key(), head));
            let Some(condition) = statement.conditions().iter().find(of_service) else { continue };
            let Some((_, tag)) = condition.key().split_once('/') else { continue };
            let (key, general) = (condition.key(), format!("aws:ResourceTag/{tag}"));
            let message = format!("`{key}` is not filled by every call that has `{general}`");
            let fix =
                findings.fix(policy, statement, "ask for the general key", false, |statement| {
                    let keys = statement
                        .get_mut("Condition")
                        .and_then(|all| all.get_mut(condition.operator()));
                    if let Some(keys) = keys.and_then(Value::as_object_mut)
                        && let Some(values) = keys.shift_remove(key)
                    {
                        keys.entry(general.clone()).or_insert(values);
                    }
                });
            findings.report(META.at_statement(policy, statement, message).fix(fix));
        }
    }
}

/// Keys beside which there is `aws:ResourceTag` (service authorization reference, 2026-09-26).
const OLDER: [&str; 3] = ["ecs:ResourceTag/", "iam:ResourceTag/", "ecr:ResourceTag/"];

fn starts_with(text: &str, head: &str) -> bool {
    text.get(..head.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(head))
}
