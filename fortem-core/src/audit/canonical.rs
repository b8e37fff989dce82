//! JSON in the one form that is hashed (RFC 8785), and what is kept of a state that does not fit into it.

use serde::Serialize;
use serde_json::{Number, Value};

/// The largest integer that every reader of JSON keeps: 2⁵³ − 1 (RFC 7493).
const LARGEST: u64 = (1 << 53) - 1;

/// How deep a state may be; readers of JSON give up at some depth, ours at 128.
const DEPTH: usize = 96;

/// The canonical text of a value that [`interchangeable`] has gone over.
pub(crate) fn text(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json_canonicalizer::to_string(value)
}

/// Writes numbers that others would round as strings of the same digits; `None` for what is too deep.
pub(crate) fn interchangeable(value: Value) -> Option<Value> {
    at_depth(value, DEPTH)
}

fn at_depth(value: Value, left: usize) -> Option<Value> {
    match value {
        Value::Number(number) if is_rounded(&number) => Some(Value::String(number.to_string())),
        Value::Array(items) => {
            let left = left.checked_sub(1)?;
            items.into_iter().map(|item| at_depth(item, left)).collect()
        }
        Value::Object(fields) => {
            let left = left.checked_sub(1)?;
            let fields = fields.into_iter().map(|(key, item)| Some((key, at_depth(item, left)?)));
            fields.collect::<Option<_>>().map(Value::Object)
        }
        other => Some(other),
    }
}

fn is_rounded(number: &Number) -> bool {
    if let Some(integer) = number.as_i64() {
        return integer.unsigned_abs() > LARGEST;
    }
    if number.is_u64() {
        return true;
    }
    // With serde_json's feature `arbitrary_precision`, which another crate may turn on, a number is any text.
    let double = number.as_f64().and_then(Number::from_f64);
    double.is_none_or(|double| double.to_string() != number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_example_of_the_rfc_is_written_as_there() {
        // RFC 8785, 3.2.2 and 3.2.3.
        let value: Value = serde_json::from_str(
            r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
        )
        .unwrap();
        let expected = "{\"literals\":[null,true,false],\
            \"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
            \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(text(&value).unwrap(), expected);
    }

    #[test]
    fn keys_are_sorted_as_utf_16() {
        let value = json!({ "\u{fb33}": 1, "\u{1f600}": 2, "a": 3 });
        assert_eq!(text(&value).unwrap(), "{\"a\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn integers_that_others_would_round_are_strings() {
        let value = json!([
            9_007_199_254_740_991_u64,
            9_007_199_254_740_992_u64,
            i64::MIN,
            u64::MAX,
            1.5,
            -0.0
        ]);
        let expected = json!([
            9_007_199_254_740_991_u64,
            "9007199254740992",
            "-9223372036854775808",
            "18446744073709551615",
            1.5,
            -0.0
        ]);
        assert_eq!(interchangeable(value), Some(expected));
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let deep = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(interchangeable(deep(DEPTH)).is_some());
        assert_eq!(interchangeable(deep(DEPTH + 1)), None);
    }
}
