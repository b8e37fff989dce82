//! FL231.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Pipelines and stacks of another environment may be started or changed.
#[derive(Debug)]
pub(super) struct CodePathDoor;

static META: Meta = Meta {
    id: "FL231",
    name: "code-path-door",
    summary: "Pipelines and stacks that deploy to every environment may be started",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "A pipeline deploys with its own role: who may start or change the one of production changes production \
          without any right there.",
    remediation: "Name the pipelines, projects, applications and stacks of the environment, or compare their tags",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Release", "Effect": "Allow",
  "Action": ["codebuild:StartBuild", "codepipeline:StartPipelineExecution"], "Resource": "*"}]}"#,
    limits: "Whether a pipeline asks for approval is not known. The reference holds no data on these services, so \
             every condition key counts as one that they know.",
    peers: &[],
};

/// What deploys with a role of its own (service authorization reference of the services, 2026-09).
const CALLS: &[&str] = &[
    "cloudformation:DeleteStack",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:UpdateStack",
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "codebuild:UpdateProject",
    "codedeploy:CreateDeployment",
    "codepipeline:PutApprovalResult",
    "codepipeline:StartPipelineExecution",
    "codepipeline:UpdatePipeline",
];

impl Rule for CodePathDoor {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        for group in subject.reached_by_statement(facts, CALLS, &Target::tagged(&foreign.name)) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message = format!(
                "{} may deploy to `{}` with other rights than the caller's",
                group.actions(),
                foreign.name
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
