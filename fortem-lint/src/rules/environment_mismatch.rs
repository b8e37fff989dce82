//! FL024.

use super::{Findings, Input, Meta, Rule};
use crate::finding::{Confidence, Persona, Severity};
use std::collections::{BTreeMap, BTreeSet};

use crate::environments::Environment;
use crate::facts::inventory::last_part;
use crate::facts::{Facts, Region};
use crate::snapshot::{Item, Listed, LogGroup, Service, Summary, Task};
use crate::unit::Principal;

/// Tags that disagree about the environment.
#[derive(Debug)]
pub(super) struct EnvironmentMismatch;

static META: Meta = Meta {
    id: "FL024",
    name: "env-tag-mismatch",
    summary: "A service, task, task definition, log group or role belongs to another environment than what it \
          serves",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "The two tags disagree, so a person of either environment operates a part of the other: a service tagged \
          staging in the cluster of production is open to staging's people, with production's network and data.",
    remediation: "Correct the tag that is wrong; then deploy anew, since the tags of tasks stay as they were at \
          launch",
    example: r#"{"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet", "clusterName": "fleet", "tags": [{"key": "Environment", "value": "prod"}]}],
 "services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet/billing", "serviceName": "billing", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet",
  "tags": [{"key": "Environment", "value": "staging"}]}]}"#,
    limits: "Where a cluster serves several environments by design, FL612 says so once, and not this rule for each \
          service.",
    peers: &[],
};

impl Rule for EnvironmentMismatch {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.clusters);
            findings.list(&META, region, &region.inventory.task_definitions);
            // Of a service that strays from its cluster, tasks and task definition are no second mistake.
            let mut strays = BTreeSet::new();
            let shared = region.shared_clusters(facts);
            for service in findings.list(&META, region, &region.inventory.services) {
                if !service.is_active() {
                    continue;
                }
                if !shared.contains(service.cluster_arn.as_str())
                    && service_and_cluster(facts, region, findings, service)
                {
                    strays.insert((service.cluster_arn.as_str(), service.service_name.as_str()));
                } else {
                    service_and_definition(facts, region, findings, service);
                }
            }
            for task in findings.list(&META, region, &region.inventory.tasks) {
                let service = task.service().map(|name| (task.cluster_arn.as_str(), name));
                if task.is_running() && !service.is_some_and(|one| strays.contains(&one)) {
                    task_and_owner(facts, region, findings, task, &shared);
                }
            }
            log_groups(facts, region, findings);
            roles(facts, region, findings);
        }
    }
}

/// A finding that `one` and `other` belong to different environments, if they do.
fn compare<'u>(
    facts: &Facts<'u>,
    findings: &mut Findings<'_>,
    resource: &Summary<'_>,
    (what, own): (&str, Option<&'u Environment>),
    (other, its): (&str, Option<&'u Environment>),
) -> bool {
    let (Some(own), Some(its)) = (own, its) else { return false };
    if own.name == its.name {
        return false;
    }
    let message = format!("{what} is tagged `{}`, but {other} is `{}`", own.name, its.name);
    let production = if own.is_production { own } else { its };
    findings
        .report(META.at_resource(facts, resource, message).from(own.name.clone()).to(production));
    true
}

/// Judges a service; true if it strays from its cluster.
fn service_and_cluster(
    facts: &Facts<'_>,
    region: &Region<'_>,
    findings: &mut Findings<'_>,
    service: &Item<Service>,
) -> bool {
    let Some(cluster) = region.cluster(&service.cluster_arn) else { return false };
    compare(
        facts,
        findings,
        &Summary::of(service),
        (&format!("service `{}`", service.service_name), facts.environment_of(service.tags())),
        (&format!("its cluster `{}`", cluster.cluster_name), facts.environment_of(cluster.tags())),
    )
}

fn service_and_definition(
    facts: &Facts<'_>,
    region: &Region<'_>,
    findings: &mut Findings<'_>,
    service: &Item<Service>,
) {
    for arn in service.definitions() {
        let Some(definition) = region.definition(arn) else { continue };
        compare(
            facts,
            findings,
            &Summary::of(definition),
            (
                &format!("task definition `{}`", last_part(arn)),
                facts.environment_of(definition.tags()),
            ),
            (
                &format!("service `{}`, which runs it,", service.service_name),
                facts.environment_of(service.tags()),
            ),
        );
    }
}

fn task_and_owner(
    facts: &Facts<'_>,
    region: &Region<'_>,
    findings: &mut Findings<'_>,
    task: &Item<Task>,
    shared: &BTreeSet<&str>,
) {
    let own = (format!("task `{}`", last_part(&task.task_arn)), facts.environment_of(task.tags()));
    let service = task.service().and_then(|name| region.service(&task.cluster_arn, name));
    if let Some(service) = service {
        let other = (
            format!("its service `{}`", service.service_name),
            facts.environment_of(service.tags()),
        );
        compare(facts, findings, &Summary::of(task), (&own.0, own.1), (&other.0, other.1));
    } else if let Some(cluster) = region.cluster(&task.cluster_arn)
        && !shared.contains(task.cluster_arn.as_str())
    {
        let other = (
            format!("its cluster `{}`", cluster.cluster_name),
            facts.environment_of(cluster.tags()),
        );
        compare(facts, findings, &Summary::of(task), (&own.0, own.1), (&other.0, other.1));
    }
}

fn log_groups(facts: &Facts<'_>, region: &Region<'_>, findings: &mut Findings<'_>) {
    let uses = region.log_uses();
    findings.tags(&META, region, LogGroup::LIST);
    for group in findings.list(&META, region, &region.inventory.log_groups) {
        let mut own = uses.get(group.log_group_name.as_str()).into_iter().flatten();
        let what = format!("log group `{}`", group.log_group_name);
        // One writer of another environment is enough; several environments are FL615.
        own.any(|one| {
            let other = format!("task definition `{}`, which writes to it,", last_part(one.arn()));
            compare(
                facts,
                findings,
                &Summary::of(group),
                (&what, facts.environment_of(group.tags())),
                (&other, facts.environment_of(one.tags())),
            )
        });
    }
}

fn roles(facts: &Facts<'_>, region: &Region<'_>, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    let principals = facts.unit.principals.iter();
    let principals: BTreeMap<&str, &Principal> =
        principals.map(|one| (one.arn.as_str(), one)).collect();
    for definition in region.inventory.task_definitions.iter().flatten() {
        if !region.is_current(definition) {
            continue;
        }
        let its = facts.environment_of(definition.tags());
        for arn in definition.task_role_arn.iter().chain(&definition.execution_role_arn) {
            let role = principals.get(arn.as_str());
            let tag = role.and_then(|role| role.tag(facts.environments.tag_key()));
            let own = tag.and_then(|tag| facts.environments.meant_by(tag));
            let (Some(own), Some(its), true) = (own, its, seen.insert((arn, &definition.family)))
            else {
                continue;
            };
            if own.name == its.name {
                continue;
            }
            let message = format!(
                "task definition `{}` is tagged `{}`, but its role `{}` is tagged `{}`",
                last_part(definition.arn()),
                its.name,
                last_part(arn),
                own.name
            );
            let production = if own.is_production { own } else { its };
            let draft = META.at_resource(facts, &Summary::of(definition), message).principal(arn);
            findings.report(draft.from(its.name.clone()).to(production));
        }
    }
}
