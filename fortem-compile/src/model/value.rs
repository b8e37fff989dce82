//! Constants of Cedar in the notation of IAM.

use std::net::IpAddr;

use cedar_policy::pst::{Expr, Literal, PatternElem, UnaryOp};

use super::refusal::Refusal;
use crate::iam::condition;

/// A constant that a key can be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constant {
    Text(String),
    Number(i64),
    /// RFC 3339; nothing for a time between two seconds.
    Time(Option<String>),
    Address {
        range: String,
        is_single: bool,
    },
}

/// The constant that an expression is.
pub(super) fn constant(expression: &Expr) -> Option<Constant> {
    match expression {
        Expr::Literal(Literal::String(text)) => Some(Constant::Text(text.to_string())),
        Expr::Literal(Literal::Long(number)) => Some(Constant::Number(*number)),
        Expr::UnaryOp { op: UnaryOp::Neg, expr } => match expr.as_ref() {
            Expr::Literal(Literal::Long(number)) => Some(Constant::Number(number.checked_neg()?)),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOp::Datetime, expr } => Some(Constant::Time(time(&text(expr)?)?)),
        Expr::UnaryOp { op: UnaryOp::Ip, expr } => {
            let text = text(expr)?;
            let is_single = text.parse::<IpAddr>().is_ok();
            Some(Constant::Address { range: range(expression)?, is_single })
        }
        _ => None,
    }
}

/// The text that a literal is.
pub(super) fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(Literal::String(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// The members of a set that is written out.
pub(super) fn members(expression: &Expr) -> Option<Vec<&Expr>> {
    match expression {
        Expr::Set(members) => Some(members.iter().map(AsRef::as_ref).collect()),
        _ => None,
    }
}

/// A Cedar pattern as IAM writes it: only a wildcard is one (IAM User Guide, IAM policy elements: Variables and tags).
pub(super) fn pattern(elements: &[PatternElem]) -> String {
    let mut text = String::new();
    for element in elements {
        match element {
            PatternElem::Wildcard => text.push('*'),
            PatternElem::Char('*') => text.push_str("${*}"),
            PatternElem::Char('?') => text.push_str("${?}"),
            // Else it would begin a policy variable.
            PatternElem::Char('{') if text.ends_with('$') => text.push_str("{$}{"),
            PatternElem::Char(letter) => text.push(*letter),
        }
    }
    text
}

/// The range of addresses of `ip("…")`, from its first address on (Cedar User Guide, ipaddr; IAM User Guide, IP address
/// condition operators).
pub(super) fn range(expression: &Expr) -> Option<String> {
    let Expr::UnaryOp { op: UnaryOp::Ip, expr } = expression else { return None };
    let text = text(expr)?;
    let (first, last) = condition::address::range(&text)?;
    let whole = if first.is_ipv4() { "32" } else { "128" };
    let length = text.split_once('/').map_or(whole, |(_, length)| length);
    // A single address needs no length.
    Some(if first == last { first.to_string() } else { format!("{first}/{length}") })
}

/// The time of `datetime("…")` (Cedar User Guide, datetime); the inner option is empty between two seconds.
#[expect(clippy::option_option, reason = "no time at all, or one that AWS does not tell")]
fn time(text: &str) -> Option<Option<String>> {
    let point = condition::date::read(text)?;
    Some((point.subsec_nanosecond() == 0).then(|| point.to_string()))
}

/// Refuses text that cannot stand in a policy (IAM User Guide, Grammar of the IAM JSON policy language: characters).
pub(super) fn printable(whole: &Expr, text: &str) -> Result<(), Refusal> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{ff}');
    match text.chars().find(|c| !allowed(*c)) {
        None => Ok(()),
        Some(letter) => Err(Refusal::new(
            whole,
            format!("has `{}`, which no IAM policy may hold", letter.escape_unicode()),
            "use letters of Latin-1 only",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::comparison::literal;

    #[test]
    fn only_wildcards_are_wildcards() {
        use PatternElem::{Char, Wildcard};
        let elements = [Char('a'), Char('*'), Wildcard, Char('?'), Char('$'), Char('{'), Char('b')];
        assert_eq!(pattern(&elements), "a${*}*${?}${$}{b");
        assert_eq!(literal("a${b}*"), "a${$}{b}*");
    }

    #[test]
    fn times_are_whole_seconds() {
        assert_eq!(time("2026-03-02"), Some(Some("2026-03-02T00:00:00Z".to_owned())));
        assert_eq!(time("2026-03-02T10:00:00+0200"), Some(Some("2026-03-02T08:00:00Z".to_owned())));
        assert_eq!(time("2026-03-02T10:00:00.500Z"), Some(None));
        assert_eq!(time("soon"), None);
    }
}
