//! One thing that differs.

use serde::Serialize;

use crate::finding::Severity;
use crate::shown::{Call, Spot};

/// In which way the account differs from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The account allows what the source does not permit.
    Granted,
    /// The account no longer denies explicitly what the source forbids: another policy could allow it.
    GuardMissing,
    /// The source permits what the account does not let through.
    NotWorking,
}

impl Kind {
    /// The word in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::GuardMissing => "guard-missing",
            Self::NotWorking => "not-working",
        }
    }

    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Granted => Severity::High,
            Self::GuardMissing | Self::NotWorking => Severity::Medium,
        }
    }
}

/// One thing in which the account differs from the source.
#[derive(Debug, Clone, Serialize)]
pub struct Deviation {
    /// In which way.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The account, if known.
    pub account: Option<String>,
    /// The ARN of the principal.
    pub principal: String,
    /// What differs, in one sentence.
    pub message: String,
    /// A call that shows it.
    pub call: Call,
    /// Other API actions that differ for the same reason.
    pub others: Vec<String>,
    /// Why the call comes out so, one sentence each.
    pub reasons: Vec<String>,
    /// The statement at fault, if there is one.
    pub spot: Option<Spot>,
}
