//! What rules report.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::source::{Position, hexadecimal};

/// How bad a finding is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Informational,
    /// Untidy; no environment is open by it.
    Low,
    /// Weakens the separation, or shows another environment's metadata.
    Medium,
    /// Opens another environment under conditions that are often met.
    High,
    /// Opens production.
    Critical,
}

/// How sure a finding is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Rests on a guess about names or on behaviour that AWS does not document.
    Low,
    /// Rests on what is usual, such as how environments are called.
    Medium,
    /// Follows from the input and AWS's documentation.
    High,
}

/// For whom a rule speaks.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Persona {
    /// Everybody: the finding is a fault.
    Regular,
    /// Whoever wants it tidy.
    Pedantic,
    /// Whoever has to list everything, intended or not.
    Auditor,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Self; 5] =
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One level milder: what a rule's severity becomes where production is out of reach.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Informational | Self::Low => Self::Informational,
            Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Confidence {
    /// The word in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One fault, at one place.
///
/// Serialised, it is an element of `findings` in the JSON report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's id, as `FL105`.
    pub rule: &'static str,
    /// The rule's name, as `mutate-unscoped`.
    pub name: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// For whom the rule speaks.
    pub persona: Persona,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The input, as it was named.
    pub file: String,
    /// Where in it.
    #[serde(flatten)]
    pub position: Position,
    /// The JSON pointer into the input.
    pub pointer: String,
    /// The Sid of the statement at fault, if it has one.
    pub sid: Option<String>,
    /// The text at the place, cut at some hundred characters.
    pub excerpt: String,
    /// The account, if known.
    pub account: Option<String>,
    /// The ARN of the principal that is granted too much, or too little.
    pub principal: Option<String>,
    /// The ARN or name of the policy that holds the statement.
    pub policy: Option<String>,
    /// The ARN of the resource that is reached or at fault; an example where a pattern grants many.
    pub resource: Option<String>,
    /// The environment that the principal belongs to.
    pub environment_from: Option<String>,
    /// The environment that it reaches.
    pub environment_to: Option<String>,
    /// The facts that the finding rests on, one sentence each.
    pub evidence: Vec<String>,
    /// What to do.
    pub remediation: String,
    /// The element at fault as it should be, where that can be said mechanically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The SOC 2 criteria (TSC 2017 with the 2022 points of focus) that the fault bears on.
    pub criteria: &'static [&'static str],
    /// Identifies the fault from run to run: not the line, but rule, account, principal, policy, statement, resource.
    pub fingerprint: String,
}

/// A correction that can be written without knowing more than the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What the correction does.
    pub description: String,
    /// Whether it only narrows grants, so that `--fix` makes it.
    pub safe: bool,
    /// The bytes of the input that are replaced.
    #[serde(skip)]
    pub range: std::ops::Range<usize>,
    /// The corrected JSON.
    pub replacement: String,
}

impl Finding {
    /// What identifies the finding; `salt` tells apart those of one statement.
    pub(crate) fn fingerprint_of(parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        hexadecimal(digest.get(..16).unwrap_or_default())
    }
}
