//! FL721.

use jiff::civil::Date;

use super::{Findings, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::source::Place;

/// What this version knows of AWS is old.
#[derive(Debug)]
pub(super) struct StaleActionData;

static META: Meta = Meta {
    id: "FL721",
    name: "stale-action-data",
    summary: "What this version knows of AWS's actions is old",
    severity: Severity::Informational,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[],
    criteria: &["CC4.1"],
    why: "AWS adds actions and condition keys every week. An action that came after the data is not looked for, \
          so that a way into another environment may stay unseen.",
    remediation: "Update fortem-lint",
    example: "",
    limits: "Age is all it looks at: it does not know what AWS has added since.",
    peers: &["parliament: stale action data"],
};

/// How many days are long.
const OLD: i32 = 90;

impl Rule for StaleActionData {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_data(&self, today: Date, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let date = facts.reference.date().split('T').next().unwrap_or_default();
        if facts.reference.days_old(today).is_some_and(|days| days > OLD) {
            let place = Place { source: 0, range: 0..0, pointer: "/date".to_owned() };
            let message =
                format!("the service authorization reference is more than {OLD} days old");
            findings.report(META.at(place, message).evidence(format!("it is of {date}")));
        }
    }
}
