//! One page for a browser, with nothing outside it. It is whole without scripts; they only filter.

mod access;
mod findings;

use std::io::{self, Write};

use super::coverage::{self, Verdict};
use super::{accepted, count, day, text};
use crate::check::Report;
use crate::finding::Severity;
use fortem_compile::escape::{Markup, Sentence, one_line};
use fortem_compile::page::Head;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/filter.js");

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_head(report, out)?;
    write_summary(report, out)?;
    if let Some(matrix) = &report.access {
        access::write(matrix, out)?;
    }
    findings::write(report, out)?;
    write_accepted(report, out)?;
    write_criteria(report, out)?;
    write_gaps(report, out)?;
    write_inputs(report, out)?;
    write!(out, "</main>\n<footer>fortem-lint {}", env!("CARGO_PKG_VERSION"))?;
    write!(out, " · AWS service authorization reference of {}", Markup(day(report)))?;
    write!(out, "</footer>\n<script>\n{SCRIPT}</script>\n")
}

fn write_head(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let head =
        Head { eyebrow: "fortem-lint report", title: "Separation of environments", style: STYLE };
    write!(out, "{head}")?;
    let accounts = match report.summary.accounts.as_slice() {
        [] => "no account".to_owned(),
        [one] => format!("account {one}"),
        many => count(many.len(), "account", "accounts"),
    };
    write!(out, "<p class=\"meta\">{}", Markup(&accounts))?;
    if let Some(date) = &report.date {
        write!(out, " · as of {}", Markup(date))?;
    }
    writeln!(out, "</p>\n<nav>")?;
    let sections = [
        (report.access.is_some(), "access", "Access"),
        (true, "findings", "Findings"),
        (!report.suppressed.is_empty(), "ignored", "Ignored"),
        (true, "criteria", "SOC 2"),
        (true, "gaps", "Not assessed"),
        (true, "inputs", "Inputs"),
    ];
    for (_, id, name) in sections.into_iter().filter(|(is_there, ..)| *is_there) {
        write!(out, "<a href=\"#{id}\">{name}</a> ")?;
    }
    writeln!(out, "</nav>\n</header>\n<main>")
}

fn write_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section id=\"summary\" aria-label=\"Summary\">")?;
    write_outcome(report, out)?;
    writeln!(out, "<ul class=\"tiles\">")?;
    for severity in Severity::ALL.into_iter().rev() {
        let number = report.findings.iter().filter(|one| one.severity == severity).count();
        let none = if number == 0 { " none" } else { "" };
        writeln!(out, "<li class=\"{severity}{none}\"><b>{number}</b> {severity}</li>")?;
    }
    writeln!(out, "</ul>\n<dl>")?;
    write_scope(report, out)?;
    if let Some(least) = report.summary.min_severity {
        writeln!(out, "<dt>Findings</dt><dd>only those of severity {least} or worse</dd>")?;
    }
    if let Some(against) = accepted::against(report) {
        writeln!(out, "<dt>Baseline</dt><dd>{against}</dd>")?;
    }
    writeln!(
        out,
        "<dt>Made by</dt><dd>fortem-lint {}, with the AWS service authorization reference of {}</dd>\n\
         </dl>\n</section>",
        env!("CARGO_PKG_VERSION"),
        Markup(day(report))
    )
}

/// What came of it, in a sentence: how bad, and whether something is missing.
fn write_outcome(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let production =
        report.findings.iter().filter(|one| one.severity == Severity::Critical).count();
    let number = count(report.findings.len(), "finding", "findings");
    write!(out, "<p class=\"outcome\">")?;
    match (report.findings.len(), production) {
        (0, _) => write!(out, "<b>No findings</b> in what was judged.")?,
        (_, 0) => write!(out, "<b>{number}</b>, none of them critical.")?,
        (_, some) => write!(out, "<b>{number}</b>, <b class=\"critical\">{some} critical</b>.")?,
    }
    let gaps = report.not_assessed.iter().filter(|one| one.incomplete).count();
    if gaps > 0 {
        let gaps = count(gaps, "thing", "things");
        write!(
            out,
            " <b class=\"high\">Incomplete:</b> {gaps} could not be judged, see \
             <a href=\"#gaps\">what was not assessed</a>."
        )?;
    }
    writeln!(out, "</p>")
}

/// What was looked at, and by which rules.
fn write_scope(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    writeln!(out, "<dt>Looked at</dt><dd>{}</dd>", Markup(&text::looked_at(report)))?;
    let linked = summary.service_linked_roles;
    if linked > 0 {
        let linked = count(linked, "service-linked role", "service-linked roles");
        writeln!(out, "<dt>Left out</dt><dd>{linked}, which only AWS can change</dd>")?;
    }
    write!(out, "<dt>Environments</dt><dd>")?;
    for name in &summary.environments {
        write!(out, "<span class=\"chip\">{}</span> ", Markup(&one_line(name)))?;
    }
    let guessed = if summary.environments_inferred {
        "guessed from the inputs: declare them in a fleet file to be sure"
    } else {
        "declared"
    };
    writeln!(
        out,
        "by the tag <code>{}</code>, {guessed}</dd>",
        Markup(&one_line(&summary.tag_key))
    )?;
    let wanting: usize = coverage::without_input(report).values().map(Vec::len).sum();
    write!(out, "<dt>Rules</dt><dd>{}", coverage::rules_judged(report))?;
    if wanting > 0 {
        write!(out, "; <a href=\"#gaps\">{wanting} lack their input</a>")?;
    }
    writeln!(out, "</dd>")
}

/// What is accepted, by whom and why.
fn write_accepted(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.suppressed.is_empty() {
        return Ok(());
    }
    let number = count(report.suppressed.len(), "finding is", "findings are");
    writeln!(
        out,
        "<section id=\"ignored\">\n<h2>Ignored</h2>\n<p>{number} accepted.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Ignored\">\
         <table class=\"list\">\n<tr><th>Rule<th>Severity<th>Finding<th>About<th>Reason<th>Owner<th>Until"
    )?;
    for (suppression, findings) in accepted::by_reason(report) {
        for one in findings {
            writeln!(
                out,
                "<tr><td>{}<td>{}<td>{}<td><code>{}</code><td>{}<td>{}<td>{}",
                one.rule,
                one.severity,
                Sentence(&one.message),
                Markup(&one_line(accepted::subject(one))),
                Markup(&one_line(&suppression.reason)),
                Markup(&one_line(&suppression.owner)),
                suppression.expires
            )?;
        }
    }
    writeln!(out, "</table></div>\n</section>")
}

fn write_criteria(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"criteria\">\n<h2>SOC 2 criteria</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"SOC 2 criteria\"><table class=\"list\">\n\
         <tr><th>Criterion<th>About<th>Verdict<th class=\"number\">Findings<th class=\"number\">Rules judged\
         <th class=\"number\">Rules without input"
    )?;
    for one in coverage::criteria(report) {
        let verdict = one.verdict.as_str();
        let is_part = one.verdict == Verdict::Pass && !one.rules_without_input.is_empty();
        let part = if is_part { " <small>as far as judged</small>" } else { "" };
        writeln!(
            out,
            "<tr><td>{}<td>{}<td><span class=\"verdict {}\">{verdict}</span>{part}<td class=\"number\">{}\
             <td class=\"number\">{}<td class=\"number\">{}",
            one.id,
            one.title,
            verdict.replace(' ', "-"),
            one.findings,
            one.rules.len(),
            one.rules_without_input.len()
        )?;
    }
    writeln!(out, "</table></div>\n</section>")
}

fn write_gaps(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section id=\"gaps\">\n<h2>Not assessed</h2>")?;
    let wanting = coverage::without_input(report);
    if wanting.is_empty() && report.not_assessed.is_empty() {
        return writeln!(
            out,
            "<p>Nothing: every input was read, and every rule was judged.</p>\n</section>"
        );
    }
    writeln!(out, "<ul>")?;
    for (inputs, rules) in wanting {
        let wanted = coverage::in_words(&inputs);
        writeln!(out, "<li>{} need {wanted}</li>", rules.join(", "))?;
    }
    for one in &report.not_assessed {
        let aside = if one.incomplete { "" } else { " <span class=\"muted\">(left aside)</span>" };
        let (what, why) = (one_line(&one.what), Sentence(&one.why));
        writeln!(out, "<li><code>{}</code> {why}{aside}</li>", Markup(&what))?;
    }
    writeln!(out, "</ul>\n</section>")
}

fn write_inputs(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"inputs\">\n<h2>Inputs</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Inputs\"><table class=\"list\">\n\
         <tr><th>File<th>Kind<th class=\"number\">Bytes<th>SHA-256"
    )?;
    for input in &report.inputs {
        writeln!(
            out,
            "<tr><td><code>{}</code><td>{}<td class=\"number\">{}<td><code class=\"hash\">{}</code>",
            Markup(&one_line(&input.file)),
            input.kind,
            input.bytes,
            input.sha256
        )?;
    }
    writeln!(out, "</table></div>\n</section>")
}
