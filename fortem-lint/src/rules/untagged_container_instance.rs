//! FL005.

use super::untagged;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};

/// A host or capacity provider without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedContainerInstance;

static META: Meta = Meta {
    id: "FL005",
    name: "untagged-container-instance",
    summary: "A container instance or capacity provider has no environment tag",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Draining a host, and listing what runs on it, is scoped by the tag of the container instance; changing \
          how hosts are made, by that of the capacity provider.",
    remediation: "Tag it; set `ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM=ec2_instance` so that hosts get the tags \
          of their instances",
    example: r#"{"containerInstances": [{"containerInstanceArn": "arn:aws:ecs:eu-west-1:111122223333:container-instance/hosts/0a1b", "status": "ACTIVE", "tags": []}]}"#,
    limits: "The capacity providers of Fargate cannot be tagged and are left out.",
    peers: &[],
};

impl Rule for UntaggedContainerInstance {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let instances =
                findings.list(&META, region, &region.inventory.container_instances).iter();
            untagged::report(&META, facts, region, findings, instances, |one| {
                let cluster = one.container_instance_arn.split('/').nth(1).unwrap_or_default();
                facts.environment_named(cluster)
            });
            let providers =
                findings.list(&META, region, &region.inventory.capacity_providers).iter();
            let own = providers.filter(|one| !one.name.starts_with("FARGATE"));
            untagged::report(&META, facts, region, findings, own, |one| {
                facts.environment_named(&one.name)
            });
        }
    }
}
