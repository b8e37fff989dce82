//! One thing that differs: an API action, in which way, for whom, and calls that show it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::people::People;

/// What documents say of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A statement denies it, whatever other policies say.
    Denied,
    /// No statement allows it, and none denies it.
    NotAllowed,
    /// It goes through.
    Allowed,
}

impl Outcome {
    /// The outcome in words, for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotAllowed => "not allowed",
            Self::Allowed => "allowed",
        }
    }
}

/// In which way the sides differ, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// B allows what A does not.
    Widened,
    /// B no longer denies explicitly what A does, and does not allow it either: another policy now could.
    GuardLoosened,
    /// A allows what B does not.
    Narrowed,
    /// B denies explicitly what A does not allow.
    GuardTightened,
}

impl Direction {
    pub(super) fn of(from: Outcome, to: Outcome) -> Self {
        match (from, to) {
            (_, Outcome::Allowed) => Self::Widened,
            (Outcome::Allowed, _) => Self::Narrowed,
            (Outcome::Denied, _) => Self::GuardLoosened,
            (Outcome::NotAllowed, _) => Self::GuardTightened,
        }
    }

    /// Whether B grants more.
    #[must_use]
    pub fn is_wider(self) -> bool {
        matches!(self, Self::Widened | Self::GuardLoosened)
    }

    /// The direction in words, for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::GuardLoosened => "guard loosened",
            Self::Narrowed => "narrowed",
            Self::GuardTightened => "guard tightened",
        }
    }
}

/// What differs about an API action, in one way.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// In which way.
    pub direction: Direction,
    /// The actions of the vocabulary that take such calls; none if no action does.
    pub actions: BTreeSet<String>,
    /// The API action; one that the service reference does not have stands for all that no statement
    /// tells from it.
    pub api: String,
    /// Whether the service reference has the API action.
    pub known: bool,
    /// The types of resource, as the service reference names them; none for a call on none.
    pub resource_types: BTreeSet<String>,
    /// Whose calls differ.
    pub people: People,
    /// How many kinds of calls differ: kinds that some statement tells apart.
    pub kinds: usize,
    /// A few of them.
    pub examples: Vec<Example>,
}

/// A call, and what either side says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The API action.
    pub api: String,
    /// The ARN, or `*` for a call without a resource.
    pub resource: String,
    /// The condition keys of the call, the principal's tags among them; a key that is not there is absent.
    pub keys: BTreeMap<String, Vec<String>>,
    /// What side A says.
    pub a: Answer,
    /// What side B says.
    pub b: Answer,
    /// It is so under one reading of AWS's pages only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unclear: bool,
}

/// What one side says of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What it says.
    pub outcome: Outcome,
    /// The statements that decide, by Sid or number.
    pub statements: Vec<String>,
}
