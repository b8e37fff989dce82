//! Findings that were there before: those of a file count no more, new ones do.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::check::Report;
use crate::comparison::{Comparison, Known, Scope};
use crate::finding::Finding;

/// Names the shape of the file, and its version.
const SCHEMA: &str = "fortem-lint-baseline/1";

/// The findings of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    schema: String,
    findings: Vec<Known>,
}

/// What a baseline changes in a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Against {
    /// Findings that were there before.
    pub known: Vec<Finding>,
    /// Findings that were there before and are mended.
    pub fixed: Vec<Known>,
}

/// Why a file is no baseline.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It is not JSON, or has another shape.
    #[error("is no baseline: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is of another version.
    #[error("is of the shape `{0}`, expected `{SCHEMA}`")]
    Version(String),
}

impl Baseline {
    /// The findings that a report does not suppress, known ones among them, by place.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut findings: Vec<Known> = report.open().map(Known::from).collect();
        findings.sort_by(|a, b| {
            let key = |one: &Known| (one.file.clone(), one.rule.clone(), one.fingerprint.clone());
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        Self { schema: SCHEMA.to_owned(), findings }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Shape`] if it is none, [`BaselineError::Version`] if it is of another version.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let baseline: Self = serde_json::from_str(text)?;
        if baseline.schema == SCHEMA {
            Ok(baseline)
        } else {
            Err(BaselineError::Version(baseline.schema))
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    ///
    /// None that can happen: there is nothing in it that JSON cannot hold.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// Takes what was there before out of the findings of a report, and notes what is mended.
    pub fn apply(&self, report: &mut Report) {
        let later: Vec<Known> = report.findings.iter().map(Known::from).collect();
        let accepted = report.suppressed.iter().map(|one| Known::from(&one.finding));
        let all: Vec<Known> = later.iter().cloned().chain(accepted).collect();
        let Comparison { is_known, .. } = Comparison::of(&self.findings, &later);
        // What is accepted now is not mended.
        let gone = Comparison::of(&self.findings, &all).gone;
        let scope = Scope::of(report);
        let fixed = gone.into_iter().filter(|one| !scope.is_incomplete && scope.covers(one));
        let fixed = fixed.cloned().collect();
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for (finding, is_known) in std::mem::take(&mut report.findings).into_iter().zip(is_known) {
            if is_known { &mut known } else { &mut new }.push(finding);
        }
        report.findings = new;
        report.baseline = Some(Against { known, fixed });
    }
}
