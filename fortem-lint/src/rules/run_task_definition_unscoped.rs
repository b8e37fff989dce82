//! FL112.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// The task definition of another environment can be run.
#[derive(Debug)]
pub(super) struct RunTaskDefinitionUnscoped;

static META: Meta = Meta {
    id: "FL112",
    name: "runtask-taskdef-unscoped",
    summary: "The task definition of another environment can be run",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "A condition on the request's tags says how the new task is labelled, not what it is: the caller \
          runs production's task definition, with a command of his own, and where its roles may be passed, \
          with production's secrets in its environment.",
    remediation: "Tie the task definition: `\"StringEquals\": {\"aws:ResourceTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}`, or families by name in `Resource`; let \
                  `iam:PassRole` reach the environment's own roles only",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "RunOwn", "Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*",
  "Condition": {"StringEquals": {"aws:RequestTag/Environment": "staging"},
    "ArnLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/staging"}}}]}"#,
    limits: "Whether environments share an execution role is not seen here, see FL206. A Deny on the tag is \
             only as good as the tags: every revision of a task definition has its own.",
    peers: &[],
};

const CALLS: &[&str] = &["ecs:RunTask", "ecs:StartTask", "iam:PassRole"];
const RUN: &[&str] = &["ecs:RunTask", "ecs:StartTask"];

impl Rule for RunTaskDefinitionUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let Some(own) = subject.environments.first() else { return };
        let tagged = Target::tagged(&foreign.name).on_cluster_of(own);
        let untagged = Target { tag: None, ..tagged };
        let (mut groups, mut word) = (subject.reached_by_statement(facts, RUN, &tagged), "a");
        if groups.is_empty() {
            (groups, word) = (subject.reached_by_statement(facts, RUN, &untagged), "an untagged");
        }
        for group in groups {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message = format!(
                "{word} task definition of `{}` can be run by {}",
                foreign.name,
                group.actions()
            );
            let mut draft = META.at_reached(subject, group.first(), message);
            if let Some(fact) = unscoped::passes_roles_of(subject, facts, foreign) {
                draft = draft.severity(Severity::Critical).evidence(fact);
            }
            findings.report(draft.to(foreign));
        }
    }
}
