//! What [`crate::drift`] found, for people and for tools.

use std::io::{self, Write};

use annotate_snippets::{Group as Block, Level, Renderer};
use fortem_compile::escape::{Code, Prose, one_line};
use serde::Serialize;

use super::excerpt;
use super::text::level;
use crate::drift::{By, Deviation, Drift, Holder};

/// Names the shape of the JSON, and its version.
const SCHEMA: &str = "fortem-lint-drift/1";

/// The most API actions that are named.
const NAMED: usize = 8;

/// A format of drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DriftFormat {
    /// For people at a terminal.
    Text,
    /// One JSON object.
    Json,
    /// Markdown, for comments and tickets.
    Md,
}

#[derive(Serialize)]
struct Document<'d> {
    schema: &'static str,
    #[serde(flatten)]
    drift: &'d Drift,
}

/// Writes drift.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(
    drift: &Drift,
    format: DriftFormat,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DriftFormat::Text => text(drift, colour, out),
        DriftFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &Document { schema: SCHEMA, drift })?;
            writeln!(out)
        }
        DriftFormat::Md => markdown(drift, out),
    }
}

fn text(drift: &Drift, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    for one in &drift.deviations {
        let title = one_line(&one.message).into_owned();
        let title = level(one.severity).primary_title(title).id(one.kind.as_str());
        let mut block = Block::with_title(title);
        if let Some(spot) = &one.spot {
            block = excerpt::add(&spot.file, spot.position, &spot.excerpt, block);
        }
        for fact in facts(one) {
            block = block.element(Level::NOTE.message(one_line(&fact).into_owned()));
        }
        writeln!(out, "{}\n", renderer.render(&[block]))?;
    }
    writeln!(out, "{}\n", conclusion(drift))?;
    let mut row = |name: &str, text: &str| writeln!(out, "{name:<14}{}", one_line(text));
    for holder in &drift.compared {
        row("compared", &format!("{} as {}", holder.principal, as_what(holder)))?;
    }
    row("others", &others(drift))?;
    for part in &drift.without_principal {
        row("nobody is", &part.to_string())?;
    }
    for one in drift.not_assessed.iter().filter(|one| one.incomplete) {
        row("not compared", &one.to_string())?;
    }
    for limit in &drift.limits {
        row("not looked at", limit)?;
    }
    Ok(())
}

fn conclusion(drift: &Drift) -> String {
    let in_part = if drift.is_incomplete() { " in what could be compared" } else { "" };
    match drift.deviations.len() {
        0 => format!("No drift{in_part}."),
        1 => format!("One thing differs{in_part}."),
        more => format!("{more} things differ{in_part}."),
    }
}

fn others(drift: &Drift) -> String {
    let are = match drift.others {
        1 => "1 principal is nobody".to_owned(),
        more => format!("{more} principals are nobody"),
    };
    format!("{are} of the source, and asked for calls of roles on resources of the environments")
}

/// The facts that a deviation rests on.
fn facts(one: &Deviation) -> Vec<String> {
    let call = format!("the call: {} on {}", one.call.action, one.call.resource);
    let keys = one.call.telling_keys();
    let call = if keys.is_empty() { call } else { format!("{call} with {}", keys.join("; ")) };
    let mut facts = vec![call];
    facts.extend(one.reasons.iter().cloned());
    if !one.others.is_empty() {
        facts.push(format!("so do {}", some(&one.others)));
    }
    facts
}

fn some(names: &[String]) -> String {
    let first = names.get(..NAMED.min(names.len())).unwrap_or_default().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first}, and {more} more API actions"),
    }
}

fn as_what(holder: &Holder) -> String {
    let by = if holder.by == By::Policies { ", by the names of its policies" } else { "" };
    let nobody = if holder.is_assigned { "" } else { ", which is assigned to nobody" };
    format!("{}{by}{nobody}", holder.in_words())
}

fn markdown(drift: &Drift, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Drift\n\n{}", conclusion(drift))?;
    for one in &drift.deviations {
        writeln!(out, "\n## {}: {}\n", one.severity, Prose(&one.message))?;
        for fact in facts(one) {
            writeln!(out, "- {}", Prose(&fact))?;
        }
        if let Some(spot) = &one.spot {
            let place = format!("{}:{}:{}", spot.file, spot.position.line, spot.position.column);
            writeln!(out, "- at {}", Code(&place))?;
        }
    }
    writeln!(out, "\n## What was compared\n")?;
    for holder in &drift.compared {
        writeln!(out, "- {} as {}", Code(&holder.principal), Prose(&as_what(holder)))?;
    }
    writeln!(out, "- {}", others(drift))?;
    for part in &drift.without_principal {
        writeln!(out, "- nobody is {}", Prose(&part.to_string()))?;
    }
    writeln!(out, "\n## What was not\n")?;
    for one in drift.not_assessed.iter().filter(|one| one.incomplete) {
        writeln!(out, "- {}", Prose(&one.to_string()))?;
    }
    for limit in &drift.limits {
        writeln!(out, "- {}", Prose(limit))?;
    }
    Ok(())
}
