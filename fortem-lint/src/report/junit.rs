//! `JUnit` XML: a suite a rule, a failure a finding, a skipped case for what was not judged.

use std::collections::HashMap;
use std::io::{self, Write};

use super::coverage;
use crate::check::Report;
use crate::finding::Finding;
use crate::rules::Meta;
use fortem_compile::escape::{Markup, one_line};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut by_rule: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &report.findings {
        by_rule.entry(finding.rule).or_default().push(finding);
    }
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="fortem-lint" failures="{}">"#, report.findings.len())?;
    for meta in coverage::rules_run(report) {
        let findings = by_rule.get(meta.id).map(Vec::as_slice).unwrap_or_default();
        write_rule(meta, findings, report, out)?;
    }
    let gaps: Vec<_> = report.not_assessed.iter().filter(|one| one.incomplete).collect();
    if !gaps.is_empty() {
        let many = gaps.len();
        writeln!(
            out,
            r#"  <testsuite name="inputs" tests="{many}" failures="0" errors="{many}">"#
        )?;
        for gap in gaps {
            let (what, why) = (one_line(&gap.what), one_line(&gap.why));
            writeln!(
                out,
                r#"    <testcase classname="inputs" name="{}"><error message="{}"/></testcase>"#,
                Markup(&what),
                Markup(&why)
            )?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn write_rule(
    meta: &Meta,
    findings: &[&Finding],
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (name, tests, failures) = (meta.name, findings.len().max(1), findings.len());
    let missing = coverage::missing(meta, report);
    let skipped = usize::from(failures == 0 && !missing.is_empty());
    writeln!(
        out,
        r#"  <testsuite name="{} {name}" tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}">"#,
        meta.id
    )?;
    if failures == 0 {
        write!(out, r#"    <testcase classname="{}" name="{name}">"#, meta.id)?;
        if skipped > 0 {
            let wanted = format!("needs {}", coverage::in_words(&missing));
            write!(out, r#"<skipped message="{}"/>"#, Markup(&wanted))?;
        }
        writeln!(out, "</testcase>")?;
    }
    findings.iter().try_for_each(|finding| write_failure(finding, out))?;
    writeln!(out, "  </testsuite>")
}

fn write_failure(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let place = format!("{}:{}:{}", finding.file, finding.position.line, finding.position.column);
    let (place, message) = (one_line(&place), one_line(&finding.message));
    let case =
        finding.principal.as_deref().map_or(String::new(), |who| format!(" {}", one_line(who)));
    writeln!(
        out,
        r#"    <testcase classname="{}" name="{}{}">"#,
        finding.rule,
        Markup(&place),
        Markup(&case)
    )?;
    write!(out, r#"      <failure type="{}" message="{}">"#, finding.severity, Markup(&message))?;
    for fact in &finding.evidence {
        writeln!(out, "{}", Markup(&one_line(fact)))?;
    }
    writeln!(out, "{}</failure>", Markup(&one_line(&finding.remediation)))?;
    writeln!(out, "    </testcase>")
}
