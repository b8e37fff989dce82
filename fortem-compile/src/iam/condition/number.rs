//! Decimal numbers, compared exactly.

use std::cmp::Ordering;

/// A decimal number as digits: no size is too large and no fraction is rounded.
struct Decimal<'a> {
    negative: bool,
    /// Digits before the point without leading zeros.
    whole: &'a str,
    /// Digits after the point without trailing zeros.
    fraction: &'a str,
}

/// How two numbers stand to each other, nothing when one is no number.
pub(super) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Decimal::read(left)?, Decimal::read(right)?);
    Some(match (left.negative, right.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => left.magnitude(&right),
        (true, true) => right.magnitude(&left),
    })
}

impl<'a> Decimal<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !only_digits(whole) || !only_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        // Minus zero is zero.
        let negative = sign && !(whole.is_empty() && fraction.is_empty());
        Some(Self { negative, whole, fraction })
    }

    /// Compares without regard to sign.
    fn magnitude(&self, other: &Self) -> Ordering {
        let whole =
            self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(other.whole));
        whole.then_with(|| self.fraction.cmp(other.fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn numbers_are_compared_by_value() {
        for (left, right, expected) in [
            ("5", "5.0", Some(Equal)),
            ("007", "7", Some(Equal)),
            ("-0", "0", Some(Equal)),
            ("9", "10", Some(Less)),
            ("-9", "-10", Some(Greater)),
            ("-1", "0.5", Some(Less)),
            (".5", "0.25", Some(Greater)),
            ("9007199254740993", "9007199254740992", Some(Greater)),
            ("", "0", None),
            (".", "0", None),
            ("1e3", "1000", None),
            ("ten", "10", None),
        ] {
            assert_eq!(compare(left, right), expected, "`{left}` to `{right}`");
        }
    }
}
