//! FL004.

use super::untagged;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::worst;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Listed;

/// A revision of a task definition without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedTaskDefinition;

static META: Meta = Meta {
    id: "FL004",
    name: "untagged-task-definition",
    summary: "A task definition in use has no environment tag",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "The resource of `ecs:RunTask` is the task definition: its tag decides who may run it. A revision of \
          production without the tag is outside every guard on the tag, and each revision is tagged by itself.",
    remediation: "Tag the revision, and tag each new one where it is registered: `aws ecs register-task-definition \
          --tags`",
    example: r#"{"taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/prod-web:7", "family": "prod-web",
  "revision": 7, "status": "ACTIVE", "tags": []}],
 "services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web",
  "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod", "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/prod-web:7"}]}"#,
    limits: "Older revisions that nothing runs are left out; the newest of a family that nothing runs is one level \
          milder.",
    peers: &["Security Hub: ECS.15"],
};

impl Rule for UntaggedTaskDefinition {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for definition in findings.list(&META, region, &region.inventory.task_definitions) {
                if !region.is_current(definition)
                    || !untagged::is_untagged(&META, facts, region, findings, definition)
                {
                    continue;
                }
                let environments = region.environments_of_definition(facts, definition);
                let mut draft = untagged::draft(&META, facts, definition, worst(&environments));
                if region.uses(definition.arn()).is_empty() {
                    draft = draft
                        .lowered()
                        .evidence("nothing in the input runs it, but whoever may run tasks can");
                }
                findings.report(draft);
            }
        }
    }
}
