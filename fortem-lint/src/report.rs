//! A report in the formats that people and tools read.

mod json;
mod text;

use std::io::{self, Write};

use crate::check::Report;

/// A format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal: excerpts, advice and a table.
    Text,
    /// One JSON object; its schema is `schema/report.json`.
    Json,
    /// One JSON object a line and finding.
    Jsonl,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether it may have colours.
    pub colour: bool,
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
    }
}
