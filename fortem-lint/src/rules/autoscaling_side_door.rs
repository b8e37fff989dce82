//! FL208.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Services of another environment may be scaled, to nothing if one likes.
#[derive(Debug)]
pub(super) struct AutoscalingSideDoor;

static META: Meta = Meta {
    id: "FL208",
    name: "autoscaling-side-door",
    summary: "Services of every environment may be scaled",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "A1.2"],
    why: "Auto scaling sets the number of tasks past `ecs:UpdateService`: a minimum and maximum of 0 stops a service \
          of production.",
    remediation: "Compare `aws:ResourceTag/Environment` on scalable targets, and tag them when they are registered",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Scale", "Effect": "Allow",
  "Action": "application-autoscaling:*", "Resource": "*"}]}"#,
    limits: "The ARN of a scalable target does not name the service.",
    peers: &[],
};

/// What scales services (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "application-autoscaling:DeleteScalingPolicy",
    "application-autoscaling:DeleteScheduledAction",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:PutScheduledAction",
    "application-autoscaling:RegisterScalableTarget",
];

impl Rule for AutoscalingSideDoor {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        for group in subject.reached_by_statement(
            facts,
            CALLS,
            &Target::tagged(&foreign.name)
                .with(&[("application-autoscaling:service-namespace", Some("ecs"))]),
        ) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message =
                format!("services of `{}` may be scaled by {}", foreign.name, group.actions());
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
