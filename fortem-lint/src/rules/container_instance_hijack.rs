//! FL209.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A machine of one's own may join a cluster of another environment.
#[derive(Debug)]
pub(super) struct ContainerInstanceHijack;

static META: Meta = Meta {
    id: "FL209",
    name: "container-instance-hijack",
    summary: "A machine of one's own may be put into clusters of other environments",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Whoever registers a machine in a cluster of production gets the tasks that run there, with their roles and \
          secrets.",
    remediation: "Leave `ecs:RegisterContainerInstance` to the roles of the instances, each for its own cluster; with \
                  Fargate nobody needs it",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Join", "Effect": "Allow",
  "Action": ["ecs:RegisterContainerInstance", "ecs:StartTask"], "Resource": "*"}]}"#,
    limits: "Roles of instances that may join every cluster are reported like people.",
    peers: &["Prowler"],
};

/// What puts a machine into a cluster, and a task onto it.
const CALLS: &[&str] = &["ecs:RegisterContainerInstance", "ecs:StartTask"];

impl Rule for ContainerInstanceHijack {
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
            &["ecs:RegisterContainerInstance"],
            &Target::tagged(&foreign.name),
        ) {
            let message = format!(
                "a machine may be put into clusters of `{}` by {}",
                foreign.name,
                group.actions()
            );
            let mut draft = META.at_reached(subject, group.first(), message).to(foreign);
            let start =
                facts.catalogue.call("ecs:StartTask").filter(|call| subject.may_call(*call));
            if let Some(reached) = start.and_then(|call| subject.reach_anywhere(facts, call, &[])) {
                draft = draft.evidence(reached.to_string());
            }
            findings.report(draft);
        }
    }
}
