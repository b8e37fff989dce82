//! What the report can vouch for: rules that were judged, and criteria that follow from them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::count;
use crate::check::Report;
use crate::finding::Severity;
use crate::rules::{self, Input, Meta};

/// The criteria that rules bear on (AICPA Trust Services Criteria of 2017, points of focus of 2022), in short words of
/// our own.
const TITLES: &[(&str, &str)] = &[
    ("A1.2", "Environments and recovery are safeguarded"),
    ("C1.1", "Confidential information is protected"),
    ("CC4.1", "Controls are evaluated"),
    ("CC6.1", "Logical access is restricted"),
    ("CC6.2", "Access is given and withdrawn in order"),
    ("CC6.3", "Access follows roles and least privilege"),
    ("CC6.6", "Access from outside is restricted"),
    ("CC6.8", "Unauthorised software is kept out"),
    ("CC7.1", "Changes of configuration are noticed"),
    ("CC7.2", "Operations are monitored"),
    ("CC7.3", "Security events are evaluated"),
    ("CC8.1", "Changes are authorised"),
];

/// What a criterion is about; empty if it is not known here.
pub(crate) fn title(criterion: &str) -> &'static str {
    TITLES.iter().find(|(id, _)| *id == criterion).map_or("", |(_, title)| title)
}

/// What the inputs tell about a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    /// Every rule that could be judged is content.
    Pass,
    /// There are findings.
    Fail,
    /// What was found is accepted, with a reason and for a time.
    Accepted,
    /// Nothing could be judged, or not all of it.
    NotAssessed,
}

impl Verdict {
    /// The words in every output.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Accepted => "accepted",
            Self::NotAssessed => "not assessed",
        }
    }
}

/// A criterion, and what the report says of it.
#[derive(Debug, Serialize)]
pub(super) struct Criterion {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) verdict: Verdict,
    /// The rules that were judged, by id.
    pub(super) rules: Vec<&'static str>,
    /// The rules that want another input.
    pub(super) rules_without_input: Vec<&'static str>,
    /// The number of findings that bear on it.
    pub(super) findings: usize,
    pub(super) worst: Option<Severity>,
    /// The number of findings that bear on it and are accepted.
    pub(super) accepted: usize,
}

/// The rules that were run, in their order.
pub(super) fn rules_run(report: &Report) -> impl Iterator<Item = &'static Meta> + '_ {
    let run = rules::all().iter().map(|rule| rule.meta());
    run.filter(|meta| report.summary.rules.contains(&meta.id))
}

/// The inputs that a rule wants and that are not there.
pub(super) fn missing(meta: &Meta, report: &Report) -> Vec<Input> {
    let there = &report.summary.available;
    meta.needs.iter().copied().filter(|input| !there.contains(input)).collect()
}

/// Whether a rule was run, and had what it needs.
pub(crate) fn judged(meta: &Meta, report: &Report) -> bool {
    report.summary.rules.contains(&meta.id) && missing(meta, report).is_empty()
}

/// The rules that could not be judged, by what they want.
pub(super) fn without_input(report: &Report) -> BTreeMap<Vec<Input>, Vec<&'static str>> {
    let mut wanting: BTreeMap<Vec<Input>, Vec<&'static str>> = BTreeMap::new();
    for meta in rules_run(report) {
        let missing = missing(meta, report);
        if !missing.is_empty() {
            wanting.entry(missing).or_default().push(meta.id);
        }
    }
    wanting
}

/// How many of the rules that were run had what they need: `75 of 121 rules judged`.
pub(super) fn rules_judged(report: &Report) -> String {
    let all = rules_run(report).count();
    let judged = rules_run(report).filter(|meta| missing(meta, report).is_empty()).count();
    if judged == all {
        return format!("{} judged", count(all, "rule", "rules"));
    }
    format!("{judged} of {} judged", count(all, "rule", "rules"))
}

/// Inputs in words: `an account's users, roles and policies, and the Organization`.
pub(super) fn in_words(inputs: &[Input]) -> String {
    inputs.iter().map(|one| one.describe()).collect::<Vec<_>>().join(", and ")
}

/// All criteria that the rules which were run bear on, sorted.
pub(super) fn criteria(report: &Report) -> Vec<Criterion> {
    let mut criteria: BTreeMap<&'static str, Criterion> = BTreeMap::new();
    for meta in rules_run(report) {
        let judged = missing(meta, report).is_empty();
        for id in meta.criteria {
            let criterion = criteria.entry(id).or_insert_with(|| Criterion::unjudged(id));
            let list =
                if judged { &mut criterion.rules } else { &mut criterion.rules_without_input };
            list.push(meta.id);
        }
    }
    for finding in report.open() {
        for id in finding.criteria {
            let criterion = criteria.entry(id).or_insert_with(|| Criterion::unjudged(id));
            criterion.findings += 1;
            criterion.worst = criterion.worst.max(Some(finding.severity));
        }
    }
    for one in report.suppressed.iter().filter(|one| one.finding.severity >= Severity::Low) {
        for id in one.finding.criteria {
            criteria.entry(id).or_insert_with(|| Criterion::unjudged(id)).accepted += 1;
        }
    }
    let mut criteria: Vec<Criterion> = criteria.into_values().collect();
    for criterion in &mut criteria {
        criterion.conclude(report);
    }
    criteria
}

impl Criterion {
    fn unjudged(id: &'static str) -> Self {
        Self {
            id,
            title: title(id),
            verdict: Verdict::NotAssessed,
            rules: Vec::new(),
            rules_without_input: Vec::new(),
            findings: 0,
            worst: None,
            accepted: 0,
        }
    }

    /// What is only worth knowing fails nothing; what was not looked at, or left out of the report, passes nothing.
    fn conclude(&mut self, report: &Report) {
        let cut = report.summary.min_severity.is_some_and(|least| least > Severity::Low);
        self.verdict = if self.worst >= Some(Severity::Low) {
            Verdict::Fail
        } else if self.rules.is_empty() || report.is_incomplete() || cut {
            Verdict::NotAssessed
        } else if self.accepted > 0 {
            Verdict::Accepted
        } else {
            Verdict::Pass
        };
    }
}
