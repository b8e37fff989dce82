//! FL606.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// The account settings for long ARNs.
#[derive(Debug)]
pub(super) struct LongArnOff;

static META: Meta = Meta {
    id: "FL606",
    name: "long-arn-off",
    summary: "New services, tasks or hosts get ARNs of the old format",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "Resources with the old, short ARN cannot be tagged, and ARN patterns by cluster do not match them.",
    remediation: "Switch it on for the account: `aws ecs put-account-setting-default --name serviceLongArnFormat \
          --value enabled`, and so on for the others",
    example: r#"{"schema": "fortem-inventory", "region": "eu-west-1", "accountSettings": [{"name": "taskLongArnFormat", "value": "disabled"}]}"#,
    limits: "Settings of single principals are taken for the account's.",
    peers: &[],
};

impl Rule for LongArnOff {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        const SETTINGS: [&str; 3] =
            ["serviceLongArnFormat", "taskLongArnFormat", "containerInstanceLongArnFormat"];
        for region in &facts.regions {
            for setting in findings.list(&META, region, &region.inventory.account_settings) {
                if SETTINGS.contains(&setting.name.as_str()) && setting.value == "disabled" {
                    let message = format!("`{}` is disabled in {}", setting.name, region.label());
                    findings.report(META.at_resource(facts, &Summary::of(setting), message));
                }
            }
        }
    }
}
