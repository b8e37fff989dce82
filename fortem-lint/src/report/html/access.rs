//! Who may do what in which environment, as a table of dots.

use std::io::{self, Write};

use crate::facts::matrix::{ACTIONS, Access, Matrix, Row};
use crate::report::escape::{Markup, one_line};

/// A legend, then a row for each set of principals who may do the same.
pub(super) fn write(matrix: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"access\">\n<h2>Access</h2>\n<p class=\"legend\"><span><i class=\"own\">●</i> allowed in an \
         environment of its own</span> <span><i class=\"far\">●</i> allowed elsewhere</span> \
         <span><i class=\"if\">◐</i> allowed under a further condition</span> <span><i>·</i> not allowed</span></p>\n\
         <div class=\"scroll\"><table class=\"access\">\n<thead><tr><th rowspan=\"2\">Who<th rowspan=\"2\">Of"
    )?;
    for column in &matrix.columns {
        let production =
            if column.is_production { " class=\"production edge\"" } else { " class=\"edge\"" };
        let many = ACTIONS.len();
        write!(out, "<th colspan=\"{many}\"{production}>{}", Markup(&one_line(&column.name)))?;
    }
    write!(out, "\n<tr>")?;
    for _ in &matrix.columns {
        for (at, (name, _)) in ACTIONS.iter().enumerate() {
            let edge = if at == 0 { " class=\"edge\"" } else { "" };
            write!(out, "<th{edge}><span>{name}</span>")?;
        }
    }
    writeln!(out, "</thead>\n<tbody>")?;
    matrix.rows.iter().try_for_each(|row| write_row(row, matrix, out))?;
    writeln!(out, "</table></div>\n</section>")
}

fn write_row(row: &Row, matrix: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<tr><th>")?;
    write_who(&row.who, out)?;
    let own = if row.own.is_empty() { "–".to_owned() } else { row.own.join(", ") };
    write!(out, "<td class=\"of\">{}", Markup(&one_line(&own)))?;
    for (column, access) in matrix.columns.iter().zip(&row.access) {
        let is_own = row.own.contains(&column.name);
        for (at, one) in access.iter().enumerate() {
            let (class, dot) = match (one, is_own) {
                (Access::No, _) => ("", '·'),
                (Access::Conditional, true) => ("if", '◐'),
                (Access::Conditional, false) => ("far", '◐'),
                (Access::Allowed, true) => ("own", '●'),
                (Access::Allowed, false) => ("far", '●'),
            };
            let edge = if at == 0 { "edge" } else { "" };
            match (class, edge) {
                ("", "") => write!(out, "<td>{dot}")?,
                (class, "") | ("", class) => write!(out, "<td class={class}>{dot}")?,
                (class, edge) => write!(out, "<td class=\"{class} {edge}\">{dot}")?,
            }
        }
    }
    writeln!(out)
}

/// The first by its name, the others folded.
fn write_who(who: &[String], out: &mut dyn Write) -> io::Result<()> {
    let short =
        |arn: &str| one_line(arn.split_once(":iam::").map_or(arn, |(_, rest)| rest)).into_owned();
    let Some((first, others)) = who.split_first() else { return Ok(()) };
    let name = short(first);
    let name = name.split_once(':').map_or(name.as_str(), |(_, name)| name);
    if others.is_empty() {
        return write!(out, "<span title=\"{}\">{}</span>", Markup(&one_line(first)), Markup(name));
    }
    write!(out, "<details><summary>{} and {} more</summary>", Markup(name), others.len())?;
    for one in who {
        write!(out, "<div>{}</div>", Markup(&one_line(one)))?;
    }
    write!(out, "</details>")
}
