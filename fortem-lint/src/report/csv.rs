//! A table for spreadsheets (RFC 4180).

use std::io::{self, Write};

use fortem_compile::escape::Field;

use crate::check::Report;
use crate::finding::Finding;

const COLUMNS: &str = "rule,name,severity,confidence,message,file,line,column,pointer,sid,account,principal,policy,\
                       resource,environment_from,environment_to,evidence,remediation,criteria,fingerprint";

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{COLUMNS}\r\n")?;
    report.findings.iter().try_for_each(|finding| write_row(finding, out))
}

/// Writes a row of a table.
pub(super) fn write_cells(cells: &[&str], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| Field(cell).to_string()).collect();
    write!(out, "{}\r\n", cells.join(","))
}

fn write_row(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let text = |field: &'_ Option<String>| field.clone().unwrap_or_default();
    let cells = [
        finding.rule.to_owned(),
        finding.name.to_owned(),
        finding.severity.as_str().to_owned(),
        finding.confidence.as_str().to_owned(),
        finding.message.clone(),
        finding.file.clone(),
        finding.position.line.to_string(),
        finding.position.column.to_string(),
        finding.pointer.clone(),
        text(&finding.sid),
        text(&finding.account),
        text(&finding.principal),
        text(&finding.policy),
        text(&finding.resource),
        text(&finding.environment_from),
        text(&finding.environment_to),
        finding.evidence.join("; "),
        finding.remediation.clone(),
        finding.criteria.join(" "),
        finding.fingerprint.clone(),
    ];
    write_cells(&cells.each_ref().map(String::as_str), out)
}
