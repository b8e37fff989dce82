//! Markdown, for comments and tickets.

use std::io::{self, Write};

use super::groups::{self, Group};
use super::{accepted, count, coverage, day, text};
use crate::check::Report;
use crate::facts::matrix::{ACTIONS, Access, Matrix};
use crate::finding::Severity;
use fortem_compile::escape::{Code, Prose};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Separation of environments\n")?;
    let gaps = report.not_assessed.iter().filter(|one| one.incomplete).count();
    if gaps > 0 {
        let gaps = count(gaps, "thing", "things");
        writeln!(out, "**Incomplete**: {gaps} could not be judged, see [below](#not-assessed).\n")?;
    }
    writeln!(out, "| severity | findings |\n| --- | ---: |")?;
    for severity in Severity::ALL.into_iter().rev() {
        let number = report.findings.iter().filter(|one| one.severity == severity).count();
        writeln!(out, "| {severity} | {number} |")?;
    }
    writeln!(out, "\n- looked at: {}", Prose(&text::looked_at(report)))?;
    writeln!(out, "- environments: {}", Prose(&text::environments(&report.summary)))?;
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "- fortem-lint {version}, AWS data of {}", day(report))?;
    if let Some(date) = &report.date {
        writeln!(out, "- as of {}", Prose(date))?;
    }
    if let Some(against) = accepted::against(report) {
        writeln!(out, "- baseline: {against}")?;
    }
    if let Some(access) = &report.access {
        write_access(access, out)?;
    }
    write_findings(report, out)?;
    write_accepted(report, out)?;
    write_gaps(report, out)
}

fn write_access(matrix: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n## Access\n\nWho may do what in which environment; `?` means under a further condition.\n"
    )?;
    write!(out, "| who | of |")?;
    for column in &matrix.columns {
        let production = if column.is_production { " (production)" } else { "" };
        write!(out, " {}{production} |", Prose(&column.name))?;
    }
    writeln!(out, "\n| --- | --- |{}", " --- |".repeat(matrix.columns.len()))?;
    for row in &matrix.rows {
        let first = row.who.first().map_or("", String::as_str);
        write!(out, "| {}", Code(first))?;
        if row.who.len() > 1 {
            write!(out, " and {} more", row.who.len() - 1)?;
        }
        write!(out, " | {} |", Prose(&row.own.join(", ")))?;
        for access in &row.access {
            write!(out, " {} |", actions(access))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The actions that are open: `restart, exec?`.
fn actions(access: &[Access]) -> String {
    let open = ACTIONS.iter().zip(access).filter_map(|((name, _), access)| match access {
        Access::No => None,
        Access::Conditional => Some(format!("{name}?")),
        Access::Allowed => Some((*name).to_owned()),
    });
    let open: Vec<String> = open.collect();
    if open.is_empty() { "–".to_owned() } else { open.join(", ") }
}

fn write_findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups::by_place(&report.findings);
    for severity in Severity::ALL.into_iter().rev() {
        let of_severity =
            groups.iter().filter(|group| group.first().is_some_and(|one| one.severity == severity));
        for (at, group) in of_severity.enumerate() {
            if at == 0 {
                writeln!(out, "\n## Findings: {severity}")?;
            }
            write_group(group, out)?;
        }
    }
    Ok(())
}

fn write_group(group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Some(finding) = group.first() else { return Ok(()) };
    let (line, column) = (finding.position.line, finding.position.column);
    writeln!(out, "\n### {} {}\n", finding.rule, Prose(finding.name))?;
    writeln!(out, "{}\n", Prose(&finding.message))?;
    writeln!(out, "- place: {}", Code(&format!("{}:{line}:{column}", finding.file)))?;
    if let Some(principals) = group.some_principals() {
        writeln!(out, "- principals: {}", Prose(&principals))?;
    }
    for fact in &finding.evidence {
        writeln!(out, "- {}", Prose(fact))?;
    }
    writeln!(out, "- **to do**: {}", Prose(&finding.remediation))
}

fn write_accepted(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let reasons = accepted::by_reason(report);
    if reasons.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Ignored: {}", report.suppressed.len())?;
    for (suppression, findings) in reasons {
        writeln!(out, "\n{}\n", Prose(&accepted::in_words(suppression)))?;
        for one in findings {
            let (message, subject) = (Prose(&one.message), Code(accepted::subject(one)));
            writeln!(out, "- {} {}: {message}: {subject}", one.rule, one.severity)?;
        }
    }
    Ok(())
}

fn write_gaps(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let wanting = coverage::without_input(report);
    if report.not_assessed.is_empty() && wanting.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Not assessed\n")?;
    for (inputs, rules) in wanting {
        writeln!(out, "- {} need {}", rules.join(", "), coverage::in_words(&inputs))?;
    }
    for one in &report.not_assessed {
        writeln!(out, "- {} {}", Code(&one.what), Prose(&one.why))?;
    }
    Ok(())
}
