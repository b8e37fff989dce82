//! The comparison as Markdown, for a comment on a pull request.

use std::fmt::{self, Display, Formatter, Write};

use super::blocks::{Block, blocks};
use super::change::Example;
use super::text::{only_in, shown, summary};
use super::{Diff, RoleDiff, Verdict};
use crate::escape::{Code, Prose, one_line};

/// The comparison as Markdown.
#[derive(Debug)]
pub struct Markdown<'d>(pub &'d Diff);

impl Display for Markdown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(diff) = self;
        let verdict = diff.verdict.as_str();
        writeln!(f, "### What is granted: {verdict}\n")?;
        let (a, b) = (Code(&diff.a), Code(&diff.b));
        writeln!(f, "A is {a}, B is {b}. B is {}.", summary(diff.verdict))?;
        let changed = || diff.roles.iter().filter(|role| role.verdict != Verdict::Equal);
        for role in changed() {
            write_role(f, role)?;
        }
        if let Some(assignments) = &diff.assignments
            && assignments.verdict() != Verdict::Equal
        {
            writeln!(f, "\n#### Assignments: {}\n", assignments.verdict().as_str())?;
            assignments
                .added
                .iter()
                .try_for_each(|one| writeln!(f, "- only `B`: {}", Prose(&one.to_string())))?;
            assignments
                .removed
                .iter()
                .try_for_each(|one| writeln!(f, "- only `A`: {}", Prose(&one.to_string())))?;
        }
        let equal = diff.roles.iter().filter(|role| role.verdict == Verdict::Equal);
        let equal: Vec<String> =
            equal.map(|role| Code(&role.owner.to_string()).to_string()).collect();
        if !equal.is_empty() {
            writeln!(f, "\nEqual: {}.", equal.join(", "))?;
        }
        for (what, names) in diff.remarks() {
            let names: Vec<String> = names.iter().map(|name| Code(name).to_string()).collect();
            writeln!(f, "\n{what}: {}.", names.join(", "))?;
        }
        Ok(())
    }
}

fn write_role(f: &mut Formatter<'_>, role: &RoleDiff) -> fmt::Result {
    let (name, verdict) = (Code(&role.owner.to_string()).to_string(), role.verdict.as_str());
    writeln!(f, "\n#### {name}: {verdict}{}\n", only_in(role))?;
    let blocks = blocks(role, &|name| Code(name).to_string());
    for Block { direction, people, lines, .. } in &blocks {
        writeln!(f, "**{}**, for {}:\n", direction.as_str(), Prose(people))?;
        for line in lines {
            writeln!(f, "- {}: {} ({})", line.actions, line.apis, line.count())?;
        }
        writeln!(f)?;
    }
    writeln!(f, "<details><summary>Calls that show it</summary>\n\n```text")?;
    for block in &blocks {
        block.examples.iter().try_for_each(|example| write_example(f, example))?;
    }
    writeln!(f, "```\n\n</details>")
}

fn write_example(f: &mut Formatter<'_>, example: &Example) -> fmt::Result {
    let mut text = format!("{} on {}\n", example.api, one_line(&example.resource));
    for (key, values) in &example.keys {
        writeln!(text, "  with {key} = {}", one_line(&shown(values)))?;
    }
    writeln!(text, "  A: {}\n  B: {}", example.a, example.b)?;
    f.write_str(&text)
}
