//! Values that meet a comparison.

use fortem_core::Partition;
use jiff::SignedDuration;

use crate::iam::condition::{address, date};
use crate::model::{Comparison, Order, Test};

/// What stands for whatever a pattern leaves open.
pub(super) const ANYTHING: &str = "sample";

/// A value with which a test of a key holds; none if the key is to be absent.
pub(super) fn value(test: &Test, of: impl Fn(&str) -> Option<String>) -> Option<String> {
    if !test.holds {
        return match &test.comparison {
            Comparison::SameAs(_) => Some(format!("another-{ANYTHING}")),
            _ => None,
        };
    }
    match &test.comparison {
        Comparison::Present => Some(ANYTHING.to_owned()),
        Comparison::True => Some("true".to_owned()),
        Comparison::Equals(values) => values.first().cloned(),
        Comparison::Like(patterns) => patterns.first().map(|pattern| filled(pattern)),
        Comparison::SameAs(key) => of(key),
        Comparison::InRange(range) => address::range(range).map(|(first, _)| first.to_string()),
        Comparison::Date(order, point) => {
            let seconds = SignedDuration::from_secs(step(*order));
            Some(date::read(point)?.checked_add(seconds).ok()?.to_string())
        }
        Comparison::Number(order, number) => Some(number.checked_add(step(*order))?.to_string()),
    }
}

fn step(order: Order) -> i64 {
    match order {
        Order::Less => -1,
        Order::Greater => 1,
        Order::LessOrEqual | Order::Equal | Order::GreaterOrEqual => 0,
    }
}

/// A text that a pattern matches.
pub(super) fn filled(pattern: &str) -> String {
    // A wildcard that is meant literally, as IAM writes it.
    let literal = [("${*}", "\u{1}"), ("${?}", "\u{2}"), ("${$}", "\u{3}")];
    let kept = literal.iter().fold(pattern.to_owned(), |text, (from, to)| text.replace(from, to));
    let text = kept.replace('*', ANYTHING).replace('?', "x");
    text.replace('\u{1}', "*").replace('\u{2}', "?").replace('\u{3}', "$")
}

/// An ARN that a pattern matches, in an account.
pub(super) fn arn(pattern: &str, partition: Partition, account: &str) -> String {
    let region = match partition {
        Partition::Aws => "eu-west-1",
        Partition::AwsCn => "cn-north-1",
        Partition::AwsUsGov => "us-gov-west-1",
    };
    let part = |(index, part): (usize, &str)| match (index, part) {
        (3, "*") => region.to_owned(),
        (4, "*") => account.to_owned(),
        (_, part) => filled(part),
    };
    pattern.splitn(6, ':').enumerate().map(part).collect::<Vec<_>>().join(":")
}
