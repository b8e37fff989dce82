//! Which values of a condition key are worth asking about: one for each way in which the comparisons
//! that occur can come out together.
//!
//! Whether a condition holds depends on the value only through the outcomes of its comparisons. So two
//! values with the same outcomes are the same to every condition, and one of them will do:
//!
//! - *Equality*: each constant, and one text that equals none. Where letter case is ignored, also each
//!   constant in another case.
//! - *Patterns*: one text for each combination that has any, found with an automaton
//!   ([`super::language`]). Constants are patterns without wildcards.
//! - *Numbers, dates*: the constants cut the line into points and open intervals; one value of each.
//! - *Addresses*: ranges are nested or apart, so the first address of each, the one before it, the last,
//!   and the one behind it meet every piece, of either version.
//! - *Booleans*: `true` and `false`; a key that is compared as one has no other values.
//! - *Several of these on one key*: refused, since their outcomes together would have to be told apart, and
//!   no key means two things.
//! - *Presence* (`Null`, `…IfExists`): a call without the key, always asked about.
//! - *Variables*: what they stand for is fixed first, one kind of principal at a time, so that none is left
//!   here. A default is what stands there when the principal has no such tag.
//! - *Sets* (`ForAllValues`, `ForAnyValue`, and keys that hold several values by the reference): whether
//!   all or any value of a set passes is the conjunction or disjunction over its members. The sets are
//!   built up from single values, one member at a time, as long as that brings a new outcome
//!   ([`super::keys`]).

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::DomainError;
use super::language::{Language, Languages};
use crate::iam::condition::{self, Comparison};

/// Single values that stand for all values of a key; that the key may be absent is left to the caller.
pub(crate) fn values(
    key: &str,
    comparisons: &[Comparison],
    languages: &mut Languages,
) -> Result<BTreeSet<String>, DomainError> {
    let kinds: BTreeSet<_> = comparisons.iter().filter_map(of_what).collect();
    if kinds.len() > 1 {
        return Err(DomainError::Mixed(key.to_owned()));
    }
    let mut values = texts(comparisons, languages)?;
    values.extend(numbers(comparisons));
    values.extend(dates(comparisons));
    values.extend(addresses(comparisons));
    if comparisons.contains(&Comparison::Bool) {
        values.extend(["true".to_owned(), "false".to_owned()]);
    }
    if values.is_empty() {
        // Only asked whether it is there.
        values.insert(none_of(&values));
    }
    Ok(values)
}

/// What a value is taken for, in the words of the IAM User Guide; nothing if only its presence counts.
fn of_what(comparison: &Comparison) -> Option<&'static str> {
    match comparison {
        Comparison::Text(_)
        | Comparison::TextIgnoringCase(_)
        | Comparison::Wild(_)
        | Comparison::Arn(_) => Some("string"),
        Comparison::Number(_) => Some("numeric"),
        Comparison::Date(_) => Some("date"),
        Comparison::Address(_) => Some("IP address"),
        Comparison::Bool => Some("Boolean"),
        Comparison::Presence => None,
    }
}

/// Values that the comparisons of text tell apart, and one that none of them matches.
fn texts(
    comparisons: &[Comparison],
    languages: &mut Languages,
) -> Result<BTreeSet<String>, DomainError> {
    let has_patterns = comparisons
        .iter()
        .any(|comparison| matches!(comparison, Comparison::Wild(_) | Comparison::Arn(_)));
    if has_patterns {
        let all: BTreeSet<Language> = comparisons.iter().filter_map(language).collect();
        let found = languages.witnesses(all, None)?;
        return Ok(found.iter().map(|witness| witness.text.clone()).collect());
    }
    let mut values = BTreeSet::new();
    if !comparisons.iter().any(|comparison| language(comparison).is_some()) {
        return Ok(values);
    }
    for comparison in comparisons {
        match comparison {
            Comparison::Text(text) => {
                values.insert(text.clone());
            }
            Comparison::TextIgnoringCase(text) => {
                values.extend([text.clone(), text.to_uppercase(), text.to_lowercase()]);
                values.extend(capitalised(text));
            }
            _ => {}
        }
    }
    values.insert(none_of(&values));
    Ok(values)
}

fn language(comparison: &Comparison) -> Option<Language> {
    match comparison {
        Comparison::Text(text) => Some(Language::text(text)),
        Comparison::TextIgnoringCase(text) => Some(Language::text_ignoring_case(text)),
        Comparison::Wild(pattern) => Some(Language::pattern(pattern)),
        Comparison::Arn(pattern) => Some(Language::arn(pattern)),
        Comparison::Number(_)
        | Comparison::Date(_)
        | Comparison::Address(_)
        | Comparison::Bool
        | Comparison::Presence => None,
    }
}

/// The text with its first letter in the other case: with the lower and the upper spelling, there is one
/// that differs from each constant of the same letters.
fn capitalised(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let first = letters.next()?;
    let turned =
        if first.is_uppercase() { first.to_ascii_lowercase() } else { first.to_ascii_uppercase() };
    Some(std::iter::once(turned).chain(letters).collect())
}

/// A text that is none of these in any letter case.
pub(crate) fn none_of(values: &BTreeSet<String>) -> String {
    let mut other = "other".to_owned();
    while values.iter().any(|value| value.eq_ignore_ascii_case(&other)) {
        other.push('x');
    }
    other
}

/// Each constant, a number between each two, and one on either side.
fn numbers(comparisons: &[Comparison]) -> Vec<String> {
    let constants = comparisons.iter().filter_map(|comparison| match comparison {
        Comparison::Number(text) => {
            text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
        }
        _ => None,
    });
    let mut constants: Vec<f64> = constants.collect();
    constants.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (constants.first(), constants.last()) else {
        return Vec::new();
    };
    let around = [first - 1.0, last + 1.0];
    let between = constants.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
    let all = constants.iter().copied().chain(between).chain(around);
    all.map(|number| number.to_string()).collect()
}

/// Each point in time, one between each two, and one on either side.
fn dates(comparisons: &[Comparison]) -> Vec<String> {
    let constants = comparisons.iter().filter_map(|comparison| match comparison {
        Comparison::Date(text) => condition::date::read(text),
        _ => None,
    });
    let constants: BTreeSet<Timestamp> = constants.collect();
    let second = SignedDuration::from_secs(1);
    let near = constants.iter().flat_map(|point| {
        [point.checked_sub(second).ok(), Some(*point), point.checked_add(second).ok()]
    });
    let between = constants.iter().zip(constants.iter().skip(1));
    let between =
        between.map(|(left, right)| left.checked_add(left.duration_until(*right) / 2).ok());
    near.chain(between).flatten().map(|point| point.to_string()).collect()
}

/// The first and last address of each range, and those before and behind.
fn addresses(comparisons: &[Comparison]) -> Vec<String> {
    let ranges = comparisons.iter().filter_map(|comparison| match comparison {
        Comparison::Address(text) => condition::address::range(text),
        _ => None,
    });
    let mut found: Vec<String> = ranges.flat_map(|(first, last)| edges(first, last)).collect();
    if !found.is_empty() {
        found.extend(["192.0.2.1".to_owned(), "2001:db8::1".to_owned()]);
    }
    found
}

fn edges(first: IpAddr, last: IpAddr) -> Vec<String> {
    let near: Vec<Option<IpAddr>> = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let (first, last) = (first.to_bits(), last.to_bits());
            let bits = [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)];
            bits.map(|bits| Some(IpAddr::V4(bits?.into()))).to_vec()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let (first, last) = (first.to_bits(), last.to_bits());
            let bits = [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)];
            bits.map(|bits| Some(IpAddr::V6(bits?.into()))).to_vec()
        }
        _ => Vec::new(),
    };
    near.into_iter().flatten().map(|address| address.to_string()).collect()
}
