//! Conditions in words.

use std::collections::BTreeSet;

use super::Exception;
use crate::model::{Comparison, Order, Test};

/// Keys whose values people have words for: the key, what it says when true, and when not.
const SAID: [(&str, &str, &str); 3] = [
    ("aws:MultiFactorAuthPresent", "with a second factor", "without a second factor"),
    ("aws:SecureTransport", "over an encrypted connection", "over an open connection"),
    ("aws:ViaAWSService", "through another AWS service", "not through another AWS service"),
];

/// What must hold, and what must not.
pub(super) fn conditions(when: &BTreeSet<Vec<String>>, except: &BTreeSet<Exception>) -> String {
    let when: Vec<String> = when.iter().map(|all| all.join(" and ")).collect();
    let except =
        except.iter().map(|one| format!("not {}, by `{}`", one.when.join(" and "), one.guard));
    let when = when.join(", or ");
    Some(when)
        .filter(|when| !when.is_empty())
        .into_iter()
        .chain(except)
        .collect::<Vec<_>>()
        .join("; ")
}

/// One comparison.
pub(super) fn test(test: &Test) -> String {
    let said = SAID.iter().find(|(key, ..)| key.eq_ignore_ascii_case(&test.key));
    if let (Some((_, holds, fails)), Comparison::True) = (said, &test.comparison) {
        return if test.holds { *holds } else { *fails }.to_owned();
    }
    let not = if test.holds { "" } else { " not" };
    let list = |values: &BTreeSet<String>| {
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        values.join(" or ")
    };
    let rest = match &test.comparison {
        Comparison::Present if test.holds => "is there".to_owned(),
        Comparison::Present => "is absent".to_owned(),
        Comparison::True => format!("is{not} `true`"),
        Comparison::Equals(values) => format!("is{not} {}", list(values)),
        Comparison::Like(patterns) => {
            format!("{} {}", if test.holds { "matches" } else { "does not match" }, list(patterns))
        }
        Comparison::SameAs(key) => format!("is{not} the same as `{key}`"),
        Comparison::InRange(range) => format!("is{not} within `{range}`"),
        Comparison::Date(order, point) => format!("is{not} {} `{point}`", date(*order)),
        Comparison::Number(order, number) => format!("is{not} {} {number}", order_of(*order)),
    };
    format!("`{}` {rest}", test.key)
}

fn date(order: Order) -> &'static str {
    match order {
        Order::Less => "before",
        Order::LessOrEqual => "not after",
        Order::Equal => "exactly",
        Order::GreaterOrEqual => "not before",
        Order::Greater => "after",
    }
}

fn order_of(order: Order) -> &'static str {
    match order {
        Order::Less => "less than",
        Order::LessOrEqual => "at most",
        Order::Equal => "exactly",
        Order::GreaterOrEqual => "at least",
        Order::Greater => "more than",
    }
}
