//! FL210.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A shell in containers of another environment.
#[derive(Debug)]
pub(super) struct ExecUnscoped;

static META: Meta = Meta {
    id: "FL210",
    name: "exec-unscoped",
    summary: "ECS Exec is open towards another environment",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A shell in a container of production has its data, its secrets and the rights of its task role.",
    remediation: "Tie both resources of `ecs:ExecuteCommand`, cluster and task, to the environment: \
                  `\"StringEquals\": {\"aws:ResourceTag/Environment\": \"${aws:PrincipalTag/Environment}\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Exec", "Effect": "Allow",
  "Action": "ecs:ExecuteCommand", "Resource": "*"}]}"#,
    limits: "Whether ECS Exec is switched on for any service is not asked.",
    peers: &["cloudsplaining: infrastructure modification"],
};

/// The call behind ECS Exec.
const CALLS: &[&str] = &["ecs:ExecuteCommand"];

impl Rule for ExecUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name);
        for (_, call) in facts.catalogue.calls(CALLS) {
            // Both are authorised: the cluster, and the task in it.
            let Some(_) = subject.reach(facts, call, &target.of_type("cluster")) else { return };
            let Some(task) = subject.reach(facts, call, &target.of_type("task")) else { return };
            if Scoping::of(task.statement, facts.environments).is_faulty() {
                return; // A rule of its own says what is wrong with the condition.
            }
            let message = format!("a shell may be opened in the containers of `{}`", foreign.name);
            let evidence = "the cluster, which is authorised too, is allowed as well";
            findings
                .report(META.at_reached(subject, &task, message).to(foreign).evidence(evidence));
        }
    }
}
