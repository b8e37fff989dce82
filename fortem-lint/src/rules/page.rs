//! The page of a rule, and the list of all: in a terminal, in the documentation, in reports.

use std::fmt::Write as _;

use super::{Meta, Rule};
use crate::report::criterion_title;

/// One part of a page.
enum Part {
    /// Paragraphs.
    Text(String),
    /// A policy, or part of an inventory.
    Json(&'static str),
    /// Short lines.
    List(Vec<String>),
}

/// The parts of a rule's page with their headings.
fn parts(meta: &Meta) -> Vec<(&'static str, Part)> {
    let text = |text: &str| Part::Text(text.to_owned());
    let needs = meta.needs.iter().map(|input| input.describe().to_owned()).collect();
    let criteria = meta.criteria.iter().map(|id| match criterion_title(id) {
        "" => (*id).to_owned(),
        title => format!("{id}: {title}"),
    });
    let peers = meta.peers.iter().map(|peer| (*peer).to_owned());
    let mut parts = vec![
        ("What it finds", Part::Text(format!("{}.", meta.summary))),
        ("Why it matters", text(meta.why)),
        ("Example", Part::Json(meta.example)),
        ("What to do", text(meta.remediation)),
        ("Limits", text(meta.limits)),
        ("What it needs", Part::List(needs)),
        ("SOC 2 criteria", Part::List(criteria.collect())),
        ("Similar checks", Part::List(peers.collect())),
    ];
    parts.retain(|(_, part)| match part {
        Part::Text(text) => !text.is_empty(),
        Part::Json(text) => !text.is_empty(),
        Part::List(list) => !list.is_empty(),
    });
    parts
}

/// For whom a rule speaks, severity and confidence: `critical, high confidence`.
fn standing(meta: &Meta) -> String {
    let persona = match meta.persona {
        crate::finding::Persona::Regular => "",
        crate::finding::Persona::Pedantic => "; with `--persona pedantic`",
        crate::finding::Persona::Auditor => "; with `--persona auditor`",
    };
    format!("{}, {} confidence{persona}", meta.severity, meta.confidence.as_str())
}

/// The page in Markdown; its first line is a heading.
#[must_use]
pub fn markdown(meta: &Meta) -> String {
    let mut page = format!("# {} {}\n\n{}\n", meta.id, meta.name, standing(meta));
    for (heading, part) in parts(meta) {
        let _ = match part {
            Part::Text(text) => write!(page, "\n## {heading}\n\n{text}\n"),
            Part::Json(text) => write!(page, "\n## {heading}\n\n```json\n{}\n```\n", text.trim()),
            Part::List(list) => write!(page, "\n## {heading}\n\n- {}\n", list.join("\n- ")),
        };
    }
    page
}

/// How many characters a line of text has at most.
const WIDTH: usize = 96;

/// The page for a terminal, with bold headings if `styled`.
#[must_use]
pub fn text(meta: &Meta, styled: bool) -> String {
    let (bold, plain) = if styled { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    let mut page = format!("{bold}{} {}{plain}\n{}\n", meta.id, meta.name, standing(meta));
    for (heading, part) in parts(meta) {
        let body = match part {
            Part::Text(text) => wrapped(&text, "  "),
            Part::Json(text) => format!("  {}\n", text.trim().replace('\n', "\n  ")),
            Part::List(list) => list.iter().map(|one| wrapped(one, "  ")).collect(),
        };
        let _ = write!(page, "\n{bold}{heading}{plain}\n{body}");
    }
    page
}

/// A text in lines of [`WIDTH`] characters, each after `indent`; line breaks in it stay.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut length = 0;
        for word in paragraph.split_whitespace() {
            let wanted = word.chars().count();
            if length == 0 {
                lines.push_str(indent);
            } else if length + 1 + wanted > WIDTH {
                lines.push('\n');
                lines.push_str(indent);
                length = 0;
            } else {
                lines.push(' ');
                length += 1;
            }
            lines.push_str(word);
            length += wanted;
        }
        lines.push('\n');
    }
    lines
}

/// All rules as a table in Markdown, with links to their pages.
#[must_use]
pub fn index(rules: &[&'static dyn Rule]) -> String {
    let mut page = String::from(
        "# Rules\n\nEach rule judges what a whole set of policies allows; severities are those where production is \
         reached.\n\n| id | name | finds | severity | confidence | SOC 2 |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for meta in rules.iter().map(|rule| rule.meta()) {
        let _ = writeln!(
            page,
            "| [{id}]({id}.md) | {} | {} | {} | {} | {} |",
            meta.name,
            meta.summary.replace('|', "\\|"),
            meta.severity,
            meta.confidence.as_str(),
            meta.criteria.join(", "),
            id = meta.id,
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_broken_between_words() {
        let text = wrapped(&"word ".repeat(30), "  ");
        assert!(text.lines().all(|line| line.len() <= 98 && line.starts_with("  word")), "{text}");
        assert_eq!(text.matches("word").count(), 30);
    }
}
