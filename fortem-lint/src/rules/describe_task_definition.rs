//! FL103.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Task definitions of every environment can be read, with all that is in them.
#[derive(Debug)]
pub(super) struct DescribeTaskDefinition;

static META: Meta = Meta {
    id: "FL103",
    name: "describe-taskdef-leak",
    summary: "Task definitions of every environment can be read, environment variables included",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "C1.1"],
    why: "`ecs:DescribeTaskDefinition` takes no resource and no condition key but global ones: who may call \
          it reads every task definition of the account, with its environment variables, role ARNs and the \
          ARNs of secrets.",
    remediation: "Take the action out of the policy, keep production in an account of its own, or see to it \
                  that no task definition carries anything secret outside `secrets`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Console", "Effect": "Allow",
  "Action": ["ecs:DescribeTaskDefinition"], "Resource": "*"}]}"#,
    limits: "Whether production's task definitions hold anything secret is the matter of FL608. Where the \
             fleet file says that production has accounts of its own, other accounts are not reported.",
    peers: &[],
};

const CALLS: &[&str] = &["ecs:DescribeTaskDefinition"];

impl Rule for DescribeTaskDefinition {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        if !unscoped::shares_account(facts, foreign) {
            return;
        }
        let (accepted, open) = unscoped::by_acceptance(facts, CALLS);
        unscoped::report_accepted(&META, subject, facts, &accepted, findings);
        for group in subject.reached_by_statement(facts, &open, &Target::tagged(&foreign.name)) {
            let message = format!(
                "{} shows the environment variables, roles and secret ARNs of `{}`",
                group.actions(),
                foreign.name
            );
            let draft = META.at_reached(subject, group.first(), message).to(foreign);
            findings.report(
                draft.evidence("the action has no resource type and no condition key of its own"),
            );
        }
    }
}
