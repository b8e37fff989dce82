//! Annotations of GitHub workflows (workflow commands `error`, `warning` and `notice`).

use std::io::{self, Write};

use super::groups;
use crate::check::Report;
use crate::finding::Severity;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for group in groups::by_place(&report.findings) {
        let Some(finding) = group.first() else { continue };
        let command = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Informational => "notice",
        };
        let position = finding.position;
        let whom = group.some_principals().map(|principals| format!("\nFor {principals}"));
        let whom = whom.unwrap_or_default();
        let text = format!("{}{whom}\n{}", finding.message, finding.remediation);
        writeln!(
            out,
            "::{command} file={},line={},col={},title={}::{}",
            property(finding.file.trim_start_matches("./")),
            position.line,
            position.column,
            property(&format!("{} {} ({})", finding.rule, finding.name, finding.severity)),
            data(&text)
        )?;
    }
    for one in report.not_assessed.iter().filter(|one| one.incomplete) {
        writeln!(out, "::warning title=not assessed::{}", data(&one.to_string()))?;
    }
    Ok(())
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a parameter of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
