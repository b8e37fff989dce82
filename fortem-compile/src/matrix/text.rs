//! The table as text.

use std::fmt::{Display, Formatter, Result};

use super::{Cell, Column, Matrix, RoleMatrix};
use crate::escape::one_line;

/// The most environments that a column is headed by.
const MOST_NAMED: usize = 3;

impl Display for Matrix {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let heads: Vec<String> = self.columns.iter().map(head).collect();
        for (at, role) in self.roles.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write_role(f, role, &heads)?;
        }
        for column in self.columns.iter().filter(|one| one.environments.len() > MOST_NAMED) {
            writeln!(f, "\n{}: {}", head(column), column.environments.join(", "))?;
        }
        Ok(())
    }
}

/// The head of a column: a few environments, and how many more.
fn head(column: &Column) -> String {
    let more = column.environments.len().saturating_sub(MOST_NAMED);
    if more == 0 {
        return column.in_words();
    }
    let named: Vec<&str> =
        column.environments.iter().take(MOST_NAMED).map(String::as_str).collect();
    format!("{} and {more} more", named.join(", "))
}

fn write_role(f: &mut Formatter<'_>, role: &RoleMatrix, heads: &[String]) -> Result {
    writeln!(f, "{}: {}", role.policy.id, one_line(&role.policy.doc))?;
    writeln!(f, "  from {}, mode {}", role.policy.location, role.mode)?;
    role.assigned.iter().try_for_each(|one| writeln!(f, "  {}", one.replace('`', "")))?;
    let mut notes: Vec<String> = Vec::new();
    let mut lines =
        vec![std::iter::once("action".to_owned()).chain(heads.iter().cloned()).collect()];
    for row in &role.rows {
        let cells = row.cells.iter().map(|cell| shown(cell, &mut notes));
        let line: Vec<String> = std::iter::once(row.action.clone()).chain(cells).collect();
        lines.push(line);
    }
    writeln!(f)?;
    write_table(f, &lines)?;
    for (at, note) in notes.iter().enumerate() {
        writeln!(f, "  {} {}", at + 1, one_line(note))?;
    }
    let mut left_out = role.rows.iter().flat_map(|row| &row.left_out).collect::<Vec<_>>();
    left_out.sort();
    left_out.dedup();
    if !left_out.is_empty() {
        writeln!(f, "  left out:")?;
    }
    left_out.iter().try_for_each(|one| writeln!(f, "    {}, {}", one.api, one_line(&one.why)))
}

/// The state, with the number of the note that tells more.
fn shown(cell: &Cell, notes: &mut Vec<String>) -> String {
    let state = if *cell == Cell::NotGranted { "-" } else { cell.state() };
    let detail = cell.detail();
    if detail.is_empty() {
        return state.to_owned();
    }
    let number = notes.iter().position(|note| *note == detail).unwrap_or(notes.len());
    if number == notes.len() {
        notes.push(detail);
    }
    format!("{state} {}", number + 1)
}

/// Cells below each other, each column as wide as its widest.
fn write_table(f: &mut Formatter<'_>, lines: &[Vec<String>]) -> Result {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        writeln!(f, "  {}", line.trim_end())?;
    }
    Ok(())
}
