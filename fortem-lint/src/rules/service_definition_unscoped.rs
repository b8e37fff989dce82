//! FL113.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A service can be set to the task definition of another environment.
#[derive(Debug)]
pub(super) struct ServiceDefinitionUnscoped;

static META: Meta = Meta {
    id: "FL113",
    name: "service-taskdef-unscoped",
    summary: "A service can be set to the task definition of another environment",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC8.1"],
    why: "The tag of the service says where it runs, not what: `ecs:UpdateService` may name any task \
          definition, so a service of staging runs production's revision, with production's roles and \
          secrets where these may be passed.",
    remediation: "Add `\"ArnLikeIfExists\": {\"ecs:task-definition\": \
                  \"arn:aws:ecs:*:*:task-definition/${aws:PrincipalTag/Environment}-*:*\"}`, and let \
                  `iam:PassRole` reach the environment's own roles only",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Deploy", "Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}},
  {"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}"#,
    limits: "Without a way to pass the other environment's roles the finding is mild: task definitions \
             without roles remain. That ECS asks for `iam:PassRole` when a service is updated is reported by \
             users and not documented.",
    peers: &[],
};

const CALLS: &[&str] =
    &["ecs:CreateService", "ecs:CreateTaskSet", "ecs:UpdateService", "iam:PassRole"];
const SET: &[&str] = &["ecs:CreateService", "ecs:CreateTaskSet", "ecs:UpdateService"];

impl Rule for ServiceDefinitionUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let production = subject.foreign(facts).filter(|one| one.is_production);
        let Some(foreign) = production else { return };
        let Some(own) = subject.environments.first() else { return };
        let account = facts.unit.account.as_deref().unwrap_or("111122223333");
        let definition =
            format!("arn:aws:ecs:eu-west-1:{account}:task-definition/{}-orders:7", foreign.name);
        let keys = [("ecs:task-definition", Some(definition.as_str()))];
        let target = Target { tag: subject.own_tag(), ..Target::tagged(own) }.with(&keys);
        for group in subject.reached_by_statement(facts, SET, &target) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message = format!(
                "a service can be set to the task definition of `{}` by {}",
                foreign.name,
                group.actions()
            );
            let draft = META.at_reached(subject, group.first(), message);
            findings.report(match unscoped::passes_roles_of(subject, facts, foreign) {
                Some(fact) => draft.evidence(fact).to(foreign),
                None => draft
                    .severity(Severity::Low)
                    .evidence("none of its roles can be passed, as far as the policies say")
                    .to(foreign),
            });
        }
    }
}
