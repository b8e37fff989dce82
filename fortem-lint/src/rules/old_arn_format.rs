//! FL028.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::inventory::last_part;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// ARNs without the cluster.
#[derive(Debug)]
pub(super) struct OldArnFormat;

static META: Meta = Meta {
    id: "FL028",
    name: "old-arn-format",
    summary: "A service or task has an ARN of the old format",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Services and tasks with the old, short ARN cannot be tagged, and their ARNs do not name the cluster, so \
          neither tags nor ARN patterns tell their environment.",
    remediation: "Switch the long format on for the account, and create the service anew",
    example: r#"{"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/web", "serviceName": "web", "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/fleet-prod"}]}"#,
    limits: "Where neither services nor tasks were read the rule is not judged.",
    peers: &[],
};

impl Rule for OldArnFormat {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let services = findings.list(&META, region, &region.inventory.services).iter();
            let services = services.filter(|one| one.is_active()).map(Summary::of);
            let tasks = findings.list(&META, region, &region.inventory.tasks).iter();
            let tasks = tasks.filter(|one| one.is_running()).map(Summary::of);
            for one in services.chain(tasks) {
                let name = one.arn.splitn(6, ':').nth(5).unwrap_or_default();
                if name.split('/').count() == 2 {
                    let message = format!(
                        "{} `{}` has an ARN of the old format",
                        one.kind,
                        last_part(one.arn)
                    );
                    findings.report(META.at_resource(facts, &one, message));
                }
            }
        }
    }
}
