//! FL130.

use serde_json::Value;

use super::dead_condition_key::allowed_dead;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::condition::in_words;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An Allow on several actions, of which some never carry the key it asks for.
#[derive(Debug)]
pub(super) struct MixedStatement;

static META: Meta = Meta {
    id: "FL130",
    name: "mixed-statement",
    summary: "Some actions of an Allow never carry the condition key it asks for",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "The condition decides over half of the statement and kills the other half. What is missing is soon \
          granted elsewhere, without condition.",
    remediation: "Give the other actions a statement of their own with a key that they carry, or leave them out",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow",
  "Action": ["ecs:DescribeServices", "ecs:DescribeTaskDefinition"], "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}}]}"#,
    limits: "A pattern such as `ecs:Describe*` is judged as a whole: it counts as dead if every call that it \
             covers is.",
    peers: &["IAM Access Analyzer, per service"],
};

impl Rule for MixedStatement {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let dead = allowed_dead(statement, facts);
            if dead.is_empty() || dead.len() == statement.actions().len() {
                continue;
            }
            let names: Vec<&str> = dead.iter().map(|one| one.action).collect();
            let key = dead.first().map(|one| one.key).unwrap_or_default();
            let have = if names.len() == 1 { "has" } else { "have" };
            let message =
                format!("this statement never allows {}, which {have} no `{key}`", in_words(&names));
            let fix = findings.fix(
                policy,
                statement,
                "leave out what is never allowed",
                false,
                |statement| {
                    if let Some(Value::Array(actions)) = statement.get_mut("Action") {
                        actions
                            .retain(|one| !one.as_str().is_some_and(|name| names.contains(&name)));
                    }
                },
            );
            findings.report(META.at_statement(policy, statement, message).fix(fix));
        }
    }
}
