//! FL102.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};

/// Details of another environment's resources can be read.
#[derive(Debug)]
pub(super) struct DescribeUnconditioned;

static META: Meta = Meta {
    id: "FL102",
    name: "describe-unconditioned",
    summary: "Details of resources of every environment can be read",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "These calls can be tied to an environment and are not, so whoever works on one environment reads \
          how production is built: which images run, in which networks, under which roles.",
    remediation: "Add `\"StringEquals\": {\"aws:ResourceTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}`, or name the clusters in `Resource`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Look", "Effect": "Allow",
  "Action": ["ecs:DescribeServices", "ecs:DescribeTasks"], "Resource": "*"}]}"#,
    limits: "Names are taken for what they say. Calls that AWS lets nobody tie to an environment are the \
             matter of FL101 and FL103.",
    peers: &[],
};

/// Reads of one resource that a tag, an ARN or a cluster can scope (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "ecs:DescribeCapacityProviders",
    "ecs:DescribeClusters",
    "ecs:DescribeContainerInstances",
    "ecs:DescribeDaemon",
    "ecs:DescribeDaemonDeployments",
    "ecs:DescribeDaemonRevisions",
    "ecs:DescribeDaemonTaskDefinition",
    "ecs:DescribeExpressGatewayService",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeServices",
    "ecs:DescribeTaskSets",
    "ecs:DescribeTasks",
    "ecs:GetTaskProtection",
    "ecs:ListAttributes",
    "ecs:ListContainerInstances",
    "ecs:ListDaemonDeployments",
    "ecs:ListServiceDeployments",
    "ecs:ListTagsForResource",
];

impl Rule for DescribeUnconditioned {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        unscoped::report(&META, CALLS, subject, facts, findings, |group, foreign| {
            format!("the resources of `{}` can be looked at by {}", foreign.name, group.actions())
        });
    }
}
