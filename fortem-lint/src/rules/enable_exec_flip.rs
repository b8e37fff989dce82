//! FL212.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// ECS Exec may be switched on in another environment.
#[derive(Debug)]
pub(super) struct EnableExecFlip;

static META: Meta = Meta {
    id: "FL212",
    name: "enable-exec-flip",
    summary: "ECS Exec may be switched on for tasks of another environment",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "A service that was started without ECS Exec is open to a shell as soon as somebody updates it with the \
          switch on.",
    remediation: "Deny these calls with `\"StringEquals\": {\"ecs:enable-execute-command\": \"true\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Deploy", "Effect": "Allow",
  "Action": ["ecs:UpdateService"], "Resource": "*"}]}"#,
    limits: "Whether anybody may open a shell afterwards is asked by FL210.",
    peers: &[],
};

/// What takes the switch (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &["ecs:CreateService", "ecs:RunTask", "ecs:StartTask", "ecs:UpdateService"];

/// The switch.
const SWITCHED_ON: &[(&str, Option<&str>)] = &[("ecs:enable-execute-command", Some("true"))];

impl Rule for EnableExecFlip {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name).with(SWITCHED_ON);
        for group in subject.reached_by_statement(facts, CALLS, &target) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message =
                format!("ECS Exec may be switched on in `{}` by {}", foreign.name, group.actions());
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
