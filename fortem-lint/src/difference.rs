//! What is new and what is mended between two JSON reports.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::comparison::{Comparison, Known, Scope};
use crate::finding::Severity;
use crate::report::REPORT_SCHEMA;
use crate::rules::{self, Input};

/// What became of the findings of a report in a later one.
#[derive(Debug, Serialize)]
pub struct Difference {
    schema: &'static str,
    /// Findings that were not there, or that have become worse.
    pub new: Vec<Known>,
    /// Findings that are gone, though they were looked for.
    pub fixed: Vec<Known>,
    /// Findings that are accepted since.
    pub suppressed: Vec<Known>,
    /// Findings that the later report could not have found: by other rules, in other inputs.
    pub not_judged: Vec<Known>,
    /// The number of findings in both.
    pub unchanged: usize,
    /// Whether something could not be judged in the later report.
    pub incomplete: bool,
}

/// Why a text is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DifferenceError {
    /// It is not JSON, or has another shape.
    #[error("is no report of `--format json`: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is of another version.
    #[error("is of the shape `{0}`, expected `{REPORT_SCHEMA}`")]
    Version(String),
}

/// A report, as far as it is compared.
#[derive(Debug, Deserialize)]
pub struct Run {
    schema: String,
    findings: Vec<Known>,
    #[serde(default)]
    suppressed: Vec<Known>,
    baseline: Option<Baseline>,
    not_assessed: Vec<Gap>,
    inputs: Vec<File>,
    summary: Summary,
}

#[derive(Debug, Deserialize)]
struct Baseline {
    known: Vec<Known>,
}

#[derive(Debug, Deserialize)]
struct Gap {
    incomplete: bool,
}

#[derive(Debug, Deserialize)]
struct File {
    file: String,
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Summary {
    rules: BTreeSet<String>,
    available: Vec<Input>,
    accounts: BTreeSet<String>,
    min_severity: Option<Severity>,
}

impl Run {
    /// Reads a report.
    ///
    /// # Errors
    ///
    /// [`DifferenceError::Shape`] if it is none, [`DifferenceError::Version`] if it is of another version.
    pub fn read(text: &str) -> Result<Self, DifferenceError> {
        let mut run: Self = serde_json::from_str(text)?;
        if run.schema != REPORT_SCHEMA {
            return Err(DifferenceError::Version(run.schema));
        }
        // What was known then is at fault all the same.
        run.findings.extend(run.baseline.take().into_iter().flat_map(|one| one.known));
        Ok(run)
    }

    fn scope(&self) -> Scope {
        let has_input = |id: &&String| {
            rules::find(id).is_none_or(|rule| {
                rule.meta().needs.iter().all(|need| self.summary.available.contains(need))
            })
        };
        let read = self.inputs.iter().filter(|one| one.kind != "unknown");
        Scope {
            rules: self.summary.rules.iter().filter(has_input).cloned().collect(),
            accounts: self.summary.accounts.clone(),
            files: read.map(|one| one.file.clone()).collect(),
            min_severity: self.summary.min_severity,
            is_incomplete: self.not_assessed.iter().any(|gap| gap.incomplete),
        }
    }
}

impl Difference {
    /// What changed between two runs.
    #[must_use]
    pub fn between(earlier: &Run, later: &Run) -> Self {
        let Comparison { is_known, gone } = Comparison::of(&earlier.findings, &later.findings);
        let gone: Vec<Known> = gone.into_iter().cloned().collect();
        // What was accepted all along is neither new nor mended.
        let accepted = Comparison::of(&gone, &later.suppressed);
        let is_gone = |one: &Known| accepted.gone.iter().any(|other| std::ptr::eq(*other, one));
        let scope = later.scope();
        let (mut fixed, mut suppressed, mut not_judged) = (Vec::new(), Vec::new(), Vec::new());
        for one in &gone {
            let list = if !is_gone(one) {
                &mut suppressed
            } else if scope.covers(one) && !scope.is_incomplete {
                &mut fixed
            } else {
                &mut not_judged
            };
            list.push(one.clone());
        }
        let new = later.findings.iter().zip(&is_known).filter(|(_, known)| !**known);
        Self {
            schema: "fortem-lint-diff/1",
            new: new.map(|(one, _)| one.clone()).collect(),
            fixed,
            suppressed,
            not_judged,
            unchanged: is_known.iter().filter(|known| **known).count(),
            incomplete: scope.is_incomplete,
        }
    }

    /// The highest severity of what is new.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.new.iter().map(|one| one.severity).max()
    }
}
