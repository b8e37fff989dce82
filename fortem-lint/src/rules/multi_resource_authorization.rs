//! FL135.

use super::{Findings, Input, Meta, Rule};
use crate::facts::populated::may_cover;
use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};

/// A call that is authorized on several resources, of which some are not granted.
#[derive(Debug)]
pub(super) struct MultiResourceAuthorization;

static META: Meta = Meta {
    id: "FL135",
    name: "multi-resource-authorization",
    summary: "A call is checked on several resources, and the policies cover only some of them",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Each of the resources must be allowed, so the call fails although it looks granted. Under pressure \
          the resource becomes `*`, and every environment is open.",
    remediation: "Allow the call on every resource that it is checked on, each tied to the environment",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:ExecuteCommand",
  "Resource": "arn:aws:ecs:*:*:task/staging/*"}]}"#,
    limits: "Whether the resources have their tags is not asked here.",
    peers: &[],
};

/// Calls with the kinds of resource that each is checked on, all of them: ECS Exec (ECS developer guide, "ECS Exec"),
/// deployments (service authorization reference, 2026-09-26), sign-in to a cache (ElastiCache guide, "IAM authentication").
const CHECKED: &[(&str, &[&[&str]])] = &[
    ("ecs:DescribeServiceDeployments", &[&["service"], &["service-deployment"]]),
    ("ecs:ExecuteCommand", &[&["cluster"], &["task"]]),
    ("elasticache:Connect", &[&["replicationgroup", "serverlesscache"], &["user"]]),
];

const CALLS: &[&str] =
    &["ecs:DescribeServiceDeployments", "ecs:ExecuteCommand", "elasticache:Connect"];

impl Rule for MultiResourceAuthorization {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for (name, kinds) in CHECKED {
            let Some(call) = facts.catalogue.call(name).filter(|call| subject.may_call(*call))
            else {
                continue;
            };
            let Some(action) = facts.catalogue.known(call) else { continue };
            let covers = |kind: &str| {
                let kind = action.resource_type(kind);
                kind.is_none_or(|kind| subject.grants(call).any(|(_, one)| may_cover(one, kind)))
            };
            let missing = kinds.iter().find(|any| !any.iter().any(|kind| covers(kind)));
            let granted = kinds.iter().any(|any| any.iter().any(|kind| covers(kind)));
            let (Some(missing), true, Some((policy, statement))) =
                (missing, granted, subject.grants(call).next())
            else {
                continue;
            };
            let message = format!(
                "`{name}` is also checked on the {}, on which it is not allowed",
                missing.join(" or ")
            );
            findings.report(META.at_statement(policy, statement, message).of_subject(subject));
        }
    }
}
