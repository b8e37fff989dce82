//! The table as Markdown.

use std::fmt::{Display, Formatter, Result};

use super::{Cell, Matrix, RoleMatrix};
use crate::escape::{Code, Prose};

/// The table as Markdown.
#[derive(Debug)]
pub struct Markdown<'m>(pub &'m Matrix);

impl Display for Markdown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(matrix) = self;
        writeln!(f, "# Who may do what where\n")?;
        writeln!(
            f,
            "An environment is what the tag {} names. *Any other* is whatever environment the fleet does not know.",
            Code(&matrix.tag_key)
        )?;
        let heads: Vec<String> = matrix
            .columns
            .iter()
            .map(|column| {
                let tier = column.tier.map_or(String::new(), |tier| format!(" ({tier})"));
                format!("{}{tier}", Prose(&column.in_words()))
            })
            .collect();
        matrix.roles.iter().try_for_each(|role| write_role(f, role, &heads))?;
        writeln!(f, "\n## Guards\n")?;
        for guard in &matrix.guards {
            writeln!(
                f,
                "- {}: {} From {}.",
                Code(&guard.id),
                Prose(&guard.doc),
                Code(&guard.location)
            )?;
        }
        Ok(())
    }
}

fn write_role(f: &mut Formatter<'_>, role: &RoleMatrix, heads: &[String]) -> Result {
    writeln!(f, "\n## {}\n", Prose(&role.policy.id))?;
    let (doc, location) = (Prose(&role.policy.doc), Code(&role.policy.location));
    writeln!(f, "{doc} From {location}, mode {}.\n", Code(role.mode))?;
    if role.assigned.is_empty() {
        writeln!(f, "Assigned to nobody.\n")?;
    }
    role.assigned.iter().try_for_each(|one| writeln!(f, "- {}", Prose(one)))?;
    writeln!(f, "\n| action | {} |\n| --- |{}", heads.join(" | "), " --- |".repeat(heads.len()))?;
    for row in &role.rows {
        write!(f, "| {} |", Code(&row.action))?;
        row.cells.iter().try_for_each(|cell| write!(f, " {} |", shown(cell)))?;
        writeln!(f)?;
    }
    let left_out: Vec<_> = role
        .rows
        .iter()
        .flat_map(|row| row.left_out.iter().map(|one| (&row.action, one)))
        .collect();
    if !left_out.is_empty() {
        writeln!(f, "\nLeft out:\n")?;
    }
    for (action, one) in left_out {
        writeln!(f, "- {} of {}, {}", Code(&one.api), Code(action), Prose(&one.why))?;
    }
    Ok(())
}

fn shown(cell: &Cell) -> String {
    let detail = cell.detail();
    match cell {
        Cell::NotGranted => "–".to_owned(),
        Cell::Allowed => format!("**{}**", cell.state()),
        Cell::Conditional { .. } => format!("**{}**: {}", cell.state(), Prose(&detail)),
        _ => format!("{}: {}", cell.state(), Prose(&detail)),
    }
}
