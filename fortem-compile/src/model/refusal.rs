//! What IAM cannot say, with the place where it stands and what could be written instead.

use std::ops::Range;

use cedar_policy::pst::Expr;
use fortem_core::{Policy, Problem};

/// A part of a clause that cannot be compiled.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// The part, as Cedar writes it.
    part: String,
    /// Why it cannot be said, as the end of a sentence that begins with the part.
    why: String,
    /// What to do.
    instead: String,
}

impl Refusal {
    pub(super) fn new(part: &Expr, why: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { part: part.to_string(), why: why.into(), instead: instead.into() }
    }

    /// The problem, at the part if it can be found in the clause, else at the clause.
    pub(super) fn problem(self, policy: &Policy, clause: Range<usize>) -> Problem {
        let text = policy.file().text().get(clause.clone()).unwrap_or_default();
        let found = find(text, &self.part);
        let (span, label) = match found {
            Some(part) => (clause.start + part.start..clause.start + part.end, self.why.clone()),
            None => (clause, format!("`{}` {}", self.part, self.why)),
        };
        let message = format!("cannot compile `{}`", self.part);
        Problem::new("fortem::model::unsupported_condition", message)
            .at(policy.file(), span, label)
            .help(self.instead)
    }
}

/// Where a part stands in a text, white space and round brackets aside, since Cedar writes an expression in its own way.
fn find(text: &str, part: &str) -> Option<Range<usize>> {
    let ignored = |c: char| c.is_whitespace() || c == '(' || c == ')';
    let wanted: Vec<char> = part.chars().filter(|c| !ignored(*c)).collect();
    let written: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !ignored(*c)).collect();
    let mut windows = written.windows(wanted.len().max(1));
    let window = windows.find(|window| window.iter().map(|(_, c)| c).eq(&wanted))?;
    let (start, _) = window.first()?;
    let (last, letter) = window.last()?;
    let mut end = last + letter.len_utf8();
    // What is opened within the part is closed within it.
    let open = |text: &str| text.matches('(').count() > text.matches(')').count();
    while text.get(*start..end).is_some_and(open) && text.get(end..end + 1) == Some(")") {
        end += 1;
    }
    Some(*start..end)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_part_is_found_however_it_is_written() {
        let text = "when { context.mfa &&\n  (context.now).toTime( )  < duration(\"8h\") }";
        let found = find(text, "(context.now).toTime()").unwrap();
        assert_eq!(text.get(found), Some("context.now).toTime"));
        assert_eq!(find(text, "context.approval"), None);
    }
}
