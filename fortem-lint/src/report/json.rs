//! JSON, for tools.

use std::io::{self, Write};

use serde::Serialize;

use crate::baseline::Against;
use crate::check::{Report, Summary};
use crate::finding::Finding;
use crate::ignore::Suppressed;
use crate::input::{Input, NotAssessed};

/// Names the shape of the report, and its version.
pub(crate) const SCHEMA: &str = "fortem-lint-report/1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    tool: Tool,
    findings: &'r [Finding],
    suppressed: &'r [Suppressed],
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'r Against>,
    not_assessed: &'r [NotAssessed],
    inputs: &'r [Input],
    summary: &'r Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        findings: &report.findings,
        suppressed: &report.suppressed,
        baseline: report.baseline.as_ref(),
        not_assessed: &report.not_assessed,
        inputs: &report.inputs,
        summary: &report.summary,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

pub(super) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        serde_json::to_writer(&mut *out, finding)?;
        writeln!(out)?;
    }
    Ok(())
}
