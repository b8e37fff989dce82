//! FL114.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, ReachedGroup, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Something can be created without the environment's tag, or with another's.
#[derive(Debug)]
pub(super) struct CreateUntaggedAllowed;

static META: Meta = Meta {
    id: "FL114",
    name: "create-untagged-allowed",
    summary: "Something can be created without the tag of the environment, or with another's",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC8.1"],
    why: "What is born without the tag is in no environment: no condition on the tag allows or denies \
          anything about it, and whoever tags it later decides whose it is.",
    remediation: "Add `\"StringEquals\": {\"aws:RequestTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}`; `ForAllValues` on `aws:TagKeys` alone is true when \
                  no tags are sent",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Create", "Effect": "Allow", "Action": "ecs:CreateService", "Resource": "*",
  "Condition": {"ArnLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/staging"}}}]}"#,
    limits: "Tags that a service passes on to its tasks are not looked at, see FL603. A call whose resource \
             tag is tied is not reported: the tags that it sends are also the new resource's, except where \
             tasks are run.",
    peers: &["iam-policy-validator: required request tags (configured)"],
};

/// Calls that create and take tags (service authorization reference, 2026-09-26).
const CREATE: &[&str] = &[
    "ecs:CreateCapacityProvider",
    "ecs:CreateCluster",
    "ecs:CreateDaemon",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RegisterDaemonTaskDefinition",
    "ecs:RegisterTaskDefinition",
];

/// The same, where the resource is the task definition and only the request has the new task's tags.
const RUN: &[&str] = &["ecs:RunTask", "ecs:StartTask"];

const CALLS: &[&str] = &[
    "ecs:CreateCapacityProvider",
    "ecs:CreateCluster",
    "ecs:CreateDaemon",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RegisterDaemonTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
];

impl Rule for CreateUntaggedAllowed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let own = subject.environments.first().unwrap_or(&foreign.name);
        let request_tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let none = [(request_tag.as_str(), None), ("aws:TagKeys", None)];
        let theirs = [(request_tag.as_str(), Some(foreign.name.as_str()))];
        let at_home = Target { tag: subject.own_tag(), ..Target::tagged(own) };
        let born = |tag| Target { tag, ..Target::tagged(own) };
        let key = facts.environments.tag_key();
        let untagged = format!("without the tag `{key}`");
        let mistagged = format!("with the `{key}` of another environment");
        let tries = [
            (CREATE, born(None).with(&none), &untagged),
            (RUN, at_home.with(&none), &untagged),
            (CREATE, born(Some(&foreign.name)).with(&theirs), &mistagged),
            (RUN, at_home.with(&theirs), &mistagged),
        ];
        let mut found: Vec<(ReachedGroup<'_>, &str)> = Vec::new();
        for (calls, target, how) in tries {
            for group in subject.reached_by_statement(facts, calls, &target) {
                let statement = group.first().statement;
                let is_known =
                    found.iter().any(|(one, _)| std::ptr::eq(one.first().statement, statement));
                if !is_known && !Scoping::of(statement, facts.environments).is_faulty() {
                    found.push((group, how));
                }
            }
        }
        for (group, how) in found {
            let message = format!("something can be created {how} by {}", group.actions());
            findings.report(META.at_reached(subject, group.first(), message));
        }
    }
}
