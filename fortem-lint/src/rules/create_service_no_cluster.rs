//! FL111.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A service can be created on the cluster of another environment.
#[derive(Debug)]
pub(super) struct CreateServiceNoCluster;

static META: Meta = Meta {
    id: "FL111",
    name: "create-service-no-cluster",
    summary: "A service can be created on the cluster of another environment",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "The tag of a new service is whatever the caller writes, so a condition on it ties nothing to a \
          place; only `ecs:cluster`, or the cluster in the ARN, does. Without it a service tagged staging \
          runs on production's cluster.",
    remediation: "Add `\"ArnLike\": {\"ecs:cluster\": \
                  \"arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/Environment}\"}`, with the clusters' names as \
                  they are",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "CreateOwn", "Effect": "Allow", "Action": "ecs:CreateService",
  "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/Environment": "staging"}}}]}"#,
    limits: "An existing service cannot be moved to another cluster, so `ecs:UpdateService` is not looked \
             at. Clusters are taken for what their names say.",
    peers: &[],
};

/// Calls that choose the cluster of something new (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "ecs:CreateDaemon",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
];

impl Rule for CreateServiceNoCluster {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let own = subject.environments.first().map_or(foreign.name.as_str(), String::as_str);
        // The tags that a creating call sends are also the new resource's.
        let tag = subject.own_tag().unwrap_or(&foreign.name);
        let request_tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let keys = [(request_tag.as_str(), Some(tag))];
        let target = Target { tag: Some(tag), ..Target::tagged(own) };
        let target = target.on_cluster_of(&foreign.name).with(&keys);
        for group in subject.reached_by_statement(facts, CALLS, &target) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message =
                format!("the cluster of `{}` is open to {}", foreign.name, group.actions());
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
