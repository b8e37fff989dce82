//! FL101.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Names of another environment's resources can be listed.
#[derive(Debug)]
pub(super) struct ListUnconditioned;

static META: Meta = Meta {
    id: "FL101",
    name: "list-unconditioned",
    summary: "Names of resources of every environment can be listed",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "C1.1"],
    why: "Listing ignores tags: a condition on a tag cannot hide production, so who may list sees how many \
          services, tasks and releases there are, and what they are called.",
    remediation: "Tie `ecs:ListServices`, `ecs:ListTasks` and `ecs:ListDaemons` by `\"ArnLike\": \
                  {\"ecs:cluster\": …}`; leave out the calls that have no such key, or keep production in an \
                  account of its own",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "List", "Effect": "Allow",
  "Action": ["ecs:ListServices", "ecs:ListTasks"], "Resource": "*"}]}"#,
    limits: "Some people need the names, as for the console's first page; then the finding is to be ignored \
             with that reason.",
    peers: &[],
};

/// Lists of one cluster: `ecs:cluster` ties them (service authorization reference, 2026-09-26).
const OF_CLUSTER: &[&str] = &["ecs:ListDaemons", "ecs:ListServices", "ecs:ListTasks"];

/// Lists that nothing ties to an environment: no resource type, no key that knows one (the same).
const OF_ACCOUNT: &[&str] = &[
    "ecs:ListClusters",
    "ecs:ListDaemonTaskDefinitions",
    "ecs:ListServicesByNamespace",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "logs:DescribeLogGroups",
];

const CALLS: &[&str] = &[
    "ecs:ListClusters",
    "ecs:ListDaemonTaskDefinitions",
    "ecs:ListDaemons",
    "ecs:ListServices",
    "ecs:ListServicesByNamespace",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "logs:DescribeLogGroups",
];

impl Rule for ListUnconditioned {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name);
        for group in subject.reached_by_statement(facts, OF_CLUSTER, &target) {
            let message = format!(
                "what runs on the cluster of `{}` can be listed by {}",
                foreign.name,
                group.actions()
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
        if !unscoped::shares_account(facts, foreign) {
            return;
        }
        let (accepted, open) = unscoped::by_acceptance(facts, OF_ACCOUNT);
        unscoped::report_accepted(&META, subject, facts, &accepted, findings);
        for group in subject.reached_by_statement(facts, &open, &target) {
            let message = format!(
                "names of `{}` can be listed by {}, which nothing ties to an environment",
                foreign.name,
                group.actions()
            );
            let draft = META.at_reached(subject, group.first(), message).to(foreign);
            findings.report(draft.confidence(Confidence::Medium).remediation(
                "Leave the call out and give people the names, or keep production in an account of its own",
            ));
        }
    }
}
