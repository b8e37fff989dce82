//! Annotations of GitHub workflows (workflow commands `error`, `warning` and `notice`).

use std::io::{self, Write};

use super::{count, groups};
use crate::check::Report;
use crate::finding::Severity;

/// How many annotations of a kind GitHub shows for a step; the others stand in the log only.
const SHOWN: usize = 10;

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "notice",
    }
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups::by_place(&report.findings);
    let commands = groups.iter().filter_map(|group| Some(command(group.first()?.severity)));
    let commands: Vec<&str> = commands.collect();
    let is_cut = |kind| commands.iter().filter(|one| **one == kind).count() > SHOWN;
    if ["error", "warning", "notice"].into_iter().any(is_cut) {
        let findings = count(report.findings.len(), "finding", "findings");
        let text = format!("{findings}; the log of the step has those that are not shown here");
        writeln!(out, "::notice title=fortem-lint::{text}")?;
    }
    for group in groups {
        let Some(finding) = group.first() else { continue };
        let command = command(finding.severity);
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
