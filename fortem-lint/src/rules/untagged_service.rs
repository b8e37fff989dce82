//! FL002.

use super::untagged;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};

/// A service without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedService;

static META: Meta = Meta {
    id: "FL002",
    name: "untagged-service",
    summary: "A service has no environment tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "A production service without the tag slips a Deny on the tag, so whoever has a broader grant restarts, \
          scales or redeploys it; a staging service without it is closed to the people of staging.",
    remediation: "Tag the service, and set `propagateTags` to `SERVICE` so that its tasks get the tag",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/fleet-prod/web", "serviceName": "web",
  "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod", "status": "ACTIVE", "tags": []}]}"#,
    limits: "Services that are deleted but still listed as `INACTIVE` are left out.",
    peers: &["Security Hub: ECS.13"],
};

impl Rule for UntaggedService {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let services = findings.list(&META, region, &region.inventory.services).iter();
            let active = services.filter(|one| one.is_active());
            untagged::report(&META, facts, region, findings, active, |one| {
                region.environment_of_service(facts, one)
            });
        }
    }
}
