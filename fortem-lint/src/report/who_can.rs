//! What [`crate::who_can`] found, for people and for tools.

use std::io::{self, Write};

use fortem_compile::escape::{Code, Prose, one_line};
use serde::Serialize;

use super::{count, csv};
use crate::who_can::{Way, WhoCan};

/// Names the shape of the JSON, and its version.
const SCHEMA: &str = "fortem-lint-who-can/1";

/// A format of who can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WhoCanFormat {
    /// For people at a terminal.
    Text,
    /// One JSON object.
    Json,
    /// A table, for spreadsheets.
    Csv,
    /// Markdown, for comments and tickets.
    Md,
}

#[derive(Serialize)]
struct Document<'w> {
    schema: &'static str,
    #[serde(flatten)]
    answer: &'w WhoCan,
}

/// Writes who can do something.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(answer: &WhoCan, format: WhoCanFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        WhoCanFormat::Text => text(answer, out),
        WhoCanFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &Document { schema: SCHEMA, answer })?;
            writeln!(out)
        }
        WhoCanFormat::Csv => table(answer, out),
        WhoCanFormat::Md => markdown(answer, out),
    }
}

fn text(answer: &WhoCan, out: &mut dyn Write) -> io::Result<()> {
    for ways in answer.ways.chunk_by(|a, b| a.principal == b.principal) {
        let Some(first) = ways.first() else { continue };
        writeln!(out, "{}", one_line(&first.principal))?;
        for way in ways {
            let line = format!("{} {}{}", way.action, way.by, under(way));
            writeln!(out, "  {}", one_line(&line))?;
            writeln!(out, "    {}", one_line(&place(way)))?;
            if let Some(call) = &way.call {
                writeln!(
                    out,
                    "    {}",
                    one_line(&format!("{} on {}", call.action, call.resource))
                )?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "{}\n", one_line(&conclusion(answer)))?;
    let mut row = |name: &str, text: &str| writeln!(out, "{name:<14}{}", one_line(text));
    row("asked about", &answer.actions.join(", "))?;
    for one in answer.not_assessed.iter().filter(|one| one.incomplete) {
        row("not assessed", &one.to_string())?;
    }
    for limit in &answer.limits {
        row("not looked at", limit)?;
    }
    Ok(())
}

fn under(way: &Way) -> String {
    if way.conditions.is_empty() {
        return String::new();
    }
    format!(", if {}", way.conditions.join(" and "))
}

/// The statement, and where it stands.
fn place(way: &Way) -> String {
    let policy = way.spot.policy.as_deref().unwrap_or("a policy");
    let sid = way.spot.sid.as_deref().map(|sid| format!(", statement {sid}")).unwrap_or_default();
    format!("{policy}{sid}, at {}", at(way))
}

fn at(way: &Way) -> String {
    format!("{}:{}:{}", way.spot.file, way.spot.position.line, way.spot.position.column)
}

fn conclusion(answer: &WhoCan) -> String {
    let mut principals: Vec<&str> = answer.ways.iter().map(|way| way.principal.as_str()).collect();
    principals.dedup();
    let in_part = if answer.is_incomplete() { ", in what could be assessed" } else { "" };
    let all = count(answer.asked, "principal", "principals");
    format!("{} of {all} can in `{}`{in_part}.", principals.len(), answer.environment)
}

fn table(answer: &WhoCan, out: &mut dyn Write) -> io::Result<()> {
    let head = ["account", "principal", "action", "way", "conditions", "policy", "sid", "place"];
    csv::write_cells(&head, out)?;
    for way in &answer.ways {
        let (by, conditions, at) = (way.by.to_string(), way.conditions.join("; "), at(way));
        let row = [
            way.account.as_deref().unwrap_or_default(),
            &way.principal,
            &way.action,
            &by,
            &conditions,
            way.spot.policy.as_deref().unwrap_or_default(),
            way.spot.sid.as_deref().unwrap_or_default(),
            &at,
        ];
        csv::write_cells(&row, out)?;
    }
    Ok(())
}

fn markdown(answer: &WhoCan, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "# Who can in {}\n\n{}\n",
        Code(&answer.environment),
        Prose(&conclusion(answer))
    )?;
    writeln!(
        out,
        "| who | action | way | conditions | statement | at |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for way in &answer.ways {
        let sid = way.spot.sid.as_deref().map(|sid| format!("#{sid}")).unwrap_or_default();
        let statement = format!("{}{sid}", way.spot.policy.as_deref().unwrap_or_default());
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            Code(&way.principal),
            Code(&way.action),
            Prose(&way.by.to_string()),
            Prose(&way.conditions.join("; ")),
            Code(&statement),
            Code(&at(way)),
        )?;
    }
    writeln!(out, "\nWhat was not looked at:\n")?;
    for one in answer.not_assessed.iter().filter(|one| one.incomplete) {
        writeln!(out, "- {}", Prose(&one.to_string()))?;
    }
    for limit in &answer.limits {
        writeln!(out, "- {}", Prose(limit))?;
    }
    Ok(())
}
