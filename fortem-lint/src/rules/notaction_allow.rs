//! FL125.

use fortem_compile::iam::Effect;

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, SCOPED_CALLS, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// An Allow of every action but some.
#[derive(Debug)]
pub(super) struct NotactionAllow;

static META: Meta = Meta {
    id: "FL125",
    name: "notaction-allow",
    summary: "An Allow of every action but some reaches another environment",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "The list says what is left out, so that whatever AWS or the team adds later is granted on the day it \
          appears, in every environment.",
    remediation: "List the actions that are needed in `Action`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "NotAction": "iam:*", "Resource": "*"}]}"#,
    limits: "It is shown by calls of today on ECS, logs, caches and secrets; where none of them reaches another \
             environment nothing is said.",
    peers: &["IAM Access Analyzer", "cloudsplaining", "iam-policy-validator"],
};

impl Rule for NotactionAllow {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        SCOPED_CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name);
        for policy in subject.identity.iter().filter(|one| one.is_changeable()) {
            for statement in policy.document.statements() {
                if statement.effect() == Effect::Deny || !statement.is_not_action() {
                    continue;
                }
                let group =
                    subject.reached_through(facts, SCOPED_CALLS, &target, policy, statement);
                let Some(group) = group else { continue };
                let message = format!(
                    "`NotAction` allows every call that it does not list, among them {} on `{}`",
                    group.actions(),
                    foreign.name
                );
                findings.report(META.at_reached(subject, group.first(), message).to(foreign));
            }
        }
    }
}
