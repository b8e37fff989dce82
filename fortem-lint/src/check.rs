//! Units in, a report out.

use fortem_compile::reference::Reference;
use rayon::prelude::*;
use serde::Serialize;

use crate::baseline::Against;
use crate::catalogue::{Calls, Catalogue};
use crate::environments::{Environments, Origin};
use crate::facts::matrix::{self, Matrix};
use crate::facts::{Facts, Subject};
use crate::finding::{Finding, Persona, Severity};
use crate::ignore::Suppressed;
use crate::input::{Input, NotAssessed};
use crate::organization::Organization;
use crate::rules::{self, Findings, Gaps, Input as Needed, Rule};
use crate::unit::Unit;

/// Which findings are wanted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Prefixes of rule ids, or names; all if empty.
    pub select: Vec<String>,
    /// Prefixes of rule ids, or names, that are left out.
    pub ignore: Vec<String>,
    /// The mildest severity.
    pub min_severity: Option<Severity>,
    /// For whom: rules of this persona and of those before it.
    pub persona: Option<Persona>,
    /// Whether the report tells who may do what in which environment.
    pub access: bool,
}

impl Selection {
    /// Whether a rule is wanted.
    #[must_use]
    pub fn takes(&self, rule: &dyn Rule) -> bool {
        let meta = rule.meta();
        let named = |words: &[String]| {
            words.iter().any(|word| {
                meta.id.to_ascii_uppercase().starts_with(&word.to_ascii_uppercase())
                    || meta.name == word
            })
        };
        let persona = self.persona.unwrap_or(Persona::Regular);
        (self.select.is_empty() || named(&self.select))
            && !named(&self.ignore)
            && meta.persona <= persona
    }
}

/// What a check found, and what it looked at.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Sorted by severity, worst first, then by place.
    pub findings: Vec<Finding>,
    /// What was not judged.
    pub not_assessed: Vec<NotAssessed>,
    /// What was read.
    pub inputs: Vec<Input>,
    /// Counts and origins.
    pub summary: Summary,
    /// Who may do what in which environment, if it was asked for.
    pub access: Option<Matrix>,
    /// The day or time for which the report speaks, as it was given.
    pub date: Option<String>,
    /// What was found and is accepted.
    pub suppressed: Vec<Suppressed>,
    /// What an earlier run had found already, and what is mended since; none if there is no earlier run to look at.
    pub baseline: Option<Against>,
}

/// Counts and origins of a report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Accounts in the inputs.
    pub accounts: Vec<String>,
    /// Users and roles judged.
    pub principals: usize,
    /// Roles that AWS made for its services; nobody can change them, and they are not judged.
    pub service_linked_roles: usize,
    /// Policy documents judged.
    pub policies: usize,
    /// Statements in them.
    pub statements: usize,
    /// The tag key of the environment.
    pub tag_key: String,
    /// The environments by name, production first.
    pub environments: Vec<String>,
    /// Whether the environments were guessed from the inputs.
    pub environments_inferred: bool,
    /// The date of the service authorization reference.
    pub reference_date: String,
    /// The rules that were run, by id.
    pub rules: Vec<&'static str>,
    /// What was there to judge; a rule that needs more was not judged.
    pub available: Vec<Needed>,
    /// The mildest severity that the report holds; all if none.
    pub min_severity: Option<Severity>,
    /// Findings that are accepted.
    pub suppressed: usize,
    /// Findings that an earlier run had already; none without one.
    pub known: Option<usize>,
    /// Findings of an earlier run that are mended; none without one.
    pub fixed: Option<usize>,
}

/// Judges units.
#[must_use]
pub fn check(
    units: &[Unit],
    environments: &Environments,
    organization: Option<&Organization>,
    reference: &'static Reference,
    selection: &Selection,
) -> Report {
    let mut judgement = Judgement::new(environments, organization, reference, selection);
    judgement.add(units);
    judgement.finish()
}

/// A check in the making: units are judged as they are read, and need not be held together.
pub(crate) struct Judgement<'a> {
    environments: &'a Environments,
    organization: Option<&'a Organization>,
    reference: &'static Reference,
    selection: &'a Selection,
    rules: Vec<(&'static dyn Rule, Calls)>,
    access: Matrix,
    gaps: Gaps,
    report: Report,
}

impl<'a> Judgement<'a> {
    pub(crate) fn new(
        environments: &'a Environments,
        organization: Option<&'a Organization>,
        reference: &'static Reference,
        selection: &'a Selection,
    ) -> Self {
        let rules: Vec<(&'static dyn Rule, Calls)> = rules::all()
            .iter()
            .copied()
            .filter(|rule| selection.takes(*rule))
            .map(|rule| (rule, Catalogue::builtin().set(rule.calls())))
            .collect();
        Self {
            environments,
            organization,
            reference,
            selection,
            rules,
            access: Matrix::of(environments),
            gaps: Gaps::default(),
            report: Report::default(),
        }
    }

    /// Judges some units, which are not needed after that.
    pub(crate) fn add<'u>(&mut self, units: impl IntoIterator<Item = &'u Unit>) {
        let units: Vec<&Unit> = units.into_iter().collect();
        let judged = units.par_iter().map(|unit| {
            let facts = Facts::of(unit, self.environments, self.organization, self.reference);
            let mut findings = check_unit(&facts, &self.rules);
            let rows = if self.selection.access { matrix::rows(&facts) } else { Vec::new() };
            (findings.take_gaps(), findings.into_vec(), rows)
        });
        let judged: Vec<_> = judged.collect();
        for (unit, (gaps, findings, rows)) in units.into_iter().zip(judged) {
            self.report.summary.add(unit);
            self.gaps.add(gaps);
            self.report.findings.extend(findings);
            self.access.rows.extend(rows);
        }
    }

    /// The report of all units that were judged, and of the Organization.
    pub(crate) fn finish(mut self) -> Report {
        self.add(self.organization.map(|one| &one.unit));
        let Self {
            environments,
            organization,
            reference,
            selection,
            rules,
            mut access,
            gaps,
            mut report,
        } = self;
        report.not_assessed.extend(gaps.told());
        access.sort();
        report.access = Some(access).filter(|_| selection.access);
        if organization.is_some() {
            report.summary.available.extend([Needed::Organization, Needed::TagPolicies]);
        }
        report.summary.available.sort_unstable();
        report.summary.available.dedup();
        report.summary.min_severity = selection.min_severity;
        let least = selection.min_severity.unwrap_or(Severity::Informational);
        report.findings.retain(|finding| finding.severity >= least);
        sort(&mut report.findings);
        environments.tag_key().clone_into(&mut report.summary.tag_key);
        report.summary.environments =
            environments.all().iter().map(|one| one.name.clone()).collect();
        report.summary.environments_inferred = environments.origin() == Origin::Inferred;
        reference.date().clone_into(&mut report.summary.reference_date);
        report.summary.rules = rules.iter().map(|(rule, _)| rule.meta().id).collect();
        report
    }
}

fn check_unit<'f>(facts: &'f Facts<'f>, rules: &[(&'static dyn Rule, Calls)]) -> Findings<'f> {
    let of_policies = facts.unit.policies.par_iter().map(|policy| {
        let mut findings = Findings::new(facts);
        for (rule, _) in rules {
            rule.check_policy(policy, facts, &mut findings);
        }
        findings
    });
    let of_subjects = facts.subjects.par_iter().map(|subject| {
        let mut findings = Findings::new(facts);
        let is_administrator = subject.is_plain_administrator(facts);
        for (rule, calls) in rules {
            if is_administrator && !rule.concerns_administrators() {
                continue;
            }
            if rule.calls().is_empty() || subject.may_call_any(calls) {
                rule.check_subject(subject, facts, &mut findings);
            }
        }
        if !is_administrator && let Some(aside) = subject.looking_aside(facts) {
            findings.add_other_places(check_aside(&aside, facts, rules));
        }
        findings
    });
    let of_unit = rules.par_iter().map(|(rule, _)| {
        let mut findings = Findings::new(facts);
        rule.check_unit(facts, &mut findings);
        if let Some(organization) = facts.organization
            && std::ptr::eq(&raw const organization.unit, facts.unit)
        {
            rule.check_organization(organization, facts, &mut findings);
        }
        findings
    });
    // Collected in order, whoever is ready first.
    let all: Vec<Findings<'f>> = of_policies.chain(of_subjects).chain(of_unit).collect();
    all.into_iter().fold(Findings::new(facts), Findings::joined_with)
}

/// What a subject may do in other environments than production: statements that production is guarded from may open these.
fn check_aside<'f>(
    aside: &Subject<'_>,
    facts: &'f Facts<'f>,
    rules: &[(&'static dyn Rule, Calls)],
) -> Findings<'f> {
    let mut findings = Findings::new(facts);
    for (rule, calls) in rules {
        if !rule.calls().is_empty() && aside.may_call_any(calls) {
            rule.check_subject(aside, facts, &mut findings);
        }
    }
    findings
}

pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |one: &Finding| (one.position, one.rule);
        b.severity
            .cmp(&a.severity)
            .then_with(|| a.file.cmp(&b.file))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.principal.cmp(&b.principal))
            .then_with(|| a.message.cmp(&b.message))
    });
}

impl Summary {
    fn add(&mut self, unit: &Unit) {
        self.accounts.extend(unit.account.clone().filter(|_| !unit.is_unread()));
        let linked = unit.principals.iter().filter(|one| one.is_service_linked()).count();
        self.principals += unit.principals.len() - linked;
        self.service_linked_roles += linked;
        self.available.extend((!unit.policies.is_empty()).then_some(Needed::Policies));
        self.available.extend((!unit.principals.is_empty()).then_some(Needed::Account));
        self.available.extend(unit.resources.is_some().then_some(Needed::Resources));
        self.available.extend(unit.tag_policy.as_ref().map(|_| Needed::TagPolicies));
        self.policies += unit.policies.len();
        let statements = unit.policies.iter().map(|policy| policy.document.statements());
        self.statements += statements.map(<[_]>::len).sum::<usize>();
    }
}

impl Report {
    /// The highest severity found.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// What is at fault and not accepted, whether it was known before or not.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.baseline.iter().flat_map(|one| &one.known))
    }

    /// Counts what is accepted, known and mended.
    pub(crate) fn count(&mut self) {
        self.summary.suppressed = self.suppressed.len();
        self.summary.known = self.baseline.as_ref().map(|one| one.known.len());
        self.summary.fixed = self.baseline.as_ref().map(|one| one.fixed.len());
    }

    /// Whether something that should have been judged was not.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.not_assessed.iter().any(|one| one.incomplete)
    }
}
