//! FL306.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Guard, Reached, Subject, TagOf, Target, Who, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::{Effect, Statement};

/// A Deny that compares the principal's tag does nothing to whoever has none.
#[derive(Debug)]
pub(super) struct DenyFailsOpen;

static META: Meta = Meta {
    id: "FL306",
    name: "deny-fails-open-on-missing-principal-tag",
    summary: "A Deny that compares the tag of the principal does nothing to whoever has no tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Where the principal has no tag, the variable has no value, the comparison does not hold, and the \
          Deny does not apply: whoever was forgotten when roles were tagged is let through.",
    remediation: "Turn the comparison round, so that a missing tag is denied: `\"StringNotEquals\": \
                  {\"aws:ResourceTag/Environment\": \"${aws:PrincipalTag/Environment}\"}`, or add a Deny \
                  with `\"Null\": {\"aws:PrincipalTag/Environment\": \"true\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Operate", "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"},
  {"Sid": "StagingOut", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:PrincipalTag/Environment": "staging", "aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "A policy that nobody has is judged as if somebody without the tag had it, with medium \
             confidence. Session tags are not in the input.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:DeleteService",
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:UpdateService",
    "elasticache:Connect",
    "logs:FilterLogEvents",
];

impl Rule for DenyFailsOpen {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let policies = subject.identity.iter().copied();
        let denies = policies
            .flat_map(|policy| policy.statements().map(move |(one, calls)| (policy, one, calls)));
        for (policy, statement, covered) in denies {
            if statement.effect() != Effect::Deny || !needs_tag(statement, facts) {
                continue;
            }
            let Some(foreign) = guards::kept_from(subject, facts) else { return };
            let mut calls = facts
                .catalogue
                .calls(CALLS)
                .filter(|(_, call)| covered.contains(*call) && subject.may_call(*call));
            let open = calls.find_map(|(action, call)| {
                Some((action, untagged(subject, facts, call, &Target::tagged(&foreign.name))?))
            });
            let Some((action, (reached, confidence))) = open else { continue };
            let message = format!(
                "{} denies nothing to whoever has no tag `{}`, who reaches `{}` by `{action}`",
                guards::name_of(statement),
                facts.environments.tag_key(),
                foreign.name
            );
            let guard = Guard { policy, statement };
            let draft = guards::at_guard(&META, subject, &guard, &reached, message).to(foreign);
            findings.report(draft.confidence(confidence));
        }
    }
}

/// Whether a Deny applies only to principals that have the tag.
fn needs_tag(deny: &Statement, facts: &Facts<'_>) -> bool {
    let key = format!("aws:principaltag/{}", facts.environments.tag_key().to_lowercase());
    let compares = deny.conditions().iter().any(|one| {
        let of_principal = tag_of_key(one.key()).is_some_and(|(kind, tag)| {
            kind == TagOf::Principal && facts.environments.is_environment_key(tag)
        });
        let asks = of_principal || one.variables().any(|variable| variable == key);
        asks && !one.is_negated() && !one.is_null() && !one.has_if_exists()
    });
    compares || deny.resource_variables().any(|variable| variable == key)
}

/// The call that somebody without the tag may make: the principal itself, or whoever gets the policy, and then only if
/// the tag would stop it.
fn untagged<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    call: crate::catalogue::Call,
    target: &Target<'_>,
) -> Option<(Reached<'u>, Confidence)> {
    match subject.who {
        Who::Principal(_) if subject.environment_tag.is_some() => None,
        Who::Principal(_) => Some((subject.reach(facts, call, target)?, Confidence::High)),
        Who::Anyone
            if subject.environment_tag.is_some()
                && subject.reach(facts, call, target).is_some() =>
        {
            None
        }
        Who::Anyone => {
            Some((subject.without_tag().reach(facts, call, target)?, Confidence::Medium))
        }
    }
}
