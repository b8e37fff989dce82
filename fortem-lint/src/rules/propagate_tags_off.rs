//! FL603.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Summary, Target};

/// Services, rules and schedules that do not propagate tags.
#[derive(Debug)]
pub(super) struct PropagateTagsOff;

static META: Meta = Meta {
    id: "FL603",
    name: "propagate-tags-off",
    summary: "Tasks do not get the tags of what starts them",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "`ecs:StopTask` and `ecs:ExecuteCommand` look at the task's own tag, and without propagation new tasks \
          have none.",
    remediation: "Set `propagateTags` to `SERVICE`, or to `TASK_DEFINITION` where the revision carries the tag, and \
          deploy anew",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web", "status": "ACTIVE",
  "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod", "propagateTags": "NONE", "tags": [{"key": "Environment", "value": "prod"}]}]}"#,
    limits: "Whether the tags that are propagated hold the environment is for FL002, FL003 and FL004 to say.",
    peers: &[],
};

impl Rule for PropagateTagsOff {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.clusters);
            for service in findings.list(&META, region, &region.inventory.services) {
                if !service.is_active() || propagates(service.propagate_tags.as_deref()) {
                    continue;
                }
                let message = format!(
                    "service `{}` does not propagate tags to its tasks",
                    service.service_name
                );
                let draft = META.at_resource(facts, &Summary::of(service), message);
                let environment = region.environment_of_service(facts, service);
                findings.report(environment.into_iter().fold(draft, Draft::to));
            }
            for rule in findings.list(&META, region, &region.inventory.event_rules) {
                starter(facts, findings, &Summary::of(rule), rule.targets.iter());
            }
            for schedule in findings.list(&META, region, &region.inventory.schedules) {
                starter(facts, findings, &Summary::of(schedule), schedule.target.iter());
            }
        }
    }
}

fn propagates(word: Option<&str>) -> bool {
    matches!(word, Some("SERVICE" | "TASK_DEFINITION"))
}

/// Judges the tasks that a rule or schedule starts.
fn starter<'u>(
    facts: &Facts<'u>,
    findings: &mut Findings<'_>,
    resource: &Summary<'_>,
    mut targets: impl Iterator<Item = &'u Target>,
) {
    let silent = targets.any(|target| {
        target.ecs_parameters.as_ref().is_some_and(|ecs| !propagates(ecs.propagate_tags.as_deref()))
    });
    if silent {
        let message = format!("{} `{}` starts tasks without tags", resource.kind, resource.name);
        let draft = META.at_resource(facts, resource, message);
        let environment = facts.environment_of(resource.tags);
        let environment = environment.or_else(|| facts.environment_named(resource.name));
        findings.report(environment.into_iter().fold(draft, Draft::to));
    }
}
