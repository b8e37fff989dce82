//! FL604.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// Services without the tags that ECS manages.
#[derive(Debug)]
pub(super) struct ManagedTagsOff;

static META: Meta = Meta {
    id: "FL604",
    name: "managed-tags-off",
    summary: "ECS does not tag the tasks of a service with its name and cluster",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC7.1"],
    why: "Without these tags neither cost reports nor an inventory by tags tell which service a task belongs to.",
    remediation: "Switch it on: `aws ecs update-service --enable-ecs-managed-tags --force-new-deployment`",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod",
  "enableECSManagedTags": false}]}"#,
    limits: "A service whose setting was not read is left out.",
    peers: &[],
};

impl Rule for ManagedTagsOff {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for service in findings.list(&META, region, &region.inventory.services) {
                if service.is_active() && service.enable_ecs_managed_tags == Some(false) {
                    let message = format!(
                        "service `{}` has `enableECSManagedTags` off",
                        service.service_name
                    );
                    let draft = META.at_resource(facts, &Summary::of(service), message);
                    let environment = region.environment_of_service(facts, service);
                    findings.report(environment.into_iter().fold(draft, Draft::to));
                }
            }
        }
    }
}
