//! FL611.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::inventory::{last_part, worst};
use crate::facts::{Facts, Region, Use};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Listed, Summary, TaskDefinition};

/// Tasks that use a role meant for something else.
#[derive(Debug)]
pub(super) struct MissingTaskRole;

static META: Meta = Meta {
    id: "FL611",
    name: "missing-task-role",
    summary: "A task runs without a role of its own",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.3"],
    why: "On EC2 a task without task role can use the role of the host; a task whose task role is its execution \
          role reads every secret and image that this role may fetch.",
    remediation: "Give the task definition a task role with only what its containers call",
    example: r#"{"taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3", "family": "web", "revision": 3, "requiresCompatibilities": ["FARGATE"],
  "taskRoleArn": "arn:aws:iam::111122223333:role/web", "executionRoleArn": "arn:aws:iam::111122223333:role/web"}]}"#,
    limits: "On Fargate a task without task role has no credentials at all, which is no fault.",
    peers: &["Checkov: CKV_AWS_249"],
};

impl Rule for MissingTaskRole {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.uses(&META, region);
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                if !region.is_current(definition) {
                    continue;
                }
                let name = last_part(definition.arn());
                let (role, execution) = (&definition.task_role_arn, &definition.execution_role_arn);
                let message = if role.is_some() && role == execution {
                    format!("task definition `{name}` has its execution role as task role too")
                } else if role.is_none() && runs_on_hosts(region, definition) {
                    format!(
                        "task definition `{name}` has no task role and runs on hosts with a role"
                    )
                } else {
                    continue;
                };
                let draft = META.at_resource(facts, &Summary::of(definition), message);
                let draft = role.iter().fold(draft, Draft::principal);
                let environments = region.environments_of_definition(facts, definition);
                findings.report(worst(&environments).into_iter().fold(draft, Draft::to));
            }
        }
    }
}

/// Whether a task definition is run on EC2 or the like, or asks for nothing else.
fn runs_on_hosts(region: &Region<'_>, definition: &TaskDefinition) -> bool {
    let asks = &definition.requires_compatibilities;
    let only_hosts = !asks.is_empty() && !asks.iter().any(|one| one == "FARGATE");
    only_hosts
        || region.uses(definition.arn()).iter().any(|by| match by {
            Use::Service(service) => region.is_on_hosts(service),
            Use::Task(task) => task.container_instance_arn.is_some(),
            Use::Other(_) => false,
        })
}
