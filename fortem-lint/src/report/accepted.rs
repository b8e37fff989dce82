//! Findings that are accepted, by why they are.

use std::collections::BTreeMap;

use super::count;
use crate::check::Report;
use crate::finding::Finding;
use crate::ignore::Suppression;

/// The accepted findings of a report, by reason, owner and last day.
pub(super) fn by_reason(report: &Report) -> BTreeMap<&Suppression, Vec<&Finding>> {
    let mut reasons: BTreeMap<&Suppression, Vec<&Finding>> = BTreeMap::new();
    for one in &report.suppressed {
        reasons.entry(&one.suppression).or_default().push(&one.finding);
    }
    reasons
}

/// `by platform until 2027-03-31: one team runs both`.
pub(super) fn in_words(suppression: &Suppression) -> String {
    let Suppression { reason, owner, expires } = suppression;
    format!("by {owner} until {expires}: {reason}")
}

/// Whom or what a finding is about: the principal, or else the input.
pub(super) fn subject(finding: &Finding) -> &str {
    finding.principal.as_deref().unwrap_or(&finding.file)
}

/// What was known before and what is mended since: `3 known findings, 1 fixed`; none without a baseline.
pub(super) fn against(report: &Report) -> Option<String> {
    let baseline = report.baseline.as_ref()?;
    let known = count(baseline.known.len(), "known finding", "known findings");
    Some(format!("{known} not listed, {} fixed since", baseline.fixed.len()))
}
