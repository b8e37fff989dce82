//! A small reading of IAM, independent of the compiler: what the emitted documents allow.
//!
//! Written from the IAM User Guide (Policy evaluation logic; JSON policy elements: Condition operators;
//! Variables). It knows the operators that are emitted and refuses any other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use fortem_core::pattern::matches;
use serde_json::{Map, Value};

/// Condition key, in lower case → its values; a missing key is not there.
pub(crate) type Context = BTreeMap<String, Vec<String>>;

/// One authorization: what is called, on what, under which circumstances.
pub(crate) struct Call<'a> {
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

/// Whether the documents together allow the call, and the statements that decided.
pub(crate) fn allows(documents: &[Value], call: &Call) -> (bool, Vec<String>) {
    let statements = documents.iter().flat_map(|document| list(&document["Statement"]));
    let applying: Vec<&Value> = statements.filter(|statement| applies(statement, call)).collect();
    let of = |effect: &str| -> Vec<String> {
        let some = applying.iter().filter(|statement| statement["Effect"] == effect);
        some.map(|statement| statement["Sid"].as_str().unwrap_or("?").to_owned()).collect()
    };
    let (allow, deny) = (of("Allow"), of("Deny"));
    if deny.is_empty() { (!allow.is_empty(), allow) } else { (false, deny) }
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).iter().map(|item| item.as_str().expect("a string"))
}

fn applies(statement: &Value, call: &Call) -> bool {
    let action = |field: &str| {
        let named = texts(&statement[field]).map(str::to_lowercase);
        named.into_iter().any(|pattern| matches(&pattern, &call.action.to_lowercase()))
    };
    let resource = || {
        let mut patterns = texts(&statement["Resource"]);
        // An unresolved variable matches no resource.
        patterns.any(|pattern| {
            resolve(pattern, call.context).is_some_and(|pattern| same(&pattern, call.resource))
        })
    };
    let acts =
        if statement["NotAction"].is_null() { action("Action") } else { !action("NotAction") };
    let empty = Map::new();
    let conditions = statement["Condition"].as_object().unwrap_or(&empty);
    acts && resource() && conditions.iter().all(|(operator, keys)| holds_all(operator, keys, call))
}

fn holds_all(operator: &str, keys: &Value, call: &Call) -> bool {
    let keys = keys.as_object().expect("keys");
    keys.iter().all(|(key, values)| {
        let values: Vec<&str> = texts(values).collect();
        holds(operator, call.context.get(&key.to_lowercase()), &values, call.context)
    })
}

fn holds(operator: &str, found: Option<&Vec<String>>, values: &[&str], context: &Context) -> bool {
    if operator == "Null" {
        return values == [if found.is_none() { "true" } else { "false" }];
    }
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |rest| (rest, true));
    let one = |name: &str, value: &str| {
        let mut resolved = values.iter().filter_map(|value| resolve(value, context));
        resolved.any(|wanted| compares(name, value, &wanted))
    };
    if let Some(name) = operator.strip_prefix("ForAllValues:") {
        return found.is_none_or(|found| found.iter().all(|value| one(name, value)));
    }
    if let Some(name) = operator.strip_prefix("ForAnyValue:") {
        return found.is_some_and(|found| found.iter().any(|value| one(name, value)));
    }
    let negated = operator.contains("Not");
    let name = operator.replace("Not", "");
    match found {
        None => negated || if_exists,
        Some(found) => found.iter().any(|value| one(&name, value)) != negated,
    }
}

fn compares(operator: &str, value: &str, wanted: &[Piece]) -> bool {
    let literal: String = wanted.iter().map(|piece| piece.text.as_str()).collect();
    match operator {
        "StringEquals" => value == literal,
        "StringEqualsIgnoreCase" | "Bool" => value.eq_ignore_ascii_case(&literal),
        "StringLike" => same(wanted, value),
        "DateEquals"
        | "DateLessThan"
        | "DateLessThanEquals"
        | "DateGreaterThan"
        | "DateGreaterThanEquals" => {
            // Times in one notation, whose order is that of their texts.
            assert!(value.ends_with('Z') && literal.ends_with('Z') && value.len() == literal.len());
            ordered(operator.trim_start_matches("Date"), &value, &literal.as_str())
        }
        "NumericEquals"
        | "NumericLessThan"
        | "NumericLessThanEquals"
        | "NumericGreaterThan"
        | "NumericGreaterThanEquals" => {
            let number = |text: &str| text.parse::<i64>().unwrap();
            ordered(operator.trim_start_matches("Numeric"), &number(value), &number(&literal))
        }
        "IpAddress" => in_range(value, &literal),
        "ArnLike" | "ArnEquals" => {
            let wanted_parts = literal.splitn(6, ':').count() == 6;
            wanted_parts && arn_like(wanted, value)
        }
        other => panic!("the evaluator does not know `{other}`"),
    }
}

fn ordered<T: Ord>(operator: &str, value: &T, wanted: &T) -> bool {
    match operator {
        "Equals" => value == wanted,
        "LessThan" => value < wanted,
        "LessThanEquals" => value <= wanted,
        "GreaterThan" => value > wanted,
        "GreaterThanEquals" => value >= wanted,
        other => panic!("the evaluator does not know the order `{other}`"),
    }
}

/// Whether the first bits of an address are those of a range.
fn in_range(address: &str, range: &str) -> bool {
    let bits = |address: &str| match address.parse::<IpAddr>().unwrap() {
        IpAddr::V4(four) => format!("4{:032b}", four.to_bits()),
        IpAddr::V6(six) => format!("6{:0128b}", six.to_bits()),
    };
    let (base, length) = range.split_once('/').unwrap_or((range, ""));
    let base = bits(base);
    let length = length.parse().map_or(base.len(), |length: usize| length + 1);
    bits(address).chars().zip(base.chars()).take(length).all(|(found, wanted)| found == wanted)
}

/// A part of a value: text from a variable holds no wildcards.
struct Piece {
    text: String,
    literal: bool,
}

/// Puts the values of policy variables in; `None` if one is missing.
fn resolve(pattern: &str, context: &Context) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        pieces.push(Piece { text: before.to_owned(), literal: false });
        let (key, behind) = after.split_once('}').expect("a closed variable");
        let special = ["*", "?", "$"].contains(&key).then(|| key.to_owned());
        let found = || context.get(&key.to_lowercase())?.first().cloned();
        let value = special.or_else(found)?;
        pieces.push(Piece { text: value, literal: true });
        rest = behind;
    }
    pieces.push(Piece { text: rest.to_owned(), literal: false });
    Some(pieces)
}

/// Wildcards of substituted text are hidden behind letters that no pattern has.
fn same(pattern: &[Piece], text: &str) -> bool {
    let hide = |text: &str| text.replace('*', "\u{1}").replace('?', "\u{2}");
    let shown = |piece: &Piece| {
        if piece.literal { hide(&piece.text) } else { piece.text.clone() }
    };
    matches(&pattern.iter().map(shown).collect::<String>(), &hide(text))
}

fn arn_like(pattern: &[Piece], value: &str) -> bool {
    let hide = |text: &str| text.replace('*', "\u{1}").replace('?', "\u{2}");
    let shown = |piece: &Piece| {
        if piece.literal { hide(&piece.text) } else { piece.text.clone() }
    };
    let pattern: String = pattern.iter().map(shown).collect();
    let value = hide(value);
    let parts = pattern.splitn(6, ':').zip(value.splitn(6, ':'));
    value.splitn(6, ':').count() == 6 && parts.into_iter().all(|(p, v)| matches(p, v))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        let pair = |(key, value): &(&str, &str)| (key.to_lowercase(), vec![(*value).to_owned()]);
        pairs.iter().map(pair).collect()
    }

    #[track_caller]
    fn check(operator: &str, found: Option<&str>, values: &[&str], expected: bool) {
        let found = found.map(|value| vec![value.to_owned()]);
        let context = context(&[("aws:PrincipalTag/E", "sta*")]);
        assert_eq!(holds(operator, found.as_ref(), values, &context), expected, "{operator}");
    }

    #[test]
    fn a_missing_key_is_what_the_guide_says() {
        check("StringEquals", None, &["a"], false);
        check("StringNotEquals", None, &["a"], true);
        check("StringEqualsIfExists", None, &["a"], true);
        check("ArnLikeIfExists", None, &["arn:aws:ecs:*:*:x"], true);
        check("Bool", None, &["true"], false);
        check("BoolIfExists", None, &["false"], true);
        check("Null", None, &["true"], true);
        check("Null", Some(""), &["true"], false);
        check("ForAllValues:StringEquals", None, &["a"], true);
        check("ForAnyValue:StringEquals", None, &["a"], false);
    }

    #[test]
    fn values_are_alternatives_and_negation_refuses_each() {
        check("StringEquals", Some("b"), &["a", "b"], true);
        check("StringNotEquals", Some("b"), &["a", "b"], false);
        check("StringNotEquals", Some("B"), &["a", "b"], true);
        check("StringEqualsIgnoreCase", Some("B"), &["a", "b"], true);
    }

    #[test]
    fn a_variable_is_literal_text_or_matches_nothing() {
        check("StringLike", Some("staging"), &["${aws:PrincipalTag/E}"], false);
        check("StringLike", Some("sta*"), &["${aws:PrincipalTag/E}"], true);
        check("StringEquals", Some("x"), &["${aws:PrincipalTag/Missing}"], false);
        assert!(resolve("${aws:PrincipalTag/Missing}", &Context::new()).is_none());
    }

    #[test]
    fn wildcards_stay_in_their_part_of_an_arn() {
        let pattern = ["arn:aws:ecs:*:*:cluster/p*"];
        check("ArnLike", Some("arn:aws:ecs:eu-west-1:1:cluster/prod"), &pattern, true);
        check("ArnLike", Some("arn:aws:ecs:eu-west-1:1:x:cluster/prod"), &pattern, false);
        check("ArnLike", Some("cluster/prod"), &pattern, false);
    }
}
