//! FL614.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// Log groups that forget.
#[derive(Debug)]
pub(super) struct ShortLogRetention;

static META: Meta = Meta {
    id: "FL614",
    name: "log-retention-short",
    summary: "Logs of tasks are kept for less than a year",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC7.2"],
    why: "An audit looks back over a year; what is deleted earlier cannot be shown.",
    remediation: "Set the retention to 365 days or more: `aws logs put-retention-policy --log-group-name NAME \
          --retention-in-days 365`",
    example: r#"{"logGroups": [{"logGroupName": "/ecs/prod/web", "retentionInDays": 30, "tags": {"Environment": "prod"}}],
 "taskDefinitions": [{"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/prod-web:7", "family": "prod-web", "revision": 7,
  "containerDefinitions": [{"name": "web", "image": "web:1", "logConfiguration": {"logDriver": "awslogs",
   "options": {"awslogs-group": "/ecs/prod/web"}}}]}]}"#,
    limits: "Groups without a retention keep events for ever, which costs but loses nothing. Logs that are copied \
          elsewhere are not known.",
    peers: &["Prowler"],
};

impl Rule for ShortLogRetention {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        const WINDOW: u32 = 365;
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.task_definitions);
            let uses = region.log_uses();
            for group in findings.list(&META, region, &region.inventory.log_groups) {
                let Some(days) = group.retention_in_days.filter(|days| *days < WINDOW) else {
                    continue;
                };
                if !uses.contains_key(group.log_group_name.as_str()) {
                    continue;
                }
                let message =
                    format!("log group `{}` keeps events for {days} days", group.log_group_name);
                let draft = META.at_resource(facts, &Summary::of(group), message);
                let tagged = facts.environment_of(group.tags.as_ref());
                let environment = tagged.or_else(|| facts.environment_named(&group.log_group_name));
                findings.report(environment.into_iter().fold(draft, Draft::to));
            }
        }
    }
}
