//! FL612.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::{distinct, listed, worst};
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// A cluster of several environments.
#[derive(Debug)]
pub(super) struct SharedCluster;

static META: Meta = Meta {
    id: "FL612",
    name: "shared-cluster",
    summary: "One cluster runs services of several environments",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "`ecs:cluster` is the one condition that many calls have, `ecs:RunTask` and `ecs:ListTasks` among them; \
          where environments share a cluster it cannot tell them apart.",
    remediation: "Give each environment its own cluster",
    example: r#"{"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/main", "clusterName": "main", "tags": []}],
 "services": [
  {"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/main/web-prod", "serviceName": "web-prod", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/main",
   "tags": [{"key": "Environment", "value": "prod"}]},
  {"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/main/web-qa", "serviceName": "web-qa", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/main",
   "tags": [{"key": "Environment", "value": "qa"}]}]}"#,
    limits: "Where a cluster has an environment and few of its services differ, these are mistakes for FL024 to \
          report.",
    peers: &[],
};

impl Rule for SharedCluster {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            findings.list(&META, region, &region.inventory.services);
            for cluster in findings.list(&META, region, &region.inventory.clusters) {
                if !region.is_shared(facts, cluster) {
                    continue;
                }
                let of_cluster = region.services_of(facts, cluster);
                let environments = distinct(of_cluster.iter().map(|(one, _)| *one));
                let names = listed(environments.iter().map(|one| one.name.as_str()));
                let message =
                    format!("cluster `{}` runs services of {names}", cluster.cluster_name);
                let mut draft = META.at_resource(facts, &Summary::of(cluster), message);
                for environment in &environments {
                    let own = of_cluster.iter().filter(|(one, _)| one.name == environment.name);
                    let own = listed(own.map(|(_, service)| service.service_name.as_str()).take(5));
                    draft = draft.evidence(format!("{own} of `{}`", environment.name));
                }
                findings.report(worst(&environments).into_iter().fold(draft, Draft::to));
            }
        }
    }
}
