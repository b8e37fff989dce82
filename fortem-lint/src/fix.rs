//! Corrections that can be written without knowing more than the input.

use fortem_compile::iam::Statement;
use serde_json::{Map, Value};

use crate::finding::Fix;
use crate::source::Source;
use crate::unit::Policy;

/// The correction that rewrites a statement; none if the document is not written as it is in the input, or if `change`
/// changes nothing. `safe` tells that it only narrows what is granted.
///
/// The elements keep their order; the statement is written anew, indented as the input indents it.
#[must_use]
pub fn statement(
    policy: &Policy,
    statement: &Statement,
    source: &Source,
    description: &str,
    safe: bool,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Option<Fix> {
    if !policy.verbatim {
        return None;
    }
    let range = policy.place_of(statement).range;
    let before: Value = serde_json::from_str(source.slice(range.clone())).ok()?;
    let mut after = before.clone();
    change(after.as_object_mut()?);
    if after == before {
        return None;
    }
    let replacement = serde_json::to_string_pretty(&after).ok()?;
    let replacement = replacement.replace('\n', &format!("\n{}", source.indentation(range.start)));
    Some(Fix { description: description.to_owned(), safe, range, replacement })
}

/// The conditions of a statement under one operator, made if there are none.
pub fn operator<'s>(
    statement: &'s mut Map<String, Value>,
    name: &str,
) -> Option<&'s mut Map<String, Value>> {
    let conditions = statement.entry("Condition").or_insert_with(|| Value::Object(Map::new()));
    let of_operator =
        conditions.as_object_mut()?.entry(name).or_insert_with(|| Value::Object(Map::new()));
    of_operator.as_object_mut()
}

/// Moves a key, whatever its case, from one operator to another.
pub fn move_key(statement: &mut Map<String, Value>, from: &str, to: &str, key: &str) {
    let Some(conditions) = statement.get_mut("Condition").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(old) = conditions.get_mut(from).and_then(Value::as_object_mut) else { return };
    let Some(written) = old.keys().find(|one| one.eq_ignore_ascii_case(key)).cloned() else {
        return;
    };
    let Some(value) = old.shift_remove(&written) else { return };
    if old.is_empty() {
        conditions.shift_remove(from);
    }
    if let Some(new) = operator(statement, to) {
        new.entry(written).or_insert(value);
    }
}
