//! Evidence for a SOC 2 audit: what was looked at, and what follows for each criterion.

use std::io::{self, Write};

use serde::Serialize;

use super::coverage::{self, Criterion};
use crate::check::Report;
use crate::finding::{Finding, Severity};
use crate::ignore::Suppression;
use crate::input::{Input, NotAssessed};

/// Names the shape of the evidence, and its version.
const SCHEMA: &str = "fortem-lint-soc2/1";

#[derive(Serialize)]
struct Evidence<'r> {
    schema: &'static str,
    standard: &'static str,
    tool: &'static str,
    tool_version: &'static str,
    aws_data_date: &'r str,
    /// When the inputs were taken, as it was given; null if it was not.
    as_of: Option<&'r str>,
    accounts: &'r [String],
    environments: &'r [String],
    environments_inferred: bool,
    population: Population,
    inputs: &'r [Input],
    not_assessed: &'r [NotAssessed],
    criteria: Vec<Entry<'r>>,
}

/// What there is, and how much of it was judged: all of it, so that nothing is drawn.
#[derive(Serialize)]
struct Population {
    principals: Sample,
    policies: Sample,
    statements: Sample,
    /// Roles that AWS made for its services and nobody can change.
    service_linked_roles_left_out: usize,
    method: &'static str,
}

#[derive(Serialize)]
struct Sample {
    population: usize,
    sample: usize,
}

#[derive(Serialize)]
struct Entry<'r> {
    #[serde(flatten)]
    criterion: Criterion,
    exceptions: Exceptions<'r>,
    /// Findings that somebody has accepted.
    accepted_exceptions: Vec<Accepted<'r>>,
}

#[derive(Serialize)]
struct Accepted<'r> {
    #[serde(flatten)]
    exception: Exception<'r>,
    #[serde(flatten)]
    suppression: &'r Suppression,
}

/// The findings that bear on a criterion.
struct Exceptions<'r> {
    criterion: &'static str,
    report: &'r Report,
}

#[derive(Serialize)]
struct Exception<'r> {
    rule: &'static str,
    severity: Severity,
    message: &'r str,
    account: Option<&'r str>,
    principal: Option<&'r str>,
    file: &'r str,
    line: usize,
    fingerprint: &'r str,
}

impl<'r> Exception<'r> {
    fn of(finding: &'r Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            message: &finding.message,
            account: finding.account.as_deref(),
            principal: finding.principal.as_deref(),
            file: &finding.file,
            line: finding.position.line,
            fingerprint: &finding.fingerprint,
        }
    }
}

impl Serialize for Exceptions<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let findings = self.report.open().filter(|one| one.criteria.contains(&self.criterion));
        serializer.collect_seq(findings.map(Exception::of))
    }
}

fn accepted<'r>(report: &'r Report, criterion: &str) -> Vec<Accepted<'r>> {
    let of_criterion =
        report.suppressed.iter().filter(|one| one.finding.criteria.contains(&criterion));
    of_criterion
        .map(|one| Accepted {
            exception: Exception::of(&one.finding),
            suppression: &one.suppression,
        })
        .collect()
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    let all = |number: usize| Sample { population: number, sample: number };
    let entry = |criterion: Criterion| Entry {
        accepted_exceptions: accepted(report, criterion.id),
        exceptions: Exceptions { criterion: criterion.id, report },
        criterion,
    };
    let evidence = Evidence {
        schema: SCHEMA,
        standard: "AICPA Trust Services Criteria 2017 (points of focus 2022)",
        tool: env!("CARGO_PKG_NAME"),
        tool_version: env!("CARGO_PKG_VERSION"),
        aws_data_date: &summary.reference_date,
        as_of: report.date.as_deref(),
        accounts: &summary.accounts,
        environments: &summary.environments,
        environments_inferred: summary.environments_inferred,
        population: Population {
            principals: all(summary.principals),
            policies: all(summary.policies),
            statements: all(summary.statements),
            service_linked_roles_left_out: summary.service_linked_roles,
            method: "every member of the population in the inputs",
        },
        inputs: &report.inputs,
        not_assessed: &report.not_assessed,
        criteria: coverage::criteria(report).into_iter().map(entry).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &evidence)?;
    writeln!(out)
}
