//! FL006.

use super::untagged;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::worst;
use crate::finding::{Confidence, Persona, Severity};

/// A log group of tasks without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedLogGroup;

static META: Meta = Meta {
    id: "FL006",
    name: "untagged-log-group",
    summary: "A log group that tasks write to has no environment tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1", "C1.1"],
    why: "Reading logs is scoped by the tag of the log group. Without it either nobody of the environment reads \
          them, or a grant on all groups is given, and production's logs are open to everyone.",
    remediation: "Tag the log group: `aws logs tag-resource --resource-arn ARN --tags Environment=NAME`",
    example: r#"{"logGroups": [{"logGroupName": "/ecs/prod/web", "tags": {}}],
 "taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/prod-web:7", "family": "prod-web", "revision": 7,
  "containerDefinitions": [{"name": "web", "image": "web:1", "logConfiguration": {"logDriver": "awslogs",
   "options": {"awslogs-group": "/ecs/prod/web"}}}]}]}"#,
    limits: "Only groups that task definitions name are looked at.",
    peers: &[],
};

impl Rule for UntaggedLogGroup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.task_definitions);
            let uses = region.log_uses();
            let groups = findings.list(&META, region, &region.inventory.log_groups).iter();
            let groups = groups.filter(|one| uses.contains_key(one.log_group_name.as_str()));
            untagged::report(&META, facts, region, findings, groups, |group| {
                let own = uses.get(group.log_group_name.as_str()).into_iter().flatten();
                let of_uses: Vec<_> =
                    own.flat_map(|one| region.environments_of_definition(facts, one)).collect();
                facts.environment_named(&group.log_group_name).or_else(|| worst(&of_uses))
            });
        }
    }
}
