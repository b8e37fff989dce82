//! FL105.

use super::{Findings, Input, Meta, Rule, sibling_action_door};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A call that changes or stops what runs, open towards another environment.
#[derive(Debug)]
pub(super) struct MutateUnscoped;

static META: Meta = Meta {
    id: "FL105",
    name: "mutate-unscoped",
    summary: "A call that changes what runs is allowed on every environment",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3", "CC8.1"],
    why: "Nothing in the grant says which environment it is for, so whoever has it changes production directly: \
          stops tasks, deletes services, redeploys.",
    remediation: "Add a condition that ties the resource to the caller's environment: \
                  `\"StringEquals\": {\"aws:ResourceTag/Environment\": \"${aws:PrincipalTag/Environment}\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Operate", "Effect": "Allow",
  "Action": ["ecs:UpdateService", "ecs:StopTask"], "Resource": "*"}]}"#,
    limits: "Names are taken for what they say: a service that is called `staging-web` and serves customers is not \
             known to be production.",
    peers: &["cloudsplaining: infrastructure modification"],
};

/// ECS calls that change what runs, where the resource can be scoped (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "ecs:ContinueServiceDeployment",
    "ecs:DeleteCapacityProvider",
    "ecs:DeleteCluster",
    "ecs:DeleteDaemon",
    "ecs:DeleteExpressGatewayService",
    "ecs:DeleteService",
    "ecs:DeleteTaskDefinitions",
    "ecs:DeleteTaskSet",
    "ecs:PutClusterCapacityProviders",
    "ecs:StopServiceDeployment",
    "ecs:StopTask",
    "ecs:UpdateCapacityProvider",
    "ecs:UpdateCluster",
    "ecs:UpdateClusterSettings",
    "ecs:UpdateDaemon",
    "ecs:UpdateExpressGatewayService",
    "ecs:UpdateService",
    "ecs:UpdateServicePrimaryTaskSet",
    "ecs:UpdateTaskProtection",
    "ecs:UpdateTaskSet",
];

impl Rule for MutateUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let target = Target::tagged(&foreign.name);
        // A Deny that was meant for them has its own rule.
        let reported = sibling_action_door::reported(subject, facts, foreign);
        let calls: Vec<_> = CALLS.iter().copied().filter(|one| !reported.contains(one)).collect();
        for group in subject.reached_by_statement(facts, &calls, &target) {
            if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message =
                format!("{} on `{}` is not tied to an environment", group.actions(), foreign.name);
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}
