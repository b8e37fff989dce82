//! FL003.

use super::{Findings, Input, Meta, Rule};
use crate::finding::{Confidence, Persona, Severity};
use std::collections::BTreeMap;

use super::{Draft, untagged};
use crate::facts::inventory::last_part;
use crate::facts::{Facts, Region};
use crate::snapshot::{Item, Listed, Summary, Task};

/// Tasks without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedTask;

static META: Meta = Meta {
    id: "FL003",
    name: "untagged-task",
    summary: "Running tasks have no environment tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "`ecs:StopTask` and `ecs:ExecuteCommand` look at the tag of the task itself, not at that of its service or \
          cluster; tags reach tasks only while they are started.",
    remediation: "Set `propagateTags` to `SERVICE` and deploy anew; give tasks that no service starts their tags in \
          the call, as `aws ecs run-task --tags` does",
    example: r#"{"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/fleet-qa/7f3a", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-qa",
  "group": "service:web", "lastStatus": "RUNNING", "tags": []}]}"#,
    limits: "Tasks of one service are one finding, with the tasks as evidence.",
    peers: &[],
};

impl Rule for UntaggedTask {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let mut groups: BTreeMap<(&str, &str), Vec<&Item<Task>>> = BTreeMap::new();
            for task in findings.list(&META, region, &region.inventory.tasks) {
                if task.is_running() && untagged::is_untagged(&META, facts, region, findings, task)
                {
                    let group = task.service().unwrap_or(&task.task_definition_arn);
                    groups.entry((&task.cluster_arn, group)).or_default().push(task);
                }
            }
            for ((cluster, _), tasks) in groups {
                findings.report(draft(facts, region, cluster, &tasks));
            }
        }
    }
}

/// How many tasks a finding names.
const NAMED: usize = 20;

fn draft(facts: &Facts<'_>, region: &Region<'_>, cluster: &str, tasks: &[&Item<Task>]) -> Draft {
    let key = facts.environments.tag_key();
    let first = tasks.first().copied();
    let service = first.and_then(|task| task.service());
    let whose = match service {
        Some(service) => format!("service `{service}`"),
        None => format!("`{}`", last_part(first.map_or("", |task| &task.task_definition_arn))),
    };
    let count = tasks.len();
    let (tasks_have, s) = if count == 1 { ("task", "has") } else { ("tasks", "have") };
    let message = format!(
        "{count} {tasks_have} of {whose} in cluster `{}` {s} no tag `{key}`",
        last_part(cluster)
    );
    let mut draft = match first {
        Some(task) => META.at_resource(facts, &Summary::of(task), message),
        None => META.at(facts.place_in(None, &[]), message),
    };
    let known = service.and_then(|name| region.service(cluster, name));
    if let Some(service) = known {
        // The service outlives its tasks, so the finding is the same in the next run.
        draft = draft.resource(service.arn());
        if !matches!(service.propagate_tags.as_deref(), Some("SERVICE" | "TASK_DEFINITION")) {
            draft = draft.evidence("the service does not propagate tags");
        }
    }
    for task in tasks.iter().take(NAMED) {
        draft = draft.evidence(format!("`{}` has no such tag", task.task_arn));
    }
    if count > NAMED {
        draft = draft.evidence(format!("nor have {} more", count - NAMED));
    }
    let likely = match known {
        Some(service) => region.environment_of_service(facts, service),
        None => region.environment_of_cluster(facts, cluster),
    };
    likely.into_iter().fold(draft, Draft::to)
}
