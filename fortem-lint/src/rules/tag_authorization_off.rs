//! FL605.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// The account setting that guards tags on creation.
#[derive(Debug)]
pub(super) struct TagAuthorizationOff;

static META: Meta = Meta {
    id: "FL605",
    name: "tag-authorization-off",
    summary: "Tags may be set while resources are created without the right to tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1", "CC8.1"],
    why: "With `tagResourceAuthorization` off, ECS does not ask for `ecs:TagResource` when a creating call sends \
          tags, so rules about who may set the environment's tag are not asked.",
    remediation: "Switch it on for the account: `aws ecs put-account-setting-default --name \
          tagResourceAuthorization --value on`",
    example: r#"{"schema": "fortem-inventory", "region": "eu-west-1", "accountSettings": [{"name": "tagResourceAuthorization", "value": "off"}]}"#,
    limits: "An account that never set it has it on (ECS developer guide, account settings, 2026-09).",
    peers: &[],
};

impl Rule for TagAuthorizationOff {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            for setting in findings.list(&META, region, &region.inventory.account_settings) {
                if setting.name == "tagResourceAuthorization"
                    && matches!(setting.value.as_str(), "off" | "disabled")
                {
                    let message =
                        format!("`tagResourceAuthorization` is off in {}", region.label());
                    findings.report(META.at_resource(facts, &Summary::of(setting), message));
                }
            }
        }
    }
}
