//! Text, for people at a terminal.

use std::io::{self, Write};

use super::Style;
use crate::check::Report;
use crate::finding::Severity;

pub(super) fn write(report: &Report, _style: Style, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        writeln!(out, "{}[{}]: {}", finding.severity, finding.rule, finding.message)?;
        writeln!(
            out,
            "  --> {}:{}:{}",
            finding.file, finding.position.line, finding.position.column
        )?;
        for fact in &finding.evidence {
            writeln!(out, "   = {fact}")?;
        }
        writeln!(out, "   = help: {}\n", finding.remediation)?;
    }
    for one in &report.not_assessed {
        writeln!(out, "not assessed: {one}")?;
    }
    for severity in Severity::ALL.into_iter().rev() {
        let count = report.findings.iter().filter(|one| one.severity == severity).count();
        if count > 0 {
            writeln!(out, "{severity:<14}{count:>6}")?;
        }
    }
    Ok(())
}
