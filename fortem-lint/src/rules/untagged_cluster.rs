//! FL001.

use super::untagged;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};

/// A cluster without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedCluster;

static META: Meta = Meta {
    id: "FL001",
    name: "untagged-cluster",
    summary: "A cluster has no environment tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Neither a grant for its environment nor the Deny that guards production matches a cluster without the \
          tag, and `ecs:ExecuteCommand`, which looks at cluster and task, fails on it for those who should have \
          it.",
    remediation: "Tag the cluster: `aws ecs tag-resource --resource-arn ARN --tags key=Environment,value=NAME`",
    example: r#"{"clusters": [{"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-qa", "clusterName": "fleet-qa", "status": "ACTIVE", "tags": []}]}"#,
    limits: "Where tags were not read the rule is not judged.",
    peers: &["Security Hub: ECS.14"],
};

impl Rule for UntaggedCluster {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let clusters = findings.list(&META, region, &region.inventory.clusters).iter();
            let active = clusters.filter(|one| one.status.as_deref() != Some("INACTIVE"));
            untagged::report(&META, facts, region, findings, active, |one| {
                facts.environment_named(&one.cluster_name)
            });
        }
    }
}
