//! Who may do what in which environment, as a table of marks: their shape says as much as their colour.

use std::io::{self, Write};

use crate::facts::matrix::{ACTIONS, Access, Matrix, Row};
use fortem_compile::escape::{Markup, one_line};

/// What the marks mean: class, mark, words.
const MARKS: [(&str, char, &str); 5] = [
    ("far", '▲', "allowed in an environment that is not its own"),
    ("far", '△', "the same, under a further condition"),
    ("own", '●', "allowed in an environment of its own"),
    ("if", '○', "the same, under a further condition"),
    ("", '·', "not allowed"),
];

/// Class and mark of a cell.
fn mark(access: Access, is_own: bool) -> (&'static str, char) {
    match (access, is_own) {
        (Access::Allowed, false) => ("far", '▲'),
        (Access::Conditional, false) => ("far", '△'),
        (Access::Allowed, true) => ("own", '●'),
        (Access::Conditional, true) => ("if", '○'),
        (Access::No, _) => ("", '·'),
    }
}

/// A legend, then a row for each set of principals who may do the same.
pub(super) fn write(matrix: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<section id=\"access\">\n<h2>Access</h2>\n<p class=\"legend\">")?;
    for (class, mark, words) in MARKS {
        write!(out, "<span><i class=\"{class}\">{mark}</i> {words}</span> ")?;
    }
    write!(
        out,
        "</p>\n<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Access\">\
         <table class=\"access\">\n<thead><tr><th rowspan=\"2\">Who<th rowspan=\"2\">Own"
    )?;
    for column in &matrix.columns {
        let (class, production) = if column.is_production {
            ("production edge", " <small>production</small>")
        } else {
            ("edge", "")
        };
        let name = one_line(&column.name);
        let many = ACTIONS.len();
        write!(
            out,
            "<th scope=\"colgroup\" colspan=\"{many}\" class=\"{class}\">{}{production}",
            Markup(&name)
        )?;
    }
    write!(out, "\n<tr>")?;
    for _ in &matrix.columns {
        for (at, (name, _)) in ACTIONS.iter().enumerate() {
            let edge = if at == 0 { " class=\"edge\"" } else { "" };
            write!(out, "<th scope=\"col\"{edge}><span>{name}</span>")?;
        }
    }
    writeln!(out, "</thead>\n<tbody>")?;
    let is_one_account = matrix.rows.windows(2).all(|two| match two {
        [one, other] => one.account == other.account,
        _ => true,
    });
    matrix.rows.iter().try_for_each(|row| write_row(row, matrix, is_one_account, out))?;
    writeln!(out, "</table></div>\n</section>")
}

fn write_row(
    row: &Row,
    matrix: &Matrix,
    is_one_account: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "<tr><th scope=\"row\">")?;
    write_who(&row.who, out)?;
    if let (Some(account), false) = (&row.account, is_one_account) {
        write!(out, " <small>{}</small>", Markup(&one_line(account)))?;
    }
    let own = if row.own.is_empty() { "–".to_owned() } else { row.own.join(", ") };
    write!(out, "<td class=\"of\">{}", Markup(&one_line(&own)))?;
    for (column, access) in matrix.columns.iter().zip(&row.access) {
        let is_own = row.own.contains(&column.name);
        for (at, one) in access.iter().enumerate() {
            let (class, mark) = mark(*one, is_own);
            let edge = if at == 0 { "edge" } else { "" };
            match (class, edge) {
                ("", "") => write!(out, "<td>{mark}")?,
                (class, "") | ("", class) => write!(out, "<td class={class}>{mark}")?,
                (class, edge) => write!(out, "<td class=\"{class} {edge}\">{mark}")?,
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
