//! FL601.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::inventory::listed;
use crate::facts::{Facts, Region};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::{Cluster, Summary};

/// ECS Exec without a record of sessions.
#[derive(Debug)]
pub(super) struct ExecWithoutLogging;

static META: Meta = Meta {
    id: "FL601",
    name: "exec-without-logging",
    summary: "Sessions of ECS Exec are not logged",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC7.2"],
    why: "Nobody can tell afterwards what was done in a container, in whichever environment.",
    remediation: "Set `executeCommandConfiguration` of the cluster to `OVERRIDE` with a log group or a bucket, or \
          let the containers log with `awslogs`",
    example: r#"{"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod", "clusterName": "fleet-prod",
  "configuration": {"executeCommandConfiguration": {"logging": "NONE"}}, "tags": []}]}"#,
    limits: "With `DEFAULT`, or no setting, sessions go where the container logs: the rule then fires for services \
          with ECS Exec whose containers do not log with `awslogs`.",
    peers: &["Checkov: CKV_AWS_223, CKV_AWS_224"],
};

impl Rule for ExecWithoutLogging {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.services);
            findings.list(&META, region, &region.inventory.task_definitions);
            for cluster in findings.list(&META, region, &region.inventory.clusters) {
                if cluster.status.as_deref() == Some("INACTIVE") {
                    continue;
                }
                let Some(what) = unlogged(region, cluster) else { continue };
                let message = format!(
                    "sessions in cluster `{}` are not logged: {what}",
                    cluster.cluster_name
                );
                let draft = META.at_resource(facts, &Summary::of(cluster), message);
                let environment = region.environment_of_cluster(facts, &cluster.cluster_arn);
                findings.report(environment.into_iter().fold(draft, Draft::to));
            }
        }
    }
}

/// Why sessions in a cluster leave no record; none if they leave one.
fn unlogged(region: &Region<'_>, cluster: &Cluster) -> Option<String> {
    let configuration = cluster.configuration.as_ref();
    let exec = configuration.and_then(|one| one.execute_command_configuration.as_ref());
    let to = exec.and_then(|one| one.log_configuration.as_ref());
    let logged = to.is_some_and(|log| {
        log.cloud_watch_log_group_name.is_some() || log.s3_bucket_name.is_some()
    });
    match exec.and_then(|one| one.logging.as_deref()) {
        Some("NONE") => Some("the cluster says `NONE`".to_owned()),
        Some("OVERRIDE") if !logged => {
            Some("`OVERRIDE` names neither a log group nor a bucket".to_owned())
        }
        Some("OVERRIDE") => None,
        _ => {
            let services = silent_services(region, cluster);
            let names = listed(services.iter().copied().take(5));
            (!services.is_empty())
                .then(|| format!("containers of {names} do not log with `awslogs`"))
        }
    }
}

/// The services of a cluster with ECS Exec and a container that does not log with `awslogs`.
fn silent_services<'u>(region: &Region<'u>, cluster: &Cluster) -> Vec<&'u str> {
    let services = region.inventory.services.iter().flatten().filter(|one| {
        one.is_active()
            && one.cluster_arn == cluster.cluster_arn
            && one.enable_execute_command == Some(true)
    });
    let silent = services.filter(|service| {
        region.definition(&service.task_definition).is_some_and(|definition| {
            definition.container_definitions.iter().any(|container| {
                container.log_configuration.as_ref().is_none_or(|log| log.log_driver != "awslogs")
            })
        })
    });
    silent.map(|service| service.service_name.as_str()).collect()
}
