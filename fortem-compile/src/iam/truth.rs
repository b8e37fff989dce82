//! Yes, no, or not settled by what AWS documents.

use std::fmt;

/// A point on which the AWS pages leave two readings open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ambiguity {
    /// A policy variable has no value under a negated operator.
    UnresolvedVariable,
    /// A policy variable has the empty value, which may count as none.
    EmptyVariable,
    /// A key with several values is compared without `ForAllValues` or `ForAnyValue`.
    SeveralValues,
    /// Two tag keys differ only in case, and either may be the one that is seen.
    TagKeyCase,
    /// A wildcard of a resource matches only if it takes a colon between the parts of the ARN.
    WildcardOverColon,
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnresolvedVariable => "a policy variable has no value under a negated operator",
            Self::EmptyVariable => "a policy variable has the empty value",
            Self::SeveralValues => "a key with several values is compared without a set operator",
            Self::TagKeyCase => "two tag keys differ only in case",
            Self::WildcardOverColon => "a wildcard of a resource reaches over a colon",
        })
    }
}

/// The value of a test in three-valued logic: [`Truth::Unclear`] holds under one reading and not under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Does not hold under any reading.
    No,
    /// Holds under one reading only.
    Unclear(Ambiguity),
    /// Holds under every reading.
    Yes,
}

impl Truth {
    /// Conjunction: the first unclear part gives the reason.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unclear(_) => match other() {
                Self::No => Self::No,
                Self::Yes | Self::Unclear(_) => self,
            },
        }
    }

    /// Disjunction: the first unclear part gives the reason.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        !((!self).and(|| !other()))
    }

    /// Whether all tests hold; true when there is none.
    pub fn all(tests: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::Yes;
        for test in tests {
            result = result.and(|| test);
            if result == Self::No {
                break;
            }
        }
        result
    }

    /// Whether any test holds; false when there is none.
    pub fn any(tests: impl IntoIterator<Item = Self>) -> Self {
        !Self::all(tests.into_iter().map(|test| !test))
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unclear(ambiguity) => Self::Unclear(ambiguity),
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ambiguity, Truth};

    const UNCLEAR: Truth = Truth::Unclear(Ambiguity::EmptyVariable);

    #[test]
    fn a_definite_no_settles_a_conjunction_and_a_definite_yes_a_disjunction() {
        assert_eq!(Truth::all([UNCLEAR, Truth::No]), Truth::No);
        assert_eq!(Truth::all([Truth::Yes, UNCLEAR, Truth::Yes]), UNCLEAR);
        assert_eq!(Truth::any([UNCLEAR, Truth::Yes]), Truth::Yes);
        assert_eq!(Truth::any([Truth::No, UNCLEAR, Truth::No]), UNCLEAR);
    }

    #[test]
    fn nothing_to_test_holds_for_all_and_not_for_any() {
        assert_eq!(Truth::all([]), Truth::Yes);
        assert_eq!(Truth::any([]), Truth::No);
    }
}
