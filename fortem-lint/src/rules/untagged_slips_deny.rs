//! FL302.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Guard, Reached, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A Deny on production's tag lets pass what has no tag.
#[derive(Debug)]
pub(super) struct UntaggedSlipsDeny;

static META: Meta = Meta {
    id: "FL302",
    name: "untagged-slips-deny",
    summary: "A Deny on the tag of production lets pass what carries no tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A Deny that compares the tag does not apply to a resource without it: a service, a task or a \
          revision of production that nobody tagged is open to every broader Allow.",
    remediation: "Add a Deny of the same calls with `\"Null\": {\"aws:ResourceTag/Environment\": \"true\"}`, \
                  or turn the Deny round: `\"StringNotEquals\": {\"aws:ResourceTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}` stops the untagged too",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Operate", "Effect": "Allow", "Action": ["ecs:UpdateService", "ecs:StopTask"], "Resource": "*"},
  {"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Whether production has untagged resources is the matter of FL001 to FL007.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:ExecuteCommand",
    "ecs:StopTask",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
    "elasticache:Connect",
    "elasticache:RebootCacheCluster",
    "logs:FilterLogEvents",
    "logs:StartQuery",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:StartSession",
];

impl Rule for UntaggedSlipsDeny {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = guards::kept_from(subject, facts) else { return };
        let untagged = Target::untagged(&foreign.name);
        let mut lone: Option<Guard<'_>> = None;
        let mut is_accompanied = false;
        let mut missed: Vec<(Guard<'_>, Reached<'_>, Vec<&str>)> = Vec::new();
        for (action, call) in
            facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call))
        {
            let guard = guards::guard_of(subject, facts, call, foreign);
            let Some(guard) = guard.filter(|one| guards::is_by_tag(one.statement, facts)) else {
                continue;
            };
            let Some(reached) = subject.reach(facts, call, &untagged) else {
                is_accompanied |= subject.denied_by(facts, call, &untagged).is_some();
                lone = lone.or(Some(guard));
                continue;
            };
            match missed
                .iter_mut()
                .find(|(known, ..)| std::ptr::eq(known.statement, guard.statement))
            {
                Some((.., actions)) => actions.push(action),
                None => missed.push((guard, reached, vec![action])),
            }
        }
        if let Some(guard) = lone.filter(|_| missed.is_empty() && !is_accompanied) {
            let message = format!(
                "{} stops what is tagged and nothing else: what is untagged in `{}` only the Allow statements keep off",
                guards::name_of(guard.statement),
                foreign.name
            );
            let draft = META.at_statement(guard.policy, guard.statement, message);
            let draft = draft.of_subject(subject).severity(Severity::Low).to(foreign);
            findings.report(draft.confidence(Confidence::Medium));
        }
        for (guard, reached, actions) in missed {
            let message = format!(
                "{} does not stop {} on what is untagged in `{}`",
                guards::name_of(guard.statement),
                guards::list(&actions),
                foreign.name
            );
            findings
                .report(guards::at_guard(&META, subject, &guard, &reached, message).to(foreign));
        }
    }
}
