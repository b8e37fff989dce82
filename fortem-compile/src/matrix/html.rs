//! The table as one page for a browser, with nothing outside it. It is whole without scripts; they only filter.

use std::fmt::{Display, Formatter, Result};

use super::{Cell, Column, Matrix, Policy, RoleMatrix, Row};
use crate::escape::{Markup, Sentence, one_line};
use crate::page::Head;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/filter.js");

/// What the cells mean: state, class, words.
const STATES: [(&str, &str, &str); 6] = [
    ("allowed", "own", "those who have the role may, in that environment"),
    ("conditional", "if", "they may if what is said holds"),
    (
        "merged",
        "if",
        "the role does not permit it, but IAM cannot tell it from what the role does permit",
    ),
    ("forbidden", "far", "the role permits it, and a guard forbids it"),
    ("not granted", "none", "the role does not permit it"),
    ("never", "none", "no role is ever granted it"),
];

/// The table as a page.
#[derive(Debug)]
pub struct Html<'m>(pub &'m Matrix);

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(matrix) = self;
        let head =
            Head { eyebrow: "fortem-compile matrix", title: "Who may do what where", style: STYLE };
        write!(f, "{head}")?;
        writeln!(
            f,
            "<p class=\"meta\">{} · {} · an environment is what the tag <code>{}</code> names</p>\n<nav>",
            count(matrix.roles.len(), "role", "roles"),
            count(environments(matrix), "environment", "environments"),
            Markup(&one_line(&matrix.tag_key))
        )?;
        for role in &matrix.roles {
            let id = Markup(&role.policy.id);
            write!(f, "<a href=\"#role-{id}\">{id}</a> ")?;
        }
        writeln!(f, "<a href=\"#guards\">Guards</a></nav>\n</header>\n<main>")?;
        write_legend(f, matrix)?;
        matrix.roles.iter().try_for_each(|role| write_role(f, role, &matrix.columns))?;
        writeln!(f, "<p id=\"nothing\" hidden>Nothing matches.</p>")?;
        write_guards(f, &matrix.guards)?;
        write!(
            f,
            "</main>\n<footer>fortem-compile {} · AWS service authorization reference of {}</footer>\n\
             <script>\n{SCRIPT}</script>\n",
            env!("CARGO_PKG_VERSION"),
            Markup(matrix.service_reference.get(..10).unwrap_or(&matrix.service_reference))
        )
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn environments(matrix: &Matrix) -> usize {
    matrix.columns.iter().map(|column| column.environments.len()).sum()
}

fn write_legend(f: &mut Formatter<'_>, matrix: &Matrix) -> Result {
    writeln!(f, "<section id=\"about\" aria-label=\"About this page\">\n<dl class=\"states\">")?;
    for (state, class, words) in STATES {
        writeln!(f, "<dt class=\"{class}\">{state}</dt><dd>{words}</dd>")?;
    }
    writeln!(
        f,
        "</dl>\n<p class=\"muted\">Environments of which the same is to be said share a column. <em>Any other</em> is \
         whatever environment the fleet does not know, and whatever has no tag.</p>\n\
         <form id=\"filter\" autocomplete=\"off\" hidden>\
         <input type=\"search\" aria-label=\"Search\" placeholder=\"Search action, condition, guard\">\
         <select aria-label=\"Role\"><option value=\"\">All roles"
    )?;
    for role in &matrix.roles {
        write!(f, "<option>{}", Markup(&role.policy.id))?;
    }
    write!(f, "</select><span class=\"boxes\" role=\"group\" aria-label=\"State\">")?;
    let has = |state: &str| {
        let rows = matrix.roles.iter().flat_map(|role| &role.rows);
        rows.flat_map(|row| &row.cells).any(|cell| cell.state() == state)
    };
    for (state, ..) in STATES.iter().filter(|(state, ..)| has(state)) {
        write!(f, "<label><input type=\"checkbox\" value=\"{state}\" checked> {state}</label>")?;
    }
    writeln!(f, "</span><output class=\"muted\"></output></form>\n</section>")
}

fn write_role(f: &mut Formatter<'_>, role: &RoleMatrix, columns: &[Column]) -> Result {
    let id = Markup(&role.policy.id);
    writeln!(f, "<section class=\"role\" id=\"role-{id}\" data-role=\"{id}\">\n<h2>{id}</h2>")?;
    writeln!(f, "<p>{}</p>", Sentence(&role.policy.doc))?;
    write!(f, "<p class=\"meta\">mode <code>{}</code> · assigned to ", Markup(role.mode))?;
    if role.assigned.is_empty() {
        write!(f, "nobody")?;
    }
    for (at, one) in role.assigned.iter().enumerate() {
        write!(f, "{}{}", if at == 0 { "" } else { "; " }, Sentence(one))?;
    }
    write!(
        f,
        "</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{id}\"><table class=\"matrix\">\n\
         <thead><tr><th scope=\"col\">Action"
    )?;
    columns.iter().try_for_each(|column| write_column(f, column))?;
    writeln!(f, "</thead>\n<tbody>")?;
    role.rows.iter().try_for_each(|row| write_row(f, row))?;
    writeln!(f, "</table></div>")?;
    write_left_out(f, role)?;
    write_cedar(f, &role.policy)?;
    writeln!(f, "</section>")
}

fn write_column(f: &mut Formatter<'_>, column: &Column) -> Result {
    let class = if column.is_production() { " class=\"production\"" } else { "" };
    write!(f, "<th scope=\"col\"{class}>")?;
    match column.environments.split_first() {
        None => write!(f, "any other")?,
        Some((first, others)) if others.len() > 5 => {
            let all = column.environments.join(", ");
            write!(
                f,
                "<details><summary>{} and {} more</summary>{}</details>",
                Markup(first),
                others.len(),
                Markup(&all)
            )?;
        }
        Some(_) => write!(f, "{}", Markup(&column.environments.join(", ")))?,
    }
    let tier = column.tier.unwrap_or("not known to the fleet");
    write!(f, " <small>{tier}</small>")
}

fn write_row(f: &mut Formatter<'_>, row: &Row) -> Result {
    let (action, doc) = (Markup(&row.action), Markup(&row.doc));
    write!(f, "<tr><th scope=\"row\">{action}<small>{doc}</small>")?;
    row.cells.iter().try_for_each(|cell| write_cell(f, cell))?;
    writeln!(f)
}

fn write_cell(f: &mut Formatter<'_>, cell: &Cell) -> Result {
    let state = cell.state();
    let known = STATES.iter().find(|(name, ..)| *name == state);
    let class = known.map_or("none", |(_, class, _)| *class);
    write!(f, "<td class=\"{class}\" data-state=\"{state}\"><b>{state}</b>")?;
    let detail = cell.detail();
    if detail.is_empty() { Ok(()) } else { write!(f, " <span>{}</span>", Sentence(&detail)) }
}

fn write_left_out(f: &mut Formatter<'_>, role: &RoleMatrix) -> Result {
    let rows = role.rows.iter().filter(|row| !row.left_out.is_empty());
    let calls: usize = rows.clone().map(|row| row.left_out.len()).sum();
    if calls == 0 {
        return Ok(());
    }
    writeln!(
        f,
        "<details class=\"more\"><summary>{} left out, which these actions would make use of</summary>\n<ul>",
        count(calls, "API call is", "API calls are")
    )?;
    for row in rows {
        for one in &row.left_out {
            let (api, why) = (Markup(&one.api), Sentence(&one.why));
            writeln!(f, "<li><code>{api}</code> of {}, {why}</li>", Markup(&row.action))?;
        }
    }
    writeln!(f, "</ul></details>")
}

fn write_cedar(f: &mut Formatter<'_>, policy: &Policy) -> Result {
    writeln!(
        f,
        "<details class=\"more\"><summary>Cedar, <code>{}</code></summary>\n<pre>{}</pre></details>",
        Markup(&one_line(&policy.location)),
        Markup(&policy.text)
    )
}

fn write_guards(f: &mut Formatter<'_>, guards: &[Policy]) -> Result {
    writeln!(f, "<section id=\"guards\">\n<h2>Guards</h2>")?;
    if guards.is_empty() {
        writeln!(f, "<p>None.</p>")?;
    }
    for guard in guards {
        writeln!(f, "<h3>{}</h3>\n<p>{}</p>", Markup(&guard.id), Sentence(&guard.doc))?;
        write_cedar(f, guard)?;
    }
    writeln!(f, "</section>")
}
