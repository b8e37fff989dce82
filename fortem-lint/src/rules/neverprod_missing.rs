//! FL301.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// No Deny statement stands between a person of another environment and production.
#[derive(Debug)]
pub(super) struct NeverprodMissing;

static META: Meta = Meta {
    id: "FL301",
    name: "neverprod-missing",
    summary: "No Deny statement keeps whoever belongs to another environment off production",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Grants add up: the next policy that somebody attaches, or a production service with the wrong tag, \
          opens production. A Deny holds whatever else is granted.",
    remediation: "Add a Deny for everything whose tag is not the own environment's, `\"StringNotEquals\": \
                  {\"aws:ResourceTag/Environment\": \"${aws:PrincipalTag/Environment}\"}`, and one by \
                  `ecs:cluster` for the calls that create",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Own", "Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}},
  {"Sid": "Stop", "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}"#,
    limits: "Severe only where something of production is open. Where the Allow statements are tied by the \
             tag alone it is a remark of low severity; where they are tied by name or cluster too it is \
             silent.",
    peers: &[],
};

/// What a guard is there to stop, and nothing that creates: FL305 looks at that.
const OPEN: &[&str] = &[
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:ExecuteCommand",
    "ecs:StopTask",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
    "elasticache:Connect",
    "logs:FilterLogEvents",
];

impl Rule for NeverprodMissing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        OPEN
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = guards::kept_from(subject, facts).filter(|_| subject.is_scoped())
        else {
            return;
        };
        let mut calls = facts.catalogue.calls(guards::GUARDED).chain(facts.catalogue.calls(OPEN));
        if calls.any(|(_, call)| guards::guard_of(subject, facts, call, foreign).is_some()) {
            return;
        }
        let tagged = Target::tagged(&foreign.name);
        if let Some(group) = subject.reached_by_statement(facts, OPEN, &tagged).first() {
            let message =
                format!("no Deny statement keeps {} off `{}`", group.actions(), foreign.name);
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
            return;
        }
        let mistagged = Target { tag: subject.own_tag(), ..tagged };
        if let Some(group) = subject.reached_by_statement(facts, OPEN, &mistagged).first() {
            let message = format!(
                "only the tag keeps {} off `{}`, and no Deny statement stands behind it",
                group.actions(),
                foreign.name
            );
            let draft = META.at_reached(subject, group.first(), message).to(foreign);
            findings.report(draft.severity(Severity::Low));
        }
    }
}
