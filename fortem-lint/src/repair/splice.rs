//! JSON text changed in place: what stays the same keeps its bytes, and what is new looks like its neighbours.

use std::ops::Range;

use fortem_compile::iam::{Json, JsonValue, Member};
use serde::Serialize;
use serde_json::{Map, Value};

/// How a text is laid out.
#[derive(Debug)]
struct Layout<'t> {
    text: &'t str,
    // What a level is indented by.
    unit: String,
    newline: &'static str,
    // Whether lists and objects within take several lines.
    spread: bool,
}

/// A stretch of the text, and what stands there afterwards.
type Edit = (Range<usize>, String);

/// The text of an object changed to say `after`; none if the text is no object. `before` is what stands on the line
/// before the text.
pub(super) fn splice(text: &str, before: &str, after: &Map<String, Value>) -> Option<String> {
    let old = Json::parse(text).ok()?;
    let layout = Layout::of(text, before, &old)?;
    let mut edits = Vec::new();
    layout.object(&old, after, before, &mut edits)?;
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut new = text.to_owned();
    for (range, replacement) in edits {
        new.get(range.clone())?;
        new.replace_range(range, &replacement);
    }
    let read: Value = serde_json::from_str(&new).ok()?;
    (read.as_object()? == after).then_some(new)
}

impl<'t> Layout<'t> {
    fn of(text: &'t str, before: &str, old: &Json) -> Option<Self> {
        let members = members(old)?;
        let first = members.first()?.key_span().range().start;
        let lead = text.get(..first)?;
        let inner = lead.rsplit_once('\n').map(|(_, indent)| indent);
        let unit = inner.and_then(|inner| inner.strip_prefix(indent(before)));
        let within = members.iter().filter_map(|member| text.get(member.value().span().range()));
        Some(Self {
            text,
            unit: unit.filter(|unit| !unit.is_empty()).unwrap_or("  ").to_owned(),
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            spread: inner.is_some() && {
                let mut within = within.filter(|value| value.starts_with(['{', '[']));
                let any = within.clone().next().is_some();
                !any || within.any(|value| value.contains('\n'))
            },
        })
    }

    /// Changes one object into another; `before` is what stands on its line before it.
    fn object(
        &self,
        old: &Json,
        new: &Map<String, Value>,
        before: &str,
        edits: &mut Vec<Edit>,
    ) -> Option<()> {
        let members = members(old)?;
        let mut gone = members.iter().filter(|member| !new.contains_key(member.key()));
        let mut added: Vec<_> = new.iter().filter(|(key, _)| old.get(key).is_none()).collect();
        match (gone.next(), gone.next(), added.as_slice()) {
            (None, _, _) if !members.is_empty() => {}
            (Some(one), None, [(key, value)]) if self.says(one.value(), value) => {
                edits.push((one.key_span().range(), serde_json::to_string(key).ok()?));
                added.clear();
            }
            _ => {
                let spread = self.slice(old).contains('\n');
                let value = Value::Object(new.clone());
                edits.push((old.span().range(), self.render(&value, indent(before), spread)?));
                return Some(());
            }
        }
        for member in members {
            let before = self.line_before(member.key_span().range().start);
            if let Some(value) = new.get(member.key()) {
                self.value(member.value(), value, before, edits)?;
            }
        }
        let (at, separator) = self.separator(old, members)?;
        let margin = separator.rsplit_once('\n').map_or(indent(before), |(_, margin)| margin);
        for (key, value) in added {
            let key = serde_json::to_string(key).ok()?;
            let value = self.render(value, margin, self.spread)?;
            edits.push((at..at, format!("{separator}{key}: {value}")));
        }
        Some(())
    }

    fn value(&self, old: &Json, new: &Value, before: &str, edits: &mut Vec<Edit>) -> Option<()> {
        if self.says(old, new) {
            return Some(());
        }
        if let (JsonValue::Object(_), Value::Object(new)) = (old.value(), new) {
            return self.object(old, new, before, edits);
        }
        let spread = self.slice(old).contains('\n');
        edits.push((old.span().range(), self.render(new, indent(before), spread)?));
        Some(())
    }

    /// Whether a text says a value already.
    fn says(&self, old: &Json, new: &Value) -> bool {
        serde_json::from_str::<Value>(self.slice(old)).is_ok_and(|old| old == *new)
    }

    /// Where a member is added, and what stands between it and the one before.
    fn separator(&self, object: &Json, members: &[Member]) -> Option<(usize, String)> {
        let last = members.last()?;
        let end = last.value().span().range().end;
        let begin = last.key_span().range().start;
        let previous = members.len().checked_sub(2).and_then(|at| members.get(at));
        let between = if let Some(previous) = previous {
            self.text.get(previous.value().span().range().end..begin)?.to_owned()
        } else {
            let lead = self.text.get(object.span().range().start + 1..begin)?;
            if lead.contains('\n') { format!(",{lead}") } else { ", ".to_owned() }
        };
        Some((end, between))
    }

    fn slice(&self, json: &Json) -> &'t str {
        self.text.get(json.span().range()).unwrap_or_default()
    }

    fn line_before(&self, at: usize) -> &'t str {
        let before = self.text.get(..at).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default()
    }

    fn render(&self, value: &Value, margin: &str, spread: bool) -> Option<String> {
        if !spread {
            return Some(inline(value));
        }
        let mut out = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(self.unit.as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        value.serialize(&mut serializer).ok()?;
        let text = String::from_utf8(out).ok()?;
        Some(text.replace('\n', &format!("{}{margin}", self.newline)))
    }
}

fn members(json: &Json) -> Option<&[Member]> {
    match json.value() {
        JsonValue::Object(members) => Some(members),
        _ => None,
    }
}

/// The blanks at the beginning of a line.
fn indent(line: &str) -> &str {
    line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
}

/// A value on one line, with blanks as people write it.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), inline(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::splice;

    fn spliced(text: &str, before: &str, after: &str) -> String {
        let after: serde_json::Value = serde_json::from_str(after).unwrap();
        splice(text, before, after.as_object().unwrap()).unwrap()
    }

    #[test]
    fn what_stays_keeps_its_bytes() {
        let text = "{\n\t\"A\":   [\"x\",\"y\"],\n\t\"B\": {\"C\": \"1\"}\n}";
        assert_eq!(
            spliced(text, "", r#"{"A": ["x", "y"], "B": {"C": "1", "D": ["2"]}}"#),
            "{\n\t\"A\":   [\"x\",\"y\"],\n\t\"B\": {\"C\": \"1\", \"D\": [\"2\"]}\n}"
        );
    }

    #[test]
    fn what_is_new_is_indented_as_its_neighbours() {
        let text = "{\r\n        \"A\": [\r\n            \"x\"\r\n        ]\r\n    }";
        assert_eq!(
            spliced(text, "    ", r#"{"A": ["x"], "B": {"C": "1"}}"#),
            "{\r\n        \"A\": [\r\n            \"x\"\r\n        ],\r\n        \"B\": {\r\n            \
             \"C\": \"1\"\r\n        }\r\n    }"
        );
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(
            spliced(r#"{"A": "x"}"#, "  \"Statement\": [", r#"{"A": ["x", "y"], "B": {"C": "1"}}"#),
            r#"{"A": ["x", "y"], "B": {"C": "1"}}"#
        );
    }

    #[test]
    fn a_key_that_is_renamed_stays_where_it_is() {
        let text = "{\n  \"A\": {  \"B\": {\"C\":  \"1\"} },\n  \"E\": []\n}";
        assert_eq!(
            spliced(text, "", r#"{"A": {"D": {"C": "1"}}, "E": []}"#),
            "{\n  \"A\": {  \"D\": {\"C\":  \"1\"} },\n  \"E\": []\n}"
        );
    }

    #[test]
    fn a_member_that_goes_takes_its_object_along() {
        let text = "{\n  \"A\": {\"B\": {\"C\": \"1\"}, \"D\": \"2\"},\n  \"E\": []\n}";
        assert_eq!(
            spliced(text, "", r#"{"A": {"D": "2"}, "E": []}"#),
            "{\n  \"A\": {\"D\": \"2\"},\n  \"E\": []\n}"
        );
    }
}
