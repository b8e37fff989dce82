//! What is new and what is mended, for people.

use std::io::{self, Write};

use crate::comparison::Known;
use crate::difference::Difference;
use fortem_compile::escape::one_line;

/// Writes what changed between two reports as text.
///
/// # Errors
///
/// Those of `out`.
pub fn write_difference(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let lists = [
        ("new", &difference.new),
        ("fixed", &difference.fixed),
        ("ignored since", &difference.suppressed),
        ("not judged any more", &difference.not_judged),
    ];
    for (title, findings) in lists.iter().filter(|(_, findings)| !findings.is_empty()) {
        writeln!(out, "{title}:")?;
        for finding in *findings {
            write_line(finding, out)?;
        }
        writeln!(out)?;
    }
    for (title, findings) in lists {
        writeln!(out, "{title:<20}{:>6}", findings.len())?;
    }
    writeln!(out, "{:<20}{:>6}", "unchanged", difference.unchanged)?;
    if difference.incomplete {
        writeln!(out, "\nThe later report is incomplete, so nothing is said to be fixed.")?;
    }
    Ok(())
}

fn write_line(finding: &Known, out: &mut dyn Write) -> io::Result<()> {
    let Known { rule, severity, .. } = finding;
    write!(
        out,
        "  {}: {severity}[{rule}]: {}",
        one_line(&finding.file),
        one_line(&finding.message)
    )?;
    match &finding.principal {
        Some(principal) if !finding.message.contains(principal.as_str()) => {
            writeln!(out, " (`{}`)", one_line(principal))
        }
        _ => writeln!(out),
    }
}
