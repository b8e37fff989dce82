//! FL110.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A task can be started on the cluster of another environment.
#[derive(Debug)]
pub(super) struct RunTaskNoCluster;

static META: Meta = Meta {
    id: "FL110",
    name: "runtask-no-cluster",
    summary: "A task can be started on the cluster of another environment",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "The resource of `ecs:RunTask` is the task definition, and the tags are the new task's; only \
          `ecs:cluster` says where it runs. Without it a task of staging runs in production's network, next \
          to production's databases.",
    remediation: "Add `\"ArnLike\": {\"ecs:cluster\": \
                  \"arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/Environment}\"}`, with the clusters' names as \
                  they are",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "RunOwn", "Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging", "aws:RequestTag/Environment": "staging"}}}]}"#,
    limits: "The network that a task joins is no condition key of `ecs:RunTask`; a task on its own cluster \
             may still ask for another's subnets. Clusters are taken for what their names say.",
    peers: &[],
};

const CALLS: &[&str] = &["ecs:RunTask", "ecs:StartTask"];

impl Rule for RunTaskNoCluster {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let own = subject.environments.first().map_or(foreign.name.as_str(), String::as_str);
        let tag = Some(subject.own_tag().unwrap_or(&foreign.name));
        let target = Target { tag, ..Target::tagged(own) }.on_cluster_of(&foreign.name);
        for group in subject.reached_by_statement(facts, CALLS, &target) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message = format!(
                "tasks can be started on the cluster of `{}` by {}",
                foreign.name,
                group.actions()
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
