//! FL616.

use super::Draft;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// Services with public addresses.
#[derive(Debug)]
pub(super) struct PublicIp;

static META: Meta = Meta {
    id: "FL616",
    name: "public-ip",
    summary: "Tasks of a service get public addresses",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.6"],
    why: "A task with a public address is reached past load balancer and firewall wherever its security group lets \
          one, in production and elsewhere.",
    remediation: "Set `assignPublicIp` to `DISABLED` and use private subnets with endpoints or a NAT gateway",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod",
  "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED", "subnets": ["subnet-1"]}}}]}"#,
    limits: "Whether the security group lets anybody in is not known.",
    peers: &["Security Hub: ECS.2", "Prowler", "Checkov: CKV_AWS_333"],
};

impl Rule for PublicIp {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for service in findings.list(&META, region, &region.inventory.services) {
                let network = service.network_configuration.as_ref();
                let network = network.and_then(|one| one.awsvpc_configuration.as_ref());
                let public =
                    network.and_then(|one| one.assign_public_ip.as_deref()) == Some("ENABLED");
                if service.is_active() && public {
                    let message =
                        format!("tasks of service `{}` get public addresses", service.service_name);
                    let draft = META.at_resource(facts, &Summary::of(service), message);
                    let environment = region.environment_of_service(facts, service);
                    findings.report(environment.into_iter().fold(draft, Draft::to));
                }
            }
        }
    }
}
