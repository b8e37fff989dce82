//! FL720.

use jiff::civil::Date;

use super::{Findings, Meta, Rule};
use crate::finding::{Confidence, Persona, Severity};
use crate::ignore::Assessed;
use crate::source::Place;

/// An entry of the ignore file that is out of date.
#[derive(Debug)]
pub(super) struct StaleIgnore;

static META: Meta = Meta {
    id: "FL720",
    name: "stale-ignore",
    summary: "An ignore has expired, matches nothing, or has no reason",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[],
    criteria: &["CC4.1"],
    why: "A fault that was accepted for a while is accepted for ever if nobody asks again, and an ignore that \
          matches nothing today hides the fault that somebody makes tomorrow.",
    remediation: "Mend the fault and delete the entry, or accept it anew with a reason and a later date",
    example: "",
    limits: "That an entry matches nothing is said only where all its rules were judged on its account and \
             every input could be read.",
    peers: &[],
};

impl Rule for StaleIgnore {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_ignores(&self, ignores: &[Assessed<'_>], today: Date, findings: &mut Findings<'_>) {
        for one in ignores {
            let Some(message) = fault(one, today) else { continue };
            let pointer = format!("/ignore/{}", one.index);
            let draft = META.at(Place { source: 0, range: one.ignore.range(), pointer }, message);
            let is_needless = one.matches == 0 && one.is_judged;
            findings.report(if is_needless {
                draft.remediation("Delete the entry")
            } else {
                draft
            });
        }
    }
}

fn fault(one: &Assessed<'_>, today: Date) -> Option<String> {
    let (rule, expires) = (one.ignore.rule(), one.ignore.expires());
    if one.ignore.is_expired(today) {
        let again = match one.counting {
            0 if one.matches == 0 && one.is_judged => ", and matches nothing".to_owned(),
            0 => String::new(),
            1 => ", so that a finding counts again".to_owned(),
            many => format!(", so that {many} findings count again"),
        };
        return Some(format!("the ignore of `{rule}` expired after {expires}{again}"));
    }
    if let Some(field) = one.ignore.blank() {
        return Some(format!(
            "the ignore of `{rule}` has a blank `{field}`, so that it counts for nothing"
        ));
    }
    (one.matches == 0 && one.is_judged)
        .then(|| format!("the ignore of `{rule}` matches no finding"))
}
