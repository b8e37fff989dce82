//! Records as CSV or JSON lines, for a spreadsheet or another program.

use std::io::{self, Write};

use super::clock::rfc3339;
use super::error::StoreError;
use super::filter::Filter;
use super::log::AuditLog;
use super::record::{Outcome, Record};

/// The columns of [`AuditLog::export_csv`].
pub const COLUMNS: [&str; 21] = [
    "id",
    "time",
    "clock",
    "actor",
    "groups",
    "session",
    "environment",
    "resource_kind",
    "resource",
    "action",
    "effect",
    "policies",
    "policy_set",
    "reason",
    "ticket",
    "correlation",
    "outcome",
    "error",
    "ended",
    "before",
    "after",
];

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They cannot be written.
    #[error("cannot write the export")]
    Write(#[from] io::Error),
    /// A record cannot be written as JSON.
    #[error("cannot write a record as JSON")]
    Json(#[from] serde_json::Error),
}

impl AuditLog {
    /// Writes records as CSV (RFC 4180), a header first: every field in quotes, lines ended by CR LF. Returns how many.
    ///
    /// A spreadsheet takes a field for a formula that begins with `=`, `+`, `-` or `@`, also in full width, perhaps after
    /// white space or a control character, and runs it. Such fields get an apostrophe before them, and so do those that
    /// begin with an apostrophe: whoever takes one away from each field that begins with one has what was recorded.
    ///
    /// Groups and policies are JSON arrays; states are JSON. What is absent is an empty field.
    ///
    /// # Errors
    ///
    /// When the records cannot be read or written; what was written before stays.
    pub fn export_csv(&self, filter: &Filter, to: &mut dyn Write) -> Result<u64, ExportError> {
        write_row(to, COLUMNS.map(str::to_owned))?;
        let mut count = 0;
        for record in self.records(filter) {
            write_row(to, row(&record?)?)?;
            count += 1;
        }
        to.flush()?;
        Ok(count)
    }

    /// Writes records as JSON, one a line. Returns how many.
    ///
    /// # Errors
    ///
    /// When the records cannot be read or written; what was written before stays.
    pub fn export_json_lines(
        &self,
        filter: &Filter,
        to: &mut dyn Write,
    ) -> Result<u64, ExportError> {
        let mut count = 0;
        for record in self.records(filter) {
            serde_json::to_writer(&mut *to, &record?)?;
            to.write_all(b"\n")?;
            count += 1;
        }
        to.flush()?;
        Ok(count)
    }
}

fn row(record: &Record) -> Result<[String; 21], serde_json::Error> {
    let attempt = &record.attempt;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let json = |state: &Option<serde_json::Value>| {
        state.as_ref().map_or(Ok(String::new()), serde_json::to_string)
    };
    let error = match &record.outcome {
        Outcome::Failed { error } => error.clone(),
        _ => String::new(),
    };
    Ok([
        record.id.to_string(),
        rfc3339(record.time),
        record.clock.map_or(String::new(), rfc3339),
        attempt.actor.id.clone(),
        serde_json::to_string(&attempt.actor.groups)?,
        text(&attempt.actor.session),
        text(&attempt.environment),
        attempt.resource.kind.clone(),
        attempt.resource.id.clone(),
        attempt.action.clone(),
        attempt.decision.effect.as_str().to_owned(),
        serde_json::to_string(&attempt.decision.policies)?,
        attempt.decision.policy_set.to_string(),
        text(&attempt.reason),
        text(&attempt.ticket),
        text(&attempt.correlation),
        record.outcome.kind().as_str().to_owned(),
        error,
        record.ended.map_or(String::new(), rfc3339),
        json(&attempt.before)?,
        json(&record.after)?,
    ])
}

fn write_row(to: &mut dyn Write, fields: [String; 21]) -> io::Result<()> {
    let fields = fields.map(|field| {
        let guard = if is_taken_for_formula(&field) { "'" } else { "" };
        format!("\"{guard}{}\"", field.replace('"', "\"\""))
    });
    write!(to, "{}\r\n", fields.join(","))
}

fn is_taken_for_formula(field: &str) -> bool {
    let ignored = |character: char| character.is_whitespace() || character.is_control();
    let begins_with_control = field.starts_with(|character: char| character.is_control());
    let text = field.trim_start_matches(ignored);
    begins_with_control || text.starts_with(['=', '+', '-', '@', '\'', '＝', '＋', '－', '＠'])
}
