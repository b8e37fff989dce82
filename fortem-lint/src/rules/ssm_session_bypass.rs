//! FL211.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A shell in containers past ECS Exec.
#[derive(Debug)]
pub(super) struct SsmSessionBypass;

static META: Meta = Meta {
    id: "FL211",
    name: "ssm-session-bypass",
    summary: "Sessions of Systems Manager reach tasks of another environment",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC7.2"],
    why: "ECS Exec is a session of Systems Manager underneath; who starts the session directly is in the container, \
          past the conditions and the logging of ECS Exec.",
    remediation: "Deny `ssm:StartSession` on `arn:aws:ecs:*:*:task/*`, and allow it on instances of the environment \
                  alone",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Sessions", "Effect": "Allow",
  "Action": "ssm:StartSession", "Resource": "*"}]}"#,
    limits: "Whether tasks have ECS Exec switched on is not asked.",
    peers: &[],
};

/// Sessions have tasks among their targets (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &["ssm:StartSession"];

impl Rule for SsmSessionBypass {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name).of_type("task");
        for group in unscoped::reached_or_untagged(subject, facts, CALLS, &target) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message = format!(
                "{} opens a shell in tasks of `{}`, past ECS Exec",
                group.actions(),
                foreign.name
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
