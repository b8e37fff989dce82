//! FL107.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, Guard, Reached, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A guard names a call and misses another that does the same.
#[derive(Debug)]
pub(super) struct SiblingActionDoor;

static META: Meta = Meta {
    id: "FL107",
    name: "sibling-action-door",
    summary: "A guard names a call and misses a newer one that does the same",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC8.1"],
    why: "ECS gets new calls: task sets, daemons and express gateway services start and change what runs as \
          services do. A guard that lists the calls of its day does not know them, while a grant such as \
          `ecs:Update*` does.",
    remediation: "Let the guard cover the family, `ecs:Create*`, `ecs:Update*`, `ecs:Delete*`, and let \
                  grants list their calls one by one",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Update", "Effect": "Allow", "Action": "ecs:Update*", "Resource": "*"},
  {"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:UpdateService", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Knows the families of calls as of the service reference of the release. A guard that covers the \
             sibling and does not bite on it is the matter of FL121 and FL302.",
    peers: &[],
};

/// Calls that do the same to services, and those that came beside them (service authorization reference, 2026-09-26).
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "ecs:CreateService",
        &["ecs:CreateDaemon", "ecs:CreateExpressGatewayService", "ecs:CreateTaskSet"],
    ),
    (
        "ecs:DeleteService",
        &["ecs:DeleteDaemon", "ecs:DeleteExpressGatewayService", "ecs:DeleteTaskSet"],
    ),
    ("ecs:RunTask", &["ecs:StartTask"]),
    (
        "ecs:UpdateService",
        &[
            "ecs:ContinueServiceDeployment",
            "ecs:StopServiceDeployment",
            "ecs:UpdateDaemon",
            "ecs:UpdateExpressGatewayService",
            "ecs:UpdateServicePrimaryTaskSet",
            "ecs:UpdateTaskSet",
        ],
    ),
];

const CALLS: &[&str] = &[
    "ecs:ContinueServiceDeployment",
    "ecs:CreateDaemon",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:DeleteDaemon",
    "ecs:DeleteExpressGatewayService",
    "ecs:DeleteService",
    "ecs:DeleteTaskSet",
    "ecs:RunTask",
    "ecs:StartTask",
    "ecs:StopServiceDeployment",
    "ecs:UpdateDaemon",
    "ecs:UpdateExpressGatewayService",
    "ecs:UpdateService",
    "ecs:UpdateServicePrimaryTaskSet",
    "ecs:UpdateTaskSet",
];

impl Rule for SiblingActionDoor {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        for (named, guard, missed) in gaps(subject, facts, foreign) {
            let Some((_, reached)) = missed.first() else { continue };
            let actions: Vec<&str> = missed.iter().map(|(action, _)| *action).collect();
            let message = format!(
                "{} keeps `{named}` off `{}` and misses {} of the same kind",
                guards::name_of(guard.statement),
                foreign.name,
                guards::list(&actions)
            );
            findings.report(guards::at_guard(&META, subject, &guard, reached, message).to(foreign));
        }
    }
}

/// Siblings that the guard does not cover, and that reach the environment.
fn missed<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    foreign: &Environment,
    guard: &Guard<'_>,
    siblings: &'static [&'static str],
) -> Vec<(&'static str, Reached<'u>)> {
    let calls = facts.catalogue.calls(siblings).filter(|(action, call)| {
        subject.may_call(*call) && !guard.statement.covers_action(&action.to_lowercase())
    });
    let target = Target::tagged(&foreign.name);
    calls
        .filter_map(|(action, call)| Some((action, subject.reach(facts, call, &target)?)))
        .collect()
}

/// An action of a family, the Deny that covers it, and what that misses.
type Gap<'u> = (&'static str, Guard<'u>, Vec<(&'static str, Reached<'u>)>);

/// The families of which a Deny covers one and misses others.
fn gaps<'u>(subject: &Subject<'u>, facts: &Facts<'_>, foreign: &Environment) -> Vec<Gap<'u>> {
    let gap = |(named, siblings): &(&'static str, &'static [&'static str])| {
        let call = facts.catalogue.call(named).filter(|one| subject.may_call(*one))?;
        let guard = guards::guard_of(subject, facts, call, foreign)?;
        if subject.reach(facts, call, &Target::tagged(&foreign.name)).is_some() {
            return None;
        }
        let missed = missed(subject, facts, foreign, &guard, siblings);
        Some((*named, guard, missed))
    };
    FAMILIES.iter().filter_map(gap).collect()
}

/// The actions that are reported here.
pub(super) fn reported(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    foreign: &Environment,
) -> Vec<&'static str> {
    let gaps = gaps(subject, facts, foreign).into_iter();
    gaps.flat_map(|(_, _, missed)| missed.into_iter().map(|(action, _)| action)).collect()
}
