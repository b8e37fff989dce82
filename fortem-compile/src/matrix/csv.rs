//! The table for spreadsheets (RFC 4180): a line for each role, action and environment.

use std::fmt::{Display, Formatter, Result};

use super::Matrix;
use crate::escape::Field;

/// The table as CSV.
#[derive(Debug)]
pub struct Csv<'m>(pub &'m Matrix);

impl Display for Csv<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(matrix) = self;
        write!(f, "role,action,environment,tier,state,detail,left_out\r\n")?;
        for role in &matrix.roles {
            for row in &role.rows {
                let left_out: Vec<&str> = row.left_out.iter().map(|one| one.api.as_str()).collect();
                let left_out = left_out.join(" ");
                for (column, cell) in matrix.columns.iter().zip(&row.cells) {
                    let other = column.environments.is_empty().then_some("(any other)");
                    let names = column.environments.iter().map(String::as_str).chain(other);
                    for name in names {
                        let detail = cell.detail();
                        let (id, tier) = (&role.policy.id, column.tier.unwrap_or_default());
                        let fields =
                            [id, &row.action, name, tier, cell.state(), &detail, &left_out];
                        let fields = fields.map(|field| Field(field).to_string());
                        write!(f, "{}\r\n", fields.join(","))?;
                    }
                }
            }
        }
        Ok(())
    }
}
