//! FL307.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Guard, Subject, Target, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::{Effect, Statement};
use fortem_core::pattern;

/// A grant of which a Deny leaves nothing.
#[derive(Debug)]
pub(super) struct UnsatisfiableDeny;

static META: Meta = Meta {
    id: "FL307",
    name: "unsatisfiable-or-self-deny",
    summary: "A Deny leaves nothing of what an Allow grants in the own environment",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A role that cannot do its work is mended in a hurry, mostly by an open grant or by taking the \
          guard away.",
    remediation: "Correct the Deny, so that it leaves out the own environment, or take the Allow out",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Stop", "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}},
  {"Sid": "NeverStaging", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}}]}"#,
    limits: "Looks at the calls that matter most, and at Deny statements about every resource whose \
             conditions are on tags; others may leave something that the names used here do not show.",
    peers: &["Access Analyzer: redundant statement"],
};

const CALLS: &[&str] = &[
    "ecs:DeleteService",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ExecuteCommand",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:UpdateService",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
];

impl Rule for UnsatisfiableDeny {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !subject.is_scoped() {
            return;
        }
        for policy in &subject.identity {
            for (statement, covered) in policy.statements() {
                let calls =
                    facts.catalogue.calls(CALLS).filter(|(_, call)| covered.contains(*call));
                let calls: Vec<_> = calls.collect();
                let all_denied = calls.iter().all(|(_, call)| subject.is_denied(*call));
                if statement.effect() != Effect::Allow
                    || calls.is_empty()
                    || !all_denied
                    || !is_known(statement)
                {
                    continue;
                }
                let shadow = |own: &String| {
                    let target = Target { tag: subject.own_tag(), ..Target::tagged(own) };
                    let mut reached = calls.iter().filter_map(|(_, call)| {
                        subject.reach_through(facts, *call, &target, policy, statement)
                    });
                    if reached.next().is_some() {
                        return None;
                    }
                    let guards = calls.iter().map(|(_, call)| {
                        subject
                            .denied_by(facts, *call, &target)
                            .filter(|one| is_plain(one.statement))
                    });
                    guards.collect::<Option<Vec<Guard<'_>>>>()?.first().copied()
                };
                let shadows: Option<Vec<_>> = subject.environments.iter().map(shadow).collect();
                let Some(guard) = shadows.and_then(|all| all.first().copied()) else { continue };
                let actions: Vec<&str> = calls.iter().map(|(action, _)| *action).collect();
                let message = format!(
                    "nothing is left of {} in `{}` after {}",
                    guards::list(&actions),
                    subject.environments.join(", "),
                    guards::name_of(guard.statement)
                );
                findings.report(META.at_statement(policy, statement, message).of_subject(subject));
            }
        }
    }
}

/// Whether the calls that are looked at stand for all that the statement grants.
fn is_known(statement: &Statement) -> bool {
    let covers = |one: &String| {
        CALLS.iter().any(|call| pattern::matches(&one.to_lowercase(), &call.to_lowercase()))
    };
    !statement.is_not_action() && statement.actions().iter().all(covers)
}

/// Whether a Deny is about every resource, but for its tags.
fn is_plain(deny: &Statement) -> bool {
    let everything = !deny.is_not_resource() && deny.resources().iter().any(|one| one == "*");
    everything && deny.conditions().iter().all(|one| tag_of_key(one.key()).is_some())
}
