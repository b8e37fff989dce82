//! FL120.

use fortem_compile::iam::{Effect, Statement};

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::condition::in_words;
use crate::facts::populated::{Dead, dead_actions};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An Allow on a condition key that no call of it carries.
#[derive(Debug)]
pub(super) struct DeadConditionKey;

static META: Meta = Meta {
    id: "FL120",
    name: "dead-condition-key",
    summary: "An Allow asks for a condition key that none of its calls carry",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "The statement allows nothing. Whoever finds that out under pressure takes the condition off, and the \
          grant is open to every environment.",
    remediation: "Ask for a key that the call carries, such as `ecs:cluster`, or leave the action out",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow",
  "Action": "ecs:ListClusters", "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}}]}"#,
    limits: "Only services and keys of the reference data are judged, whose date the evidence names.",
    peers: &[
        "iam-policy-validator",
        "parliament: RESOURCE_MISMATCH",
        "IAM Access Analyzer, per service",
    ],
};

impl Rule for DeadConditionKey {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let dead = allowed_dead(statement, facts);
            if dead.is_empty() || dead.len() < statement.actions().len() {
                continue;
            }
            let names: Vec<&str> = dead.iter().map(|one| one.action).collect();
            let keys = dead.first().map(|one| one.key).unwrap_or_default();
            let message = format!(
                "no call of {} carries `{keys}`, so the statement allows nothing",
                in_words(&names)
            );
            let date = facts.reference.date().get(..10).unwrap_or_default();
            let draft = META.at_statement(policy, statement, message);
            findings.report(draft.evidence(format!("service authorization reference of {date}")));
        }
    }
}

/// What an Allow statement names and never allows.
pub(super) fn allowed_dead<'s>(statement: &'s Statement, facts: &Facts<'_>) -> Vec<Dead<'s>> {
    match statement.effect() {
        Effect::Allow => dead_actions(statement, facts.reference),
        Effect::Deny => Vec::new(),
    }
}
