//! FL207.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, ReachedGroup, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// Tasks started by way of a schedule, rule, pipe or state machine.
#[derive(Debug)]
pub(super) struct SchedulerSideDoor;

static META: Meta = Meta {
    id: "FL207",
    name: "scheduler-side-door",
    summary: "Tasks of another environment may be started by way of a scheduler",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC8.1"],
    why: "What a schedule starts runs with the role of the schedule; who may make schedules with a role of production \
          runs tasks there, past all conditions on his own calls.",
    remediation: "Allow these calls in a schedule group of the environment alone, and `iam:PassRole` to the scheduler \
                  for roles of the environment alone",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Schedule", "Effect": "Allow",
  "Action": ["scheduler:CreateSchedule", "iam:PassRole"], "Resource": "*"}]}"#,
    limits: "What a role that is passed may do is not asked; FL205 says so for those of the account.",
    peers: &[],
};

/// What starts tasks later, and the service that takes the role for it on.
const DOORS: &[(&str, &str)] = &[
    ("events:PutTargets", "events.amazonaws.com"),
    ("pipes:CreatePipe", "pipes.amazonaws.com"),
    ("pipes:UpdatePipe", "pipes.amazonaws.com"),
    ("scheduler:CreateSchedule", "scheduler.amazonaws.com"),
    ("scheduler:UpdateSchedule", "scheduler.amazonaws.com"),
    ("states:CreateStateMachine", "states.amazonaws.com"),
    ("states:UpdateStateMachine", "states.amazonaws.com"),
];

/// Those, and the passing.
const CALLS: &[&str] = &[
    "events:PutTargets",
    "iam:PassRole",
    "pipes:CreatePipe",
    "pipes:UpdatePipe",
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "states:CreateStateMachine",
    "states:UpdateStateMachine",
];

impl Rule for SchedulerSideDoor {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let Some(pass) =
            facts.catalogue.call("iam:PassRole").filter(|call| subject.may_call(*call))
        else {
            return;
        };
        let (mut found, mut roles) = (Vec::new(), Vec::new());
        for (action, service) in DOORS {
            let Some(call) = facts.catalogue.call(action).filter(|call| subject.may_call(*call))
            else {
                continue;
            };
            let Some(reached) = subject.reach_anywhere(facts, call, &[]) else { continue };
            let keys = [("iam:PassedToService", Some(*service))];
            let target = Target::tagged(&foreign.name).with(&keys);
            if let Some(passed) = subject.reach(facts, pass, &target) {
                found.push((*action, reached));
                roles.push((*action, *service, passed.to_string()));
            }
        }
        for group in ReachedGroup::by_statement(found) {
            let of_group = |(action, ..): &&(&str, &str, String)| group.names().contains(action);
            let Some((_, service, passed)) = roles.iter().find(of_group) else { continue };
            let message = format!(
                "tasks can be started with roles of `{}` by {}: they may be passed to `{service}`",
                foreign.name,
                group.actions()
            );
            let draft = META.at_reached(subject, group.first(), message).to(foreign);
            findings.report(draft.evidence(passed));
        }
    }
}
