//! Conditions that must hold together in one statement.
//!
//! A statement has each operator once a key. Two comparisons of a key with the same operator become one where that
//! says the same.

use std::collections::BTreeSet;

use crate::iam::condition::{address, date};
use crate::model::Test;
use crate::statement::Conditions;

/// What becomes of conditions when another one must hold as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Joined {
    /// They hold together.
    Both(Conditions),
    /// They exclude each other.
    Never,
    /// They can hold together, but one statement cannot say it: the key.
    Unsayable(String),
}

/// All conditions of both.
pub(crate) fn join(left: &Conditions, right: &Conditions) -> Joined {
    let mut all = left.clone();
    for ((operator, key), values) in right {
        match add(&mut all, operator, key, values) {
            Added::Yes => {}
            Added::Never => return Joined::Never,
            Added::Unsayable => return Joined::Unsayable(key.clone()),
        }
    }
    Joined::Both(all)
}

/// The conditions that tests come to.
pub(crate) fn of_tests<'t>(tests: impl IntoIterator<Item = &'t Test>) -> Joined {
    let mut all = Joined::Both(Conditions::new());
    for test in tests {
        let (operator, values) = test.operator();
        let one = Conditions::from([((operator, test.key.clone()), values)]);
        all = match all {
            Joined::Both(conditions) => join(&conditions, &one),
            other => return other,
        };
    }
    all
}

enum Added {
    Yes,
    Never,
    Unsayable,
}

fn add(all: &mut Conditions, operator: &str, key: &str, values: &BTreeSet<String>) -> Added {
    let same_key = |known: &&(String, String)| known.1.eq_ignore_ascii_case(key);
    let known = all.keys().filter(same_key).find(|known| known.0 == operator).cloned();
    let Some(known) = known else {
        all.insert((operator.to_owned(), key.to_owned()), values.clone());
        return Added::Yes;
    };
    let Some(earlier) = all.get(&known) else { return Added::Unsayable };
    match merged(operator, earlier, values) {
        Merged::Into(values) => {
            all.insert(known, values);
            Added::Yes
        }
        Merged::Never => Added::Never,
        Merged::Apart => {
            // Beside the operator that wants the key to be there, this one says no less.
            let other = (format!("{operator}IfExists"), key.to_owned());
            let has_modifier = operator.contains(':') || operator.ends_with("IfExists");
            if has_modifier || all.contains_key(&other) {
                return Added::Unsayable;
            }
            all.insert(other, values.clone());
            Added::Yes
        }
    }
}

enum Merged {
    Into(BTreeSet<String>),
    Never,
    Apart,
}

/// Two lists of values of one operator as one list.
fn merged(operator: &str, left: &BTreeSet<String>, right: &BTreeSet<String>) -> Merged {
    if left == right {
        return Merged::Into(left.clone());
    }
    // The values of a negated operator must all differ, those of any other are alternatives.
    if operator.contains("Not") && !operator.contains(':') {
        return Merged::Into(left | right);
    }
    let constant = |values: &BTreeSet<String>| values.iter().all(|value| !value.contains("${"));
    match operator {
        "Null" | "Bool" | "BoolIfExists" => Merged::Never,
        "StringEquals" if constant(left) && constant(right) => {
            let both = left & right;
            if both.is_empty() { Merged::Never } else { Merged::Into(both) }
        }
        _ => match (single(left), single(right)) {
            (Some(left), Some(right)) => stricter(operator, left, right),
            _ => Merged::Apart,
        },
    }
}

fn single(values: &BTreeSet<String>) -> Option<&String> {
    values.first().filter(|_| values.len() == 1)
}

/// The one of two values whose comparison implies the other's.
fn stricter(operator: &str, left: &str, right: &str) -> Merged {
    let into = |value: &str| Merged::Into(BTreeSet::from([value.to_owned()]));
    if operator == "IpAddress" {
        return match (address::range(left), address::range(right)) {
            (Some((first, last)), Some((start, end))) if start <= first && last <= end => {
                into(left)
            }
            (Some((first, last)), Some((start, end))) if first <= start && end <= last => {
                into(right)
            }
            (Some(_), Some(_)) => Merged::Never,
            _ => Merged::Apart,
        };
    }
    let order = match operator.strip_prefix("Date") {
        Some(_) => date::read(left).zip(date::read(right)).map(|(left, right)| left.cmp(&right)),
        None if operator.starts_with("Numeric") => {
            let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
            numbers.map(|(left, right)| left.cmp(&right))
        }
        None => None,
    };
    match order {
        None => Merged::Apart,
        Some(_) if operator.ends_with("eEquals") || operator.ends_with("cEquals") => Merged::Never,
        Some(order) if operator.contains("Less") == order.is_le() => into(left),
        Some(_) => into(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(operator: &str, value: &str) -> Conditions {
        let key = (operator.to_owned(), "aws:X".to_owned());
        Conditions::from([(key, BTreeSet::from([value.to_owned()]))])
    }

    fn both(operator: &str, left: &str, right: &str) -> Joined {
        join(&one(operator, left), &one(operator, right))
    }

    #[test]
    fn two_comparisons_of_one_operator_are_the_stricter_one() {
        for (operator, left, right) in [
            ("DateLessThan", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("DateGreaterThanEquals", "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("NumericLessThan", "9", "10"),
            ("NumericGreaterThan", "10", "9"),
            ("IpAddress", "10.1.0.0/16", "10.0.0.0/8"),
        ] {
            assert_eq!(
                both(operator, left, right),
                Joined::Both(one(operator, left)),
                "{operator}"
            );
            assert_eq!(
                both(operator, right, left),
                Joined::Both(one(operator, left)),
                "{operator}"
            );
        }
    }

    #[test]
    fn what_excludes_itself_never_holds() {
        for (operator, left, right) in [
            ("StringEquals", "a", "b"),
            ("Null", "true", "false"),
            ("IpAddress", "10.0.0.0/8", "192.168.0.0/16"),
            ("DateEquals", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("NumericEquals", "1", "2"),
        ] {
            assert_eq!(both(operator, left, right), Joined::Never, "{operator}");
        }
    }

    #[test]
    fn patterns_stand_beside_each_other_twice_and_no_more() {
        let Joined::Both(two) = both("StringLike", "a*", "*b") else { panic!("not joined") };
        assert_eq!(two.len(), 2);
        assert_eq!(join(&two, &one("StringLike", "?")), Joined::Unsayable("aws:X".to_owned()));
        let Joined::Both(both) = both("StringNotLike", "a*", "*b") else { panic!("not joined") };
        assert_eq!(both.len(), 1);
    }
}
