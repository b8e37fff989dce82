//! FL011.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::last_part;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// Tasks that inventories do not see.
#[derive(Debug)]
pub(super) struct StandaloneTaskInvisible;

static META: Meta = Meta {
    id: "FL011",
    name: "standalone-task-invisible",
    summary: "Tasks that no service started have no tags at all",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC7.1"],
    why: "An inventory by services does not see them, and without tags nothing tells whose they are.",
    remediation: "Start tasks with tags and with `enableECSManagedTags`: `aws ecs run-task \
          --enable-ecs-managed-tags --tags key=Environment,value=NAME`",
    example: r#"{"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/fleet-prod/7f3a", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod",
  "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/report:2", "group": "family:report", "lastStatus": "RUNNING", "tags": []}]}"#,
    limits: "Tasks with some tag but not the environment's are for FL003.",
    peers: &[],
};

impl Rule for StandaloneTaskInvisible {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for task in findings.list(&META, region, &region.inventory.tasks) {
                let has_none = task.tags.as_ref().is_some_and(crate::snapshot::Tags::is_empty);
                if !task.is_standalone() || !has_none {
                    continue;
                }
                let message = format!(
                    "a task of `{}` in cluster `{}` belongs to no service and has no tags",
                    last_part(&task.task_definition_arn),
                    last_part(&task.cluster_arn)
                );
                let mut draft = META.at_resource(facts, &Summary::of(task), message);
                if let Some(by) = &task.started_by {
                    draft = draft.evidence(format!("it was started by `{by}`"));
                }
                findings.report(draft);
            }
        }
    }
}
