//! The findings of a page, by severity and rule.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use crate::check::Report;
use crate::finding::{Finding, Fix, Severity};
use crate::report::count;
use crate::report::groups::{self, Group};
use crate::rules;
use fortem_compile::escape::{Markup, Sentence, lines, one_line};

/// How many findings of a rule and severity are shown with the text of the input; all are listed.
const DETAILED: usize = 50;
/// The most lines of an input that a finding shows.
const LINES: usize = 12;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section id=\"findings\">\n<h2>Findings</h2>")?;
    if report.findings.is_empty() {
        return writeln!(out, "<p>None.</p>\n</section>");
    }
    write_filter(report, out)?;
    let groups = groups::by_text(&report.findings);
    let mut by_rule: BTreeMap<_, Vec<&Group<'_>>> = BTreeMap::new();
    for group in &groups {
        if let Some(first) = group.first() {
            by_rule.entry((std::cmp::Reverse(first.severity), first.rule)).or_default().push(group);
        }
    }
    for ((severity, rule), groups) in by_rule {
        write_rule(severity.0, rule, &groups, out)?;
    }
    writeln!(out, "<p id=\"nothing\" hidden>No finding matches.</p>\n</section>")
}

/// The controls; a script shows them, since without it they do nothing.
fn write_filter(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<form id=\"filter\" autocomplete=\"off\" hidden>")?;
    write!(
        out,
        "<input type=\"search\" aria-label=\"Search\" placeholder=\"Search name, message, file\">"
    )?;
    write!(out, "<select aria-label=\"Rule\"><option value=\"\">All rules")?;
    let rules: BTreeSet<_> = report.findings.iter().map(|one| (one.rule, one.name)).collect();
    for (rule, name) in rules {
        write!(out, "<option value=\"{rule}\">{rule} {name}")?;
    }
    write!(out, "</select><span class=\"boxes\" role=\"group\" aria-label=\"Severity\">")?;
    for severity in Severity::ALL.into_iter().rev() {
        if report.findings.iter().any(|one| one.severity == severity) {
            write!(
                out,
                "<label><input type=\"checkbox\" value=\"{severity}\" checked> {severity}</label>"
            )?;
        }
    }
    writeln!(out, "</span><output class=\"muted\"></output></form>")
}

fn write_rule(
    severity: Severity,
    rule: &str,
    groups: &[&Group<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = groups.first().and_then(|group| group.first()).map_or("", |one| one.name);
    let meta = rules::find(rule).map(rules::Rule::meta);
    writeln!(out, "<article data-rule=\"{rule}\" data-severity=\"{severity}\">")?;
    let number = groups.iter().map(|group| group.findings().len()).sum();
    writeln!(
        out,
        "<h3><span class=\"badge {severity}\">{severity}</span> {rule} {name} \
         <span class=\"muted\">{}</span></h3>",
        count(number, "finding", "findings")
    )?;
    if let Some(meta) = meta {
        writeln!(out, "<p>{}</p>", Sentence(meta.why))?;
        writeln!(out, "<p class=\"todo\"><b>To do</b> {}</p>", Sentence(meta.remediation))?;
    }
    let usual = meta.map_or("", |meta| meta.remediation);
    for (at, group) in groups.iter().enumerate() {
        write_group(group, at < DETAILED, usual, out)?;
    }
    if groups.len() > DETAILED {
        writeln!(out, "<p class=\"muted\">The first {DETAILED} show the text of the input.</p>")?;
    }
    writeln!(out, "</article>")
}

fn write_group(
    group: &Group<'_>,
    detailed: bool,
    usual: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let number = group.findings().len();
    let counted = if number == 1 { String::new() } else { format!(" data-count=\"{number}\"") };
    write!(out, "<details class=\"finding\"{counted}><summary>{}", Sentence(&first.message))?;
    match number {
        1 => {
            let who = first.principal.as_deref().or(first.policy.as_deref()).unwrap_or(&first.file);
            write!(out, " <span class=\"muted\">{}</span>", Markup(&one_line(short(who))))?;
        }
        many => write!(out, " <span class=\"muted\">×&thinsp;{many}</span>")?,
    }
    writeln!(out, "</summary>")?;
    write_places(group, out)?;
    if detailed {
        write_excerpt(first, out)?;
        write_evidence(first, out)?;
    }
    if first.remediation != usual {
        writeln!(out, "<p class=\"todo\"><b>To do</b> {}</p>", Sentence(&first.remediation))?;
    }
    if let Some(fix) = first.fix.as_ref().filter(|_| detailed) {
        write_fix(fix, out)?;
    }
    writeln!(out, "</details>")
}

/// The name in an ARN.
fn short(arn: &str) -> &str {
    arn.split_once(":iam::")
        .and_then(|(_, rest)| rest.split_once(':'))
        .map_or(arn, |(_, name)| name)
}

/// Where it is, and whom it concerns: each place once, with its principals.
fn write_places(group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut places: BTreeMap<(&str, _), Vec<&str>> = BTreeMap::new();
    for one in group.findings() {
        let principals = places.entry((one.file.as_str(), one.position)).or_default();
        principals.extend(one.principal.as_deref());
    }
    writeln!(out, "<ul class=\"places\">")?;
    for ((file, position), principals) in places {
        let (line, column) = (position.line, position.column);
        write!(out, "<li><code>{}:{line}:{column}</code>", Markup(&one_line(file)))?;
        for principal in principals {
            write!(out, "<br>{}", Markup(&one_line(principal)))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "</ul>")
}

fn write_excerpt(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let text = lines(&finding.excerpt);
    if text.trim().is_empty() {
        return Ok(());
    }
    let indent = finding.position.column.saturating_sub(1);
    write!(out, "<pre>")?;
    for (at, line) in text.lines().take(LINES).enumerate() {
        // The first line begins at the finding, the others at the margin of the file.
        let blank = line.chars().take_while(|one| *one == ' ').count();
        let line: String =
            if at == 0 { line.to_owned() } else { line.chars().skip(indent.min(blank)).collect() };
        writeln!(out, "<i>{:>5}</i>  {}", finding.position.line + at, Markup(&line))?;
    }
    let more = if text.lines().nth(LINES).is_some() { "       …\n" } else { "" };
    writeln!(out, "{more}</pre>")
}

/// The statement as it should be.
fn write_fix(fix: &Fix, out: &mut dyn Write) -> io::Result<()> {
    let text = lines(&fix.replacement);
    write!(out, "<p class=\"todo\"><b>Corrected</b> {}</p>", Sentence(&fix.description))?;
    writeln!(out, "<pre>{}</pre>", Markup(&text))
}

fn write_evidence(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<ul class=\"facts\">")?;
    for fact in &finding.evidence {
        write!(out, "<li>{}", Sentence(fact))?;
    }
    write!(out, "</ul>")?;
    write!(out, "<p class=\"meta\">")?;
    let between = finding.environment_from.as_ref().zip(finding.environment_to.as_ref());
    if let Some((from, to)) = between {
        let (from, to) = (one_line(from), one_line(to));
        write!(out, "from {} to {} · ", Markup(&from), Markup(&to))?;
    }
    let confidence = finding.confidence.as_str();
    let criteria = finding.criteria.join(", ");
    writeln!(
        out,
        "{confidence} confidence · SOC 2 {criteria} · fingerprint {}</p>",
        finding.fingerprint
    )
}
