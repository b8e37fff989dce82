//! A report in the formats that people and tools read.

mod accepted;
mod coverage;
mod csv;
mod difference;
mod drift;
mod excerpt;
mod github;
mod groups;
mod html;
mod json;
mod junit;
mod markdown;
mod ocsf;
mod sarif;
mod soc2;
mod text;
mod who_can;

use std::io::{self, Write};

use crate::check::Report;

pub use difference::write_difference;
pub use drift::{DriftFormat, write as write_drift};
pub(crate) use json::SCHEMA as REPORT_SCHEMA;
pub use who_can::{WhoCanFormat, write as write_who_can};

pub(crate) use coverage::{judged, title as criterion_title};

/// A format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal: excerpts, advice and a table.
    Text,
    /// One JSON object; its schema is `schema/report.json`.
    Json,
    /// One JSON object a line and finding.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// One page for a browser, with who may do what in which environment.
    Html,
    /// Markdown, for comments and tickets.
    Md,
    /// A table, for spreadsheets.
    Csv,
    /// XML as test runners write it: a suite a rule, a failure a finding.
    Junit,
    /// Annotations of GitHub workflows.
    Github,
    /// OCSF 1.x, Detection Finding (2004), as a JSON array; asks for `--date`.
    Ocsf,
    /// Evidence for a SOC 2 audit, by criterion, as one JSON object.
    Soc2,
}

impl Format {
    /// Whether it shows who may do what in which environment.
    #[must_use]
    pub fn shows_access(self) -> bool {
        matches!(self, Self::Html | Self::Md)
    }

    /// Whether it has room for what was not assessed.
    #[must_use]
    pub fn tells_gaps(self) -> bool {
        !matches!(self, Self::Jsonl | Self::Csv | Self::Ocsf)
    }
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Whether it has colours.
    pub colour: bool,
    /// Whether each finding takes one line, and nothing else is said.
    pub quiet: bool,
    /// Whether the findings are counted by rule.
    pub statistics: bool,
}

/// Writes a report.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, style, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Html => html::write(report, out),
        Format::Md => markdown::write(report, out),
        Format::Csv => csv::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Github => github::write(report, out),
        Format::Ocsf => ocsf::write(report, out),
        Format::Soc2 => soc2::write(report, out),
    }
}

/// `1 policy`, `2 policies`.
fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The day of the service authorization reference.
fn day(report: &Report) -> &str {
    report.summary.reference_date.split('T').next().unwrap_or_default()
}
