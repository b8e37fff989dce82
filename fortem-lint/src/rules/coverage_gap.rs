//! FL508.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Region};
use crate::finding::{Confidence, Persona, Severity};
use crate::source::Place;

/// A part of an account that was not read.
#[derive(Debug)]
pub(super) struct CoverageGap;

static META: Meta = Meta {
    id: "FL508",
    name: "coverage-gap",
    summary: "A part of the account could not be read",
    severity: Severity::Informational,
    confidence: Confidence::High,
    persona: Persona::Auditor,
    needs: &[Input::Resources],
    criteria: &["CC4.1", "CC7.1"],
    why: "Where nothing was read nothing is found, and that is no evidence that nothing is wrong.",
    remediation: "Give the role that collects the calls that failed, and take the snapshot again",
    example: r#"In `snapshot.json`: {"unread": [{"account": "111122223333", "region": "eu-west-1", "service": "ecs", "call": "ListTasks", "reason": "AccessDeniedException"}]}"#,
    limits: "Every report lists the same under what was not assessed, and the exit code is 3 if nothing is found \
             otherwise; the finding is for whoever keeps findings as evidence. Regions that nobody asked for are not \
             missed.",
    peers: &[],
};

/// What is missing of one Region, or of what has no Region.
#[derive(Default)]
struct Gap {
    place: Option<Place>,
    what: BTreeSet<String>,
    facts: Vec<String>,
}

impl Rule for CoverageGap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for (region, gap) in gaps(facts) {
            let what = gap.what.into_iter().collect::<Vec<_>>().join(", ");
            let message = match region {
                "" => format!("what the account has outside Regions was not read in full: {what}"),
                _ => format!("`{region}` was not read in full: {what}"),
            };
            let place = gap.place.unwrap_or_else(|| facts.place_in(None, &[]));
            let draft = META.at(place, message).resource(region);
            findings.report(gap.facts.into_iter().fold(draft, super::Draft::evidence));
        }
    }
}

/// The gaps by Region; what has no Region is under the empty name.
fn gaps<'u>(facts: &Facts<'u>) -> BTreeMap<&'u str, Gap> {
    let mut gaps: BTreeMap<&str, Gap> = BTreeMap::new();
    for one in &facts.unit.unread {
        let gap = gaps.entry(&one.region).or_default();
        gap.place = gap.place.take().or_else(|| one.place.clone());
        if one.call.is_empty() {
            gap.what.insert(one.reason.clone());
        } else {
            let call = format!("`{}:{}`", one.service, one.call);
            gap.facts.push(format!("{call} failed: {}", one.reason));
            gap.what.insert(call);
        }
    }
    for region in facts.regions.iter().filter(|one| one.is_whole) {
        let absent = region.inventory.absent();
        if absent.is_empty() {
            continue;
        }
        let gap = gaps.entry(region.inventory.region.as_deref().unwrap_or_default()).or_default();
        gap.place = gap.place.take().or_else(|| file_of(facts, region));
        gap.facts.push(format!("its file does not have the lists {}", absent.join(", ")));
        gap.what.insert(match absent.as_slice() {
            [one] => format!("the list `{one}`"),
            many => format!("{} lists", many.len()),
        });
    }
    gaps
}

/// The beginning of the file of a Region.
fn file_of(facts: &Facts<'_>, region: &Region<'_>) -> Option<Place> {
    let name = format!("/{}.json", region.inventory.region.as_deref()?);
    let source = facts.unit.sources.iter().position(|one| one.name().ends_with(&name))?;
    Some(Place { source, range: 0..0, pointer: String::new() })
}
