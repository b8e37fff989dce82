//! FL009.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use std::collections::BTreeSet;

use super::untagged;
use crate::snapshot::Target;

/// Schedules, rules and scalable targets without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedSchedule;

static META: Meta = Meta {
    id: "FL009",
    name: "untagged-schedule",
    summary: "What starts or scales tasks on its own has no environment tag",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Pausing and resuming an environment is scoped by the tags of schedule groups, rules and scalable targets. \
          Schedules themselves cannot be tagged, only their group.",
    remediation: "One schedule group for each environment, tagged; tag the rules that start tasks",
    example: r#"{"schema": "fortem-inventory",
 "scheduleGroups": [{"Name": "pause-prod", "Arn": "arn:aws:scheduler:eu-west-1:111122223333:schedule-group/pause-prod", "Tags": []}],
 "schedules": [{"Name": "nightly", "GroupName": "pause-prod", "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService"}}]}"#,
    limits: "Groups without a schedule that aims at ECS are left out. Scalable targets are of low severity: the \
          support of Application Auto Scaling for tags in conditions is partial.",
    peers: &[],
};

impl Rule for UntaggedSchedule {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let inventory = region.inventory;
            let schedules = findings.list(&META, region, &inventory.schedules).iter();
            let used: BTreeSet<&str> = schedules
                .filter(|one| one.target.as_ref().is_some_and(aims_at_ecs))
                .filter_map(|one| one.group_name.as_deref())
                .collect();
            let groups = findings.list(&META, region, &inventory.schedule_groups).iter();
            let groups = groups.filter(|one| used.contains(one.name.as_str()));
            untagged::report(&META, facts, region, findings, groups, |one| {
                facts.environment_named(&one.name)
            });
            let rules = findings.list(&META, region, &inventory.event_rules).iter();
            let rules = rules.filter(|one| one.targets.iter().any(aims_at_ecs));
            untagged::report(&META, facts, region, findings, rules, |one| {
                facts.environment_named(&one.name)
            });
            for target in findings.list(&META, region, &inventory.scalable_targets) {
                if target.service_namespace == "ecs"
                    && untagged::is_untagged(&META, facts, region, findings, target)
                {
                    let draft = untagged::draft(&META, facts, target, None);
                    findings.report(draft.severity(Severity::Low));
                }
            }
        }
    }
}

/// Whether a target runs tasks or changes services.
fn aims_at_ecs(target: &Target) -> bool {
    target.ecs_parameters.is_some() || target.arn.contains(":aws-sdk:ecs:")
}
