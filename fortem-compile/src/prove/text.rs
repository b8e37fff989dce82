//! Cedar expressions as text.

use fortem_core::NAMESPACE;

/// A string literal.
pub(super) fn string(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// An entity of the vocabulary.
pub(super) fn entity(kind: &str, id: &str) -> String {
    format!("{NAMESPACE}::{kind}::{}", string(id))
}

/// Every part holds; what is settled beforehand is left out.
pub(super) fn all(parts: impl IntoIterator<Item = String>) -> String {
    join(parts, "true", "false", " && ")
}

/// Some part holds; what is settled beforehand is left out.
pub(super) fn any(parts: impl IntoIterator<Item = String>) -> String {
    join(parts, "false", "true", " || ")
}

pub(super) fn not(expression: &str) -> String {
    match expression {
        "true" => "false".to_owned(),
        "false" => "true".to_owned(),
        other => format!("!({other})"),
    }
}

/// `neutral` changes nothing, `settling` decides alone.
fn join(
    parts: impl IntoIterator<Item = String>,
    neutral: &str,
    settling: &str,
    operator: &str,
) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| part != neutral).collect();
    if parts.iter().any(|part| part == settling) {
        return settling.to_owned();
    }
    match parts.as_slice() {
        [] => neutral.to_owned(),
        [only] => only.clone(),
        several => format!("({})", several.join(operator)),
    }
}

#[cfg(test)]
mod tests {
    use super::{all, any, not, string};

    #[test]
    fn what_is_settled_is_not_written() {
        let parts =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(all(parts(&["a", "true", "b"])), "(a && b)");
        assert_eq!(all(parts(&["a", "false"])), "false");
        assert_eq!(any(parts(&["a", "true"])), "true");
        assert_eq!(any(parts(&[])), "false");
        assert_eq!(not("true"), "false");
        assert_eq!(string("a\"b"), "\"a\\\"b\"");
    }
}
