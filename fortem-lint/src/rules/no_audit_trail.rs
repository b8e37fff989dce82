//! FL613.

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::snapshot::Summary;

/// Accounts whose calls are not recorded.
#[derive(Debug)]
pub(super) struct NoAuditTrail;

static META: Meta = Meta {
    id: "FL613",
    name: "no-audit-trail",
    summary: "No trail records all Regions with signed files",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Auditor,
    needs: &[Input::Resources],
    criteria: &["CC7.2", "CC7.3"],
    why: "Without a record of calls nobody can show who changed what in which environment.",
    remediation: "Create a trail for all Regions with validation of log files, best one for the Organization",
    example: r#"{"schema": "fortem-inventory", "region": "eu-west-1", "trails": [{"Name": "main", "TrailARN": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main",
  "IsMultiRegionTrail": false, "LogFileValidationEnabled": true, "IsLogging": true}]}"#,
    limits: "For auditors alone: it says nothing about environments, and other tools report it.",
    peers: &["Security Hub: CloudTrail.1", "Prowler"],
};

impl Rule for NoAuditTrail {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut first = None;
        for region in &facts.regions {
            let trails = findings.list(&META, region, &region.inventory.trails);
            if trails.iter().any(|one| {
                one.is_multi_region_trail == Some(true)
                    && one.log_file_validation_enabled == Some(true)
                    && one.is_logging != Some(false)
            }) {
                return;
            }
            // Of a list that was read in part, the rest may have the trail.
            if region.inventory.trails.is_some() && !region.lacks(&region.inventory.trails) {
                first = first.or(Some((region, trails.first())));
            }
        }
        let Some((region, trail)) = first else { return };
        let message =
            format!("no trail of {} covers all Regions with signed files", region.label());
        findings.report(match trail {
            Some(trail) => META.at_resource(facts, &Summary::of(trail), message),
            None => META.at(facts.place_in(None, &[]), message),
        });
    }
}
