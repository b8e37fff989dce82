//! What is new and what is gone between two runs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::check::Report;
use crate::finding::{Finding, Severity};
use crate::input::Kind;
use crate::report::judged;
use crate::rules;

/// A finding, as far as it is told apart and shown in another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What identifies it.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// How bad it was.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The account, if known.
    pub account: Option<String>,
    /// The principal, if it is about one.
    pub principal: Option<String>,
    /// The input.
    pub file: String,
}

/// What became of the findings of an earlier run.
#[derive(Debug, Default)]
pub struct Comparison<'k> {
    /// Of each later finding, whether it was there before.
    pub is_known: Vec<bool>,
    /// Earlier findings that are gone.
    pub gone: Vec<&'k Known>,
}

impl From<&Finding> for Known {
    fn from(finding: &Finding) -> Self {
        Self {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.to_owned(),
            severity: finding.severity,
            message: finding.message.clone(),
            account: finding.account.clone(),
            principal: finding.principal.clone(),
            file: finding.file.clone(),
        }
    }
}

impl<'k> Comparison<'k> {
    /// Compares findings. A finding that has become worse is new; of several with one fingerprint, those beyond the
    /// earlier number are.
    #[must_use]
    pub fn of(earlier: &'k [Known], later: &[Known]) -> Self {
        let mut open: Vec<Option<&Known>> = earlier.iter().map(Some).collect();
        let mut places: std::collections::HashMap<&str, Vec<usize>> =
            std::collections::HashMap::new();
        for (at, one) in earlier.iter().enumerate() {
            places.entry(one.fingerprint.as_str()).or_default().push(at);
        }
        let mut is_known = vec![false; later.len()];
        // Those that say the same are paired first, so that what is called new is what is said anew.
        for same_words in [true, false] {
            for (one, known) in later.iter().zip(&mut is_known).filter(|(_, known)| !**known) {
                let places = places.get(one.fingerprint.as_str()).map(Vec::as_slice);
                let pair = places.unwrap_or_default().iter().find(|at| {
                    open.get(**at).copied().flatten().is_some_and(|old| {
                        one.severity <= old.severity && (!same_words || one.message == old.message)
                    })
                });
                if let Some(slot) = pair.and_then(|at| open.get_mut(*at)) {
                    *slot = None;
                    *known = true;
                }
            }
        }
        let worse: BTreeSet<&str> = later
            .iter()
            .zip(&is_known)
            .filter(|(_, known)| !**known)
            .map(|(one, _)| one.fingerprint.as_str())
            .collect();
        let gone = open.into_iter().flatten();
        let gone = gone.filter(|one| !worse.contains(one.fingerprint.as_str())).collect();
        Self { is_known, gone }
    }
}

/// What a run looked at; only there is a finding that is gone also mended.
#[derive(Debug, Default)]
pub struct Scope {
    /// Ids of the rules that were judged.
    pub rules: BTreeSet<String>,
    /// Accounts of the inputs.
    pub accounts: BTreeSet<String>,
    /// Inputs that could be read.
    pub files: BTreeSet<String>,
    /// The mildest severity that is told; all if none.
    pub min_severity: Option<Severity>,
    /// Whether something could not be judged.
    pub is_incomplete: bool,
}

impl Scope {
    /// What a report looked at.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let rules = rules::all().iter().map(|rule| rule.meta());
        let read = report.inputs.iter().filter(|input| input.kind != Kind::Unknown);
        Self {
            rules: rules
                .filter(|meta| judged(meta, report))
                .map(|meta| meta.id.to_owned())
                .collect(),
            accounts: report.summary.accounts.iter().cloned().collect(),
            files: read.map(|input| input.file.clone()).collect(),
            min_severity: report.summary.min_severity,
            is_incomplete: report.is_incomplete(),
        }
    }

    /// Whether a finding of an earlier run would have been found again.
    #[must_use]
    pub fn covers(&self, earlier: &Known) -> bool {
        let place = match &earlier.account {
            Some(account) => self.accounts.contains(account),
            None => self.files.contains(&earlier.file),
        };
        place
            && self.rules.contains(&earlier.rule)
            && self.min_severity.is_none_or(|least| earlier.severity >= least)
    }
}
