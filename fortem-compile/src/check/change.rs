//! How a file differs from what it should be: a policy by statement, anything else by line.

use std::fmt::Display;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::TextDiff;

/// How many lines are shown around a change.
const CONTEXT: usize = 2;

/// The largest text whose lines are compared, in bytes; nobody reads the difference of larger ones.
const LARGEST: usize = 1 << 18;

/// A part of a file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The statement's id, or its number if it has none; absent for what is no statement.
    pub sid: Option<String>,
    /// In which way it differs.
    pub status: PartStatus,
    /// A unified diff: `-` as the sources say, `+` as it is. Empty where there is nothing to show.
    pub diff: String,
}

/// In which way a part of a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartStatus {
    /// The sources make it, and it is not there.
    Missing,
    /// It is there, and the sources do not make it.
    Added,
    /// It says something else.
    Changed,
    /// The statements are the same ones in another order.
    Reordered,
    /// The same JSON in other bytes: white space, order of members, escapes.
    Rewritten,
    /// It cannot be read as text; the diff says why.
    Unreadable,
}

impl Part {
    pub(super) fn unreadable(why: &(impl Display + ?Sized)) -> Self {
        Self { sid: None, status: PartStatus::Unreadable, diff: format!("{why}\n") }
    }
}

/// What differs between a text and the bytes that should be that text.
pub(super) fn parts(expected: &str, found: &[u8]) -> Vec<Part> {
    let text = match str::from_utf8(found) {
        Ok(text) => text,
        Err(error) => return vec![Part::unreadable(&error)],
    };
    let policies = Policy::parse(expected).zip(Policy::parse(text));
    policies
        .map_or_else(|| vec![by_line(expected, text)], |(one, other)| by_statement(&one, &other))
}

fn by_line(expected: &str, found: &str) -> Part {
    Part { sid: None, status: PartStatus::Changed, diff: diff(expected, found) }
}

fn diff(expected: &str, found: &str) -> String {
    if expected.len().max(found.len()) > LARGEST {
        return String::new();
    }
    let diff = TextDiff::from_lines(expected, found);
    diff.unified_diff().context_radius(CONTEXT).missing_newline_hint(false).to_string()
}

/// A policy document: its statements by name, and the rest of it.
struct Policy {
    statements: Vec<(String, Value)>,
    rest: Value,
}

impl Policy {
    /// None for JSON that is no policy.
    fn parse(text: &str) -> Option<Self> {
        let mut members: Map<String, Value> = serde_json::from_str(text).ok()?;
        let list = match members.shift_remove("Statement")? {
            Value::Array(list) => list,
            one @ Value::Object(_) => vec![one],
            _ => return None,
        };
        let mut statements: Vec<(String, Value)> = Vec::new();
        for (index, statement) in list.into_iter().enumerate() {
            let sid = statement.get("Sid").and_then(Value::as_str).map(str::to_owned);
            let name = sid.filter(|sid| statements.iter().all(|(known, _)| known != sid));
            statements.push((name.unwrap_or_else(|| format!("{}", index + 1)), statement));
        }
        Some(Self { statements, rest: Value::Object(members) })
    }

    fn statement(&self, name: &str) -> Option<&Value> {
        self.statements.iter().find(|(known, _)| known == name).map(|(_, statement)| statement)
    }
}

fn by_statement(expected: &Policy, found: &Policy) -> Vec<Part> {
    let mut parts = Vec::new();
    if expected.rest != found.rest {
        let diff = diff(&pretty(&expected.rest), &pretty(&found.rest));
        parts.push(Part { sid: None, status: PartStatus::Changed, diff });
    }
    for (name, statement) in &expected.statements {
        let (status, text) = match found.statement(name) {
            None => (PartStatus::Missing, String::new()),
            Some(other) if other == statement => continue,
            Some(other) => (PartStatus::Changed, pretty(other)),
        };
        let diff = diff(&pretty(statement), &text);
        parts.push(Part { sid: Some(name.clone()), status, diff });
    }
    for (name, statement) in &found.statements {
        if expected.statement(name).is_none() {
            let diff = diff("", &pretty(statement));
            parts.push(Part { sid: Some(name.clone()), status: PartStatus::Added, diff });
        }
    }
    if parts.is_empty() {
        let reordered = expected.statements != found.statements;
        let status = if reordered { PartStatus::Reordered } else { PartStatus::Rewritten };
        parts.push(Part { sid: None, status, diff: String::new() });
    }
    parts
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
        {"Sid": "One", "Effect": "Allow", "Action": "a:b", "Resource": "*"},
        {"Sid": "Two", "Effect": "Deny", "Action": "a:c", "Resource": "*"}]}"#;

    fn statuses(found: &str) -> Vec<(Option<String>, PartStatus)> {
        let parts = parts(POLICY, found.as_bytes()).into_iter();
        parts.map(|part| (part.sid, part.status)).collect()
    }

    #[test]
    fn statements_are_compared_by_sid() {
        use PartStatus::{Added, Changed, Missing, Reordered, Rewritten, Unreadable};
        let sid = |sid: &str| Some(sid.to_owned());
        assert_eq!(statuses(&POLICY.replace("a:c", "a:d")), [(sid("Two"), Changed)]);
        let renamed = POLICY.replace("Two", "Three");
        assert_eq!(statuses(&renamed), [(sid("Two"), Missing), (sid("Three"), Added)]);
        let unnamed = POLICY.replace("\"Sid\": \"Two\", ", "");
        assert_eq!(statuses(&unnamed), [(sid("Two"), Missing), (sid("2"), Added)]);
        let twice = POLICY.replace("Two", "One");
        assert_eq!(statuses(&twice), [(sid("Two"), Missing), (sid("2"), Added)]);
        assert_eq!(statuses(&POLICY.replace("2012", "2008")), [(None, Changed)]);
        assert_eq!(statuses(&POLICY.replace(' ', "")), [(None, Rewritten)]);
        let value: Value = serde_json::from_str(POLICY).unwrap();
        let mut swapped = value.clone();
        swapped["Statement"].as_array_mut().unwrap().reverse();
        assert_eq!(statuses(&swapped.to_string()), [(None, Reordered)]);
        assert_eq!(statuses("no JSON"), [(None, Changed)]);
        assert_eq!(parts(POLICY, b"\xff")[0].status, Unreadable);
    }

    #[test]
    fn a_change_is_shown_with_what_is_around_it() {
        let [part] = &parts(POLICY, POLICY.replace("a:c", "a:*").as_bytes())[..] else { panic!() };
        assert_eq!(
            part.diff,
            "@@ -2,5 +2,5 @@\n   \"Sid\": \"Two\",\n   \"Effect\": \"Deny\",\n-  \"Action\": \"a:c\",\n\
             +  \"Action\": \"a:*\",\n   \"Resource\": \"*\"\n }\n"
        );
    }
}
