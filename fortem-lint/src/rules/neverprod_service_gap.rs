//! FL304.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A guard on production covers ECS and forgets the services beside it.
#[derive(Debug)]
pub(super) struct NeverprodServiceGap;

static META: Meta = Meta {
    id: "FL304",
    name: "neverprod-service-gap",
    summary: "A guard on production covers ECS and leaves out services beside it that are granted",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Production is more than ECS: its logs, caches, secrets, parameters, images and schedules are as \
          good a way in, and a Deny on `ecs:*` says nothing about them.",
    remediation: "Let the Deny cover the actions of every service that is granted, or add one for each \
                  service, by the resource's tag and by its name",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Operate", "Effect": "Allow", "Action": ["ecs:UpdateService", "logs:FilterLogEvents"], "Resource": "*"},
  {"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Looks at the calls that matter most of each service, not at all of them.",
    peers: &[],
};

/// Of ECS, what shows that there is a guard; of others, what reads or changes most.
const CALLS: &[&str] = &[
    "application-autoscaling:RegisterScalableTarget",
    "ecr:PutImage",
    "ecs:CreateService",
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
    "elasticache:Connect",
    "elasticache:DeleteReplicationGroup",
    "elasticache:RebootCacheCluster",
    "events:DisableRule",
    "logs:DeleteLogGroup",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:StartQuery",
    "scheduler:UpdateSchedule",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:PutParameter",
    "ssm:StartSession",
];

impl Rule for NeverprodServiceGap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = guards::kept_from(subject, facts) else { return };
        let mut guarded = facts.catalogue.calls(guards::GUARDED);
        let Some(guard) =
            guarded.find_map(|(_, call)| guards::guard_of(subject, facts, call, foreign))
        else {
            return;
        };
        let others: Vec<&str> =
            CALLS.iter().copied().filter(|action| !action.starts_with("ecs:")).collect();
        let groups = subject.reached_by_statement(facts, &others, &Target::tagged(&foreign.name));
        let Some(first) = groups.first() else { return };
        let missed: Vec<&str> =
            groups.iter().flat_map(|group| group.names().iter().copied()).collect();
        let message = format!(
            "{} guards ECS in `{}` and leaves {} open there",
            guards::name_of(guard.statement),
            foreign.name,
            guards::list(&missed)
        );
        findings
            .report(guards::at_guard(&META, subject, &guard, first.first(), message).to(foreign));
    }
}
