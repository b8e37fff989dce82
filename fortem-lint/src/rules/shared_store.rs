//! FL615.

use super::{Findings, Input, Meta, Rule};
use crate::facts::inventory::{distinct, last_part, listed, worst};
use crate::facts::{Facts, Region};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Endpoint, Item, Listed, Summary, TaskDefinition};

/// What environments share.
#[derive(Debug)]
pub(super) struct SharedStore;

static META: Meta = Meta {
    id: "FL615",
    name: "shared-log-group",
    summary: "Tasks of several environments share a log group or a cache",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "IAM grants a log group or a cache as a whole: who may read the logs of staging reads production's, and \
          who may flush the cache of staging flushes production's.",
    remediation: "Give each environment its own log group and cache",
    example: r#"{"logGroups": [{"logGroupName": "/ecs/web", "tags": {}}],
 "taskDefinitions": [
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web-staging:3", "family": "web-staging", "revision": 3, "tags": [{"key": "Environment", "value": "staging"}],
   "containerDefinitions": [{"name": "web", "image": "web:1", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}}}]},
  {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web-prod:3", "family": "web-prod", "revision": 3, "tags": [{"key": "Environment", "value": "prod"}],
   "containerDefinitions": [{"name": "web", "image": "web:1", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}}}]}]}"#,
    limits: "A cache is known to be used where its address stands in a variable of a task definition; addresses \
          that containers learn otherwise are not seen.",
    peers: &[],
};

impl Rule for SharedStore {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.task_definitions);
            for (name, definitions) in region.log_uses() {
                let known = region.inventory.log_groups.iter().flatten();
                let known =
                    known.into_iter().find(|one| one.log_group_name == name).map(Summary::of);
                shared(
                    facts,
                    region,
                    findings,
                    &format!("log group `{name}`"),
                    known,
                    &definitions,
                );
            }
            findings.list(&META, region, &region.inventory.replication_groups);
            findings.list(&META, region, &region.inventory.serverless_caches);
            findings.list(&META, region, &region.inventory.cache_clusters);
            for (cache, endpoints) in caches(region) {
                let definitions = region.inventory.task_definitions.iter().flatten();
                let users: Vec<_> = definitions
                    .filter(|one| region.is_current(one) && names_any(one, &endpoints))
                    .collect();
                shared(
                    facts,
                    region,
                    findings,
                    &format!("{} `{}`", cache.kind, cache.name),
                    Some(cache),
                    &users,
                );
            }
        }
    }
}

/// Reports something that task definitions of several environments use.
fn shared<'u>(
    facts: &Facts<'u>,
    region: &Region<'u>,
    findings: &mut Findings<'_>,
    what: &str,
    known: Option<Summary<'_>>,
    users: &[&'u Item<TaskDefinition>],
) {
    let all = users.iter().flat_map(|user| region.environments_of_definition(facts, user));
    let environments = distinct(all);
    let (Some(worst), Some(first), true) =
        (worst(&environments), users.first(), environments.len() > 1)
    else {
        return;
    };
    let names = listed(environments.iter().map(|one| one.name.as_str()));
    let resource = known.unwrap_or_else(|| Summary::of(*first));
    let draft = META.at_resource(facts, &resource, format!("{what} is used by {names}"));
    let users = listed(users.iter().map(|one| last_part(one.arn())).take(10));
    findings.report(draft.evidence(format!("{users} use it")).to(worst));
}

/// The caches of a Region with their endpoints.
fn caches<'u>(region: &Region<'u>) -> Vec<(Summary<'u>, Vec<&'u Endpoint>)> {
    let inventory = region.inventory;
    let groups = inventory.replication_groups.iter().flatten().map(|group| {
        let shards = group.node_groups.iter();
        let shards = shards.flat_map(|one| [&one.primary_endpoint, &one.reader_endpoint]);
        let all = shards.chain([&group.configuration_endpoint]);
        (Summary::of(group), all.flatten().collect())
    });
    let clusters = inventory.cache_clusters.iter().flatten();
    let clusters =
        clusters.map(|one| (Summary::of(one), one.configuration_endpoint.iter().collect()));
    let serverless = inventory.serverless_caches.iter().flatten();
    let serverless = serverless.map(|one| (Summary::of(one), one.endpoint.iter().collect()));
    groups.chain(clusters).chain(serverless).collect()
}

/// Whether a variable of a task definition holds the address of one of some endpoints, or did before it was redacted.
fn names_any(definition: &TaskDefinition, endpoints: &[&Endpoint]) -> bool {
    let containers = definition.container_definitions.iter();
    let mut variables = containers.flat_map(|one| &one.environment);
    variables.any(|variable| {
        let hashes = variable.redacted.iter().flat_map(|redacted| &redacted.hosts);
        let hashes: Vec<&String> = hashes.collect();
        endpoints.iter().any(|one| {
            let is_in_clear = !one.address.is_empty() && variable.value.contains(&one.address);
            is_in_clear || one.hash.as_ref().is_some_and(|hash| hashes.contains(&hash))
        })
    })
}
