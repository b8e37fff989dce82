//! The names of condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators").

use std::cmp::Ordering;

use super::{address, date, number};

/// A condition operator taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) quantifier: Option<Quantifier>,
    pub(crate) family: Family,
    /// Whether the operator asks that no value matches (`StringNotEquals`).
    pub(crate) negated: bool,
    /// Whether the operator holds when the key is absent (`…IfExists`).
    pub(crate) if_exists: bool,
}

/// How many values of a multivalued key must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    ForAllValues,
    ForAnyValue,
}

/// What is compared, and how, negation left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    IpAddress,
    Arn,
    Null,
}

/// How the value of the call stands to the value of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Family {
    /// Whether policy variables stand for something in the values.
    pub(super) fn takes_variables(self) -> bool {
        match self {
            Self::StringEquals
            | Self::StringEqualsIgnoreCase
            | Self::StringLike
            | Self::Arn
            | Self::Bool => true,
            Self::Numeric(_) | Self::Date(_) | Self::Binary | Self::IpAddress | Self::Null => false,
        }
    }

    /// Whether `*` and `?` are wildcards in the values.
    pub(super) fn takes_wildcards(self) -> bool {
        matches!(self, Self::StringLike | Self::Arn)
    }

    /// Compares a value of the call with a text of the policy; a value of the wrong kind compares with nothing.
    pub(super) fn compares(self, value: &str, text: &str) -> bool {
        match self {
            // Base64 is compared as text: one byte string has one spelling.
            Self::StringEquals | Self::Binary => value == text,
            Self::StringEqualsIgnoreCase => value.to_lowercase() == text.to_lowercase(),
            Self::Numeric(order) => {
                number::compare(value, text).is_some_and(|ordering| order.admits(ordering))
            }
            Self::Date(order) => {
                date::compare(value, text).is_some_and(|ordering| order.admits(ordering))
            }
            Self::Bool => is_bool(value) && value.eq_ignore_ascii_case(text),
            Self::IpAddress => address::is_within(value, text),
            // These are matched as patterns, or by presence.
            Self::StringLike | Self::Arn | Self::Null => false,
        }
    }
}

fn is_bool(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}

/// Every operator without prefix and suffix: its name in lower case, what it compares, whether it is negated.
const OPERATORS: [(&str, Family, bool); 27] = [
    ("stringequals", Family::StringEquals, false),
    ("stringnotequals", Family::StringEquals, true),
    ("stringequalsignorecase", Family::StringEqualsIgnoreCase, false),
    ("stringnotequalsignorecase", Family::StringEqualsIgnoreCase, true),
    ("stringlike", Family::StringLike, false),
    ("stringnotlike", Family::StringLike, true),
    ("numericequals", Family::Numeric(Order::Equal), false),
    ("numericnotequals", Family::Numeric(Order::Equal), true),
    ("numericlessthan", Family::Numeric(Order::Less), false),
    ("numericlessthanequals", Family::Numeric(Order::LessOrEqual), false),
    ("numericgreaterthan", Family::Numeric(Order::Greater), false),
    ("numericgreaterthanequals", Family::Numeric(Order::GreaterOrEqual), false),
    ("dateequals", Family::Date(Order::Equal), false),
    ("datenotequals", Family::Date(Order::Equal), true),
    ("datelessthan", Family::Date(Order::Less), false),
    ("datelessthanequals", Family::Date(Order::LessOrEqual), false),
    ("dategreaterthan", Family::Date(Order::Greater), false),
    ("dategreaterthanequals", Family::Date(Order::GreaterOrEqual), false),
    ("bool", Family::Bool, false),
    ("binaryequals", Family::Binary, false),
    ("ipaddress", Family::IpAddress, false),
    ("notipaddress", Family::IpAddress, true),
    // ArnEquals and ArnLike are the same operator under two names.
    ("arnequals", Family::Arn, false),
    ("arnlike", Family::Arn, false),
    ("arnnotequals", Family::Arn, true),
    ("arnnotlike", Family::Arn, true),
    ("null", Family::Null, false),
];

impl Operator {
    /// Reads an operator name; names have no case, as AWS's own managed policies write `ARNEquals`.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (quantifier, name) = match name.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Quantifier::ForAllValues), rest),
            Some(("foranyvalue", rest)) => (Some(Quantifier::ForAnyValue), rest),
            Some(_) => return None,
            None => (None, name.as_str()),
        };
        let (name, if_exists) =
            name.strip_suffix("ifexists").map_or((name, false), |stem| (stem, true));
        let (_, family, negated) = OPERATORS.into_iter().find(|(known, ..)| *known == name)?;
        if family == Family::Null && (if_exists || quantifier.is_some()) {
            return None; // `Null` is about presence, and stands alone.
        }
        Some(Self { quantifier, family, negated, if_exists })
    }
}

#[cfg(test)]
mod tests {
    use super::Operator;

    #[test]
    fn names_are_taken_apart_without_regard_to_case() {
        for (name, known) in [
            ("StringEquals", true),
            ("ForAnyValue:ARNEquals", true),
            ("ForAllValues:StringNotLikeIfExists", true),
            ("NotIpAddressIfExists", true),
            ("Null", true),
            ("NullIfExists", false),
            ("ForAllValues:Null", false),
            ("ForSomeValues:StringEquals", false),
            ("StringMatches", false),
            ("IfExists", false),
            ("", false),
        ] {
            assert_eq!(Operator::read(name).is_some(), known, "`{name}`");
        }
    }
}
