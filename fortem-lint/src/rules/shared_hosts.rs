//! FL607.

use super::{Findings, Input, Meta, Rule};
use crate::finding::{Confidence, Persona, Severity};
use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use crate::facts::inventory::{distinct, last_part, listed, worst};
use crate::facts::{Facts, Region};
use crate::snapshot::{Item, Summary, Task};

/// Tasks of different rights on shared hosts.
#[derive(Debug)]
pub(super) struct SharedHosts;

static META: Meta = Meta {
    id: "FL607",
    name: "ec2-ecscape",
    summary: "Tasks share a host, where one can take the credentials of the others",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1", "CC6.8"],
    why: "On EC2, external and managed instances a task that reaches the host's own role can ask ECS for the \
          credentials of every task of that host, whatever their roles and tags say. With tasks of several \
          environments on one host the separation is gone.",
    remediation: "Run on Fargate; or one capacity provider for each environment and rank, with \
          `ECS_AWSVPC_BLOCK_IMDS=true` and a hop limit of 1",
    example: r#"{"services": [
  {"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/hosts/agent", "serviceName": "agent", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/hosts", "launchType": "EC2",
   "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/agent:1"},
  {"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/hosts/batch", "serviceName": "batch", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/hosts", "launchType": "EC2",
   "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/batch:1"}],
 "taskDefinitions": [
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/agent:1", "family": "agent", "taskRoleArn": "arn:aws:iam::111122223333:role/agent"},
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/batch:1", "family": "batch", "taskRoleArn": "arn:aws:iam::111122223333:role/batch"}]}"#,
    limits: "Whether the metadata service of a host is closed cannot be seen in what ECS tells. Fargate runs each \
          task on a machine of its own and is not affected.",
    peers: &[],
};

impl Rule for SharedHosts {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.uses(&META, region);
            findings.list(&META, region, &region.inventory.task_definitions);
            let mixed = mixed_hosts(facts, region, findings);
            shared_clusters(facts, region, findings, &mixed);
        }
    }
}

/// Reports hosts with tasks of several environments; gives the clusters of these.
fn mixed_hosts<'u>(
    facts: &Facts<'u>,
    region: &Region<'u>,
    findings: &mut Findings<'_>,
) -> BTreeSet<&'u str> {
    let mut hosts: BTreeMap<&str, Vec<&Item<Task>>> = BTreeMap::new();
    for task in region.inventory.tasks.iter().flatten().filter(|task| task.is_running()) {
        if let Some(host) = &task.container_instance_arn {
            hosts.entry(host).or_default().push(task);
        }
    }
    let mut mixed = BTreeSet::new();
    for (host, tasks) in hosts {
        let of_tasks = tasks.iter().filter_map(|task| region.environment_of_task(facts, task));
        let environments = distinct(of_tasks);
        let (Some(first), true) = (tasks.first(), environments.len() > 1) else { continue };
        let names = listed(environments.iter().map(|one| one.name.as_str()));
        let message = format!("tasks of {names} run on one host `{}`", last_part(host));
        let known = region.inventory.container_instances.iter().flatten();
        let known = known.into_iter().find(|one| one.container_instance_arn == host);
        let summary = known.map_or_else(|| Summary::of(*first), Summary::of);
        let mut draft =
            META.at_resource(facts, &summary, message).severity(Severity::Critical).resource(host);
        for task in tasks.iter().take(10) {
            let environment =
                region.environment_of_task(facts, task).map_or("none", |one| &one.name);
            let definition = last_part(&task.task_definition_arn);
            draft = draft.evidence(format!(
                "a task of `{definition}` runs there, environment `{environment}`"
            ));
        }
        findings.report(worst(&environments).into_iter().fold(draft, Draft::to));
        mixed.insert(first.cluster_arn.as_str());
    }
    mixed
}

/// Reports clusters whose services run as several roles on shared hosts.
fn shared_clusters(
    facts: &Facts<'_>,
    region: &Region<'_>,
    findings: &mut Findings<'_>,
    mixed: &BTreeSet<&str>,
) {
    let mut clusters: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for service in region.inventory.services.iter().flatten() {
        if service.is_active() && region.is_on_hosts(service) {
            // A definition that was not read may well have the role of the others.
            let Some(definition) = region.definition(&service.task_definition) else { continue };
            let role = definition.task_role_arn.as_deref().unwrap_or_default();
            clusters.entry(&service.cluster_arn).or_default().push((&service.service_name, role));
        }
    }
    for (arn, services) in clusters {
        let roles: BTreeSet<&str> = services.iter().map(|(_, role)| *role).collect();
        if roles.len() < 2 || mixed.contains(arn) {
            continue; // One role has nothing to take from itself.
        }
        let message = format!(
            "services with {} different task roles share hosts in cluster `{}`",
            roles.len(),
            last_part(arn)
        );
        let service = region.inventory.services.iter().flatten().find(|one| one.cluster_arn == arn);
        let place = match (region.cluster(arn), service) {
            (Some(cluster), _) => facts.place_of(&Summary::of(cluster)),
            (None, Some(service)) => facts.place_of(&Summary::of(service)),
            (None, None) => continue,
        };
        let mut draft = META.at(place, message).resource(arn);
        for (service, role) in services.iter().take(10) {
            let role = if role.is_empty() { "no task role" } else { last_part(role) };
            draft = draft.evidence(format!("service `{service}` runs as `{role}`"));
        }
        let environment = region.environment_of_cluster(facts, arn);
        findings.report(environment.into_iter().fold(draft, Draft::to));
    }
}
