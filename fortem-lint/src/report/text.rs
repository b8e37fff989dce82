//! Text, for people at a terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};

use annotate_snippets::{Group as Block, Level, Renderer};

use super::groups::{self, Group};
use super::{Style, accepted, count, coverage, day, excerpt};
use crate::check::{Report, Summary};
use crate::finding::{Finding, Severity};
use crate::input::{Kind, NotAssessed};
use fortem_compile::escape::one_line;

/// How many names are listed before the rest is counted.
const NAMED: usize = 10;

pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.quiet {
        return write_lines(report, out);
    }
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    write_gaps(report, out)?;
    for group in groups::by_place(&report.findings) {
        write_group(&group, &renderer, out)?;
    }
    write_summary(report, out)?;
    if style.statistics { write_statistics(report, out) } else { Ok(()) }
}

/// What could not be judged comes first: whoever reads no further must not take the rest for everything.
fn write_gaps(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let gaps: Vec<_> = report.not_assessed.iter().filter(|one| one.incomplete).collect();
    if gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "incomplete: {} could not be judged", count(gaps.len(), "thing", "things"))?;
    for one in gaps {
        writeln!(out, "  - {}", one_line(&one.to_string()))?;
    }
    writeln!(out)
}

/// One line a finding.
fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for group in groups::by_place(&report.findings) {
        let Some(one) = group.first() else { continue };
        let (file, message) = (one_line(&one.file), one_line(&one.message));
        let (line, column) = (one.position.line, one.position.column);
        writeln!(out, "{file}:{line}:{column}: {}[{}]: {message}", one.severity, one.rule)?;
    }
    Ok(())
}

pub(super) fn level(severity: Severity) -> Level<'static> {
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
        Severity::Informational => Level::NOTE,
    };
    level.with_name(severity.as_str())
}

fn write_group(group: &Group<'_>, renderer: &Renderer, out: &mut dyn Write) -> io::Result<()> {
    let Some(finding) = group.first() else { return Ok(()) };
    let title = one_line(&finding.message).into_owned();
    let title = level(finding.severity).primary_title(title).id(finding.rule);
    let mut block = excerpt(finding, Block::with_title(title));
    for fact in &finding.evidence {
        block = block.element(Level::NOTE.message(one_line(fact)));
    }
    if let Some(principals) = group.some_principals() {
        let of = if group.principals().len() == 1 { "principal" } else { "principals" };
        let text = format!("{of}: {}", one_line(&principals));
        block = block.element(Level::NOTE.message(text));
    }
    block = block.element(Level::HELP.message(one_line(&finding.remediation)));
    writeln!(out, "{}\n", renderer.render(&[block]))
}

/// Adds the place, and the text that stands there.
fn excerpt<'r>(finding: &'r Finding, block: Block<'r>) -> Block<'r> {
    excerpt::add(&finding.file, finding.position, &finding.excerpt, block)
}

fn write_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    if report.findings.is_empty() {
        let new = if report.baseline.is_some() { "new " } else { "" };
        let in_part = if report.is_incomplete() { " in what could be judged" } else { "" };
        writeln!(out, "No {new}findings{in_part}.")?;
    }
    for severity in Severity::ALL.into_iter().rev() {
        let number = report.findings.iter().filter(|one| one.severity == severity).count();
        if number > 0 {
            writeln!(out, "{severity:<14}{number:>6}")?;
        }
    }
    writeln!(out)?;
    let mut row = |name: &str, text: &str| writeln!(out, "{name:<14}{}", one_line(text));
    row("looked at", &looked_at(report))?;
    row("environments", &environments(summary))?;
    row("AWS data", &format!("of {}", day(report)))?;
    if let Some(date) = &report.date {
        row("as of", date)?;
    }
    row("rules", &coverage::rules_judged(report))?;
    if let Some(against) = accepted::against(report) {
        row("baseline", &against)?;
    }
    for (suppression, findings) in accepted::by_reason(report) {
        let findings = count(findings.len(), "finding", "findings");
        row("ignored", &format!("{findings} {}", accepted::in_words(suppression)))?;
    }
    for (inputs, rules) in coverage::without_input(report) {
        let wanted = coverage::in_words(&inputs);
        row("not judged", &format!("{} need {wanted}", some(rules.iter().copied())))?;
    }
    let gaps = report.not_assessed.iter().filter(|one| one.incomplete).count();
    if gaps > 0 {
        row("not assessed", &format!("{}, told at the top", count(gaps, "thing", "things")))?;
    }
    write_aside(report, out)?;
    if let Some(first) = report.findings.first() {
        let rule = first.rule;
        writeln!(out, "\n`fortem-lint explain {rule}` tells what a rule is about and what to do.")?;
    }
    Ok(())
}

fn write_aside(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let aside: Vec<&NotAssessed> =
        report.not_assessed.iter().filter(|one| !one.incomplete).collect();
    if !aside.is_empty() {
        let names = some(aside.iter().map(|one| one.what.as_str()));
        let files = count(aside.len(), "file", "files");
        writeln!(out, "{:<14}{files}: {}", "left aside", one_line(&names))?;
    }
    Ok(())
}

/// What was looked at, in words.
pub(super) fn looked_at(report: &Report) -> String {
    let summary = &report.summary;
    let inputs = report.inputs.iter().filter(|one| one.kind != Kind::Unknown).count();
    let accounts = match summary.accounts.as_slice() {
        [] => "no account".to_owned(),
        [account] => format!("account {account}"),
        accounts => count(accounts.len(), "account", "accounts"),
    };
    [
        count(inputs, "input", "inputs"),
        accounts,
        count(summary.principals, "principal", "principals"),
        count(summary.policies, "policy", "policies"),
        count(summary.statements, "statement", "statements"),
    ]
    .join(", ")
}

/// The environments, and where they are known from.
pub(super) fn environments(summary: &Summary) -> String {
    let guessed =
        if summary.environments_inferred { "guessed from the inputs" } else { "declared" };
    format!("{} (tag `{}`; {guessed})", summary.environments.join(", "), summary.tag_key)
}

/// The first names, and how many there are besides.
fn some<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let first = names.get(..NAMED.min(names.len())).unwrap_or_default().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}

fn write_statistics(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in &report.findings {
        *numbers.entry((finding.rule, finding.name)).or_default() += 1;
    }
    writeln!(out)?;
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort_by_key(|(rule, number)| (std::cmp::Reverse(*number), *rule));
    for ((rule, name), number) in numbers {
        writeln!(out, "{rule}  {name:<36}{number:>6}")?;
    }
    Ok(())
}
