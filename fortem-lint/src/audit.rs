//! A check with its terms: what is accepted, what was there before, and which day it is.

use std::convert::Infallible;

use fortem_compile::reference::Reference;
use jiff::civil::Date;

use crate::baseline::Baseline;
use crate::check::{Judgement, Report, Selection, sort};
use crate::environments::Environments;
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::ignore::Ignores;
use crate::input::{Input, NotAssessed};
use crate::organization::Organization;
use crate::rules::{self, Findings, Rule};
use crate::source::Source;
use crate::unit::Unit;

/// Under which terms units are judged.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a> {
    /// The environments.
    pub environments: &'a Environments,
    /// The Organization, if it was read.
    pub organization: Option<&'a Organization>,
    /// What AWS says of its API actions.
    pub reference: &'static Reference,
    /// Which findings are wanted.
    pub selection: &'a Selection,
    /// The day on which ignores are in force or not; no clock is looked at.
    pub today: Date,
    /// What is accepted.
    pub ignores: Option<&'a Ignores>,
    /// What was there before.
    pub baseline: Option<&'a Baseline>,
}

/// The name under which findings show the built-in data.
const DATA: &str = "service-reference.json";

impl Audit<'_> {
    /// Judges units that were read from `inputs`, with what could not be read.
    #[must_use]
    pub fn run(&self, units: &[Unit], inputs: Vec<Input>, unread: Vec<NotAssessed>) -> Report {
        let once = std::iter::once(Ok::<_, Infallible>((units, inputs, unread)));
        let Ok(report) = self.run_each(once);
        report
    }

    /// Judges units as they are read, each time those that came together; what was judged is given back before the next
    /// are asked for.
    ///
    /// # Errors
    ///
    /// The first of those that reading gives.
    pub fn run_each<U: AsRef<[Unit]>, E>(
        &self,
        readings: impl IntoIterator<Item = Result<(U, Vec<Input>, Vec<NotAssessed>), E>>,
    ) -> Result<Report, E> {
        // An ignore may be for a finding that is too mild to be told, and is needed all the same.
        let all = Selection { min_severity: None, ..self.selection.clone() };
        let mut judgement =
            Judgement::new(self.environments, self.organization, self.reference, &all);
        let (mut inputs, mut unread) = (Vec::new(), Vec::new());
        for reading in readings {
            let (units, read, not_read) = reading?;
            judgement.add(units.as_ref());
            inputs.extend(read);
            unread.extend(not_read);
        }
        Ok(self.conclude(judgement.finish(), inputs, unread))
    }

    /// The report of what was judged under the terms.
    fn conclude(&self, mut report: Report, inputs: Vec<Input>, unread: Vec<NotAssessed>) -> Report {
        report.inputs = inputs;
        report.not_assessed = unread.into_iter().chain(report.not_assessed).collect();
        report.findings.extend(self.data());
        if let Some(ignores) = self.ignores {
            let stale = self.ignores(ignores, &mut report);
            report.findings.extend(stale);
        }
        report.summary.min_severity = self.selection.min_severity;
        let least = self.selection.min_severity.unwrap_or(Severity::Informational);
        report.findings.retain(|one| one.severity >= least);
        report.suppressed.retain(|one| one.finding.severity >= least);
        sort(&mut report.findings);
        if let Some(baseline) = self.baseline {
            baseline.apply(&mut report);
        }
        report.count();
        report
    }

    fn rules(&self) -> impl Iterator<Item = &'static dyn Rule> {
        rules::all().iter().copied().filter(|rule| self.selection.takes(*rule))
    }

    fn data(&self) -> Vec<Finding> {
        let unit = Unit { sources: vec![Source::new(DATA, String::new())], ..Unit::default() };
        let facts = self.facts(&unit);
        let mut findings = Findings::new(&facts);
        self.rules().for_each(|rule| rule.check_data(self.today, &facts, &mut findings));
        findings.into_vec()
    }

    fn ignores(&self, ignores: &Ignores, report: &mut Report) -> Vec<Finding> {
        let source = ignores.source();
        let source = Source::new(source.name(), source.text().to_owned());
        let unit = Unit { sources: vec![source], ..Unit::default() };
        let facts = self.facts(&unit);
        let mut findings = Findings::new(&facts);
        let assessed = ignores.apply(report, self.today);
        self.rules().for_each(|rule| rule.check_ignores(&assessed, self.today, &mut findings));
        findings.into_vec()
    }

    fn facts<'u>(&'u self, unit: &'u Unit) -> Facts<'u> {
        Facts::of(unit, self.environments, None, self.reference)
    }
}
