//! Allow statements with a faulty condition, and what they open.

use fortem_compile::iam::{Condition, Effect};

use super::reach::{ReachedGroup, Target};
use super::scope::{TagOf, tag_of_key};
use super::{Facts, Subject};

/// Calls on resources that have the environment's tag (service authorization reference, 2026-09-26).
pub const SCOPED_CALLS: &[&str] = &[
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:StopServiceDeployment",
    "ecs:StopTask",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
    "ecs:UpdateServicePrimaryTaskSet",
    "ecs:UpdateTaskSet",
    "elasticache:Connect",
    "elasticache:ModifyReplicationGroup",
    "logs:DeleteLogGroup",
    "logs:FilterLogEvents",
    "logs:StartLiveTail",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
];

/// Calls that create something and may give it tags (service authorization reference, 2026-09-26).
pub const CREATING_CALLS: &[&str] = &[
    "ecs:CreateCapacityProvider",
    "ecs:CreateCluster",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
    "elasticache:CreateReplicationGroup",
    "logs:CreateLogGroup",
    "secretsmanager:CreateSecret",
];

/// [`SCOPED_CALLS`] and [`CREATING_CALLS`] together.
pub const TAG_CALLS: &[&str] = &[
    "ecs:CreateCapacityProvider",
    "ecs:CreateCluster",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ExecuteCommand",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
    "ecs:StopServiceDeployment",
    "ecs:StopTask",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
    "ecs:UpdateServicePrimaryTaskSet",
    "ecs:UpdateTaskSet",
    "elasticache:Connect",
    "elasticache:CreateReplicationGroup",
    "elasticache:ModifyReplicationGroup",
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:FilterLogEvents",
    "logs:StartLiveTail",
    "secretsmanager:CreateSecret",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
];

impl<'u> Subject<'u> {
    /// What the Allow statements with a faulty condition let the subject reach; of each statement what the first of the
    /// targets shows.
    #[must_use]
    pub fn openings(
        &self,
        facts: &Facts<'_>,
        actions: &[&'static str],
        is_faulty: impl Fn(&Condition) -> bool,
        targets: &[Target<'_>],
    ) -> Vec<ReachedGroup<'u>> {
        let mut groups = Vec::new();
        for policy in &self.identity {
            for statement in policy.document.statements() {
                if statement.effect() == Effect::Deny
                    || !statement.conditions().iter().any(&is_faulty)
                {
                    continue;
                }
                groups.extend(targets.iter().find_map(|target| {
                    self.reached_through(facts, actions, target, policy, statement)
                }));
            }
        }
        groups
    }

    /// Its own environments; all where it has none.
    #[must_use]
    pub fn homes<'e>(&'e self, facts: &Facts<'e>) -> Vec<&'e str> {
        if self.is_scoped() {
            return self.environments.iter().map(String::as_str).collect();
        }
        facts.environments.all().iter().map(|one| one.name.as_str()).collect()
    }
}

/// Whether a condition is about the environment's tag of the resource.
#[must_use]
pub fn is_of_resource(condition: &Condition, facts: &Facts<'_>) -> bool {
    is_of(condition, facts, TagOf::Resource)
}

/// Whether a condition is about the environment's tag in the call, or about the keys of the tags in it.
#[must_use]
pub fn is_of_request(condition: &Condition, facts: &Facts<'_>) -> bool {
    condition.key().eq_ignore_ascii_case("aws:TagKeys") || is_of(condition, facts, TagOf::Request)
}

fn is_of(condition: &Condition, facts: &Facts<'_>, whose: TagOf) -> bool {
    tag_of_key(condition.key())
        .is_some_and(|(kind, tag)| kind == whose && facts.environments.is_environment_key(tag))
}
