//! What a snapshot keeps of a text that may be a secret.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::finding::Confidence;
use crate::secret::{self, Detected};

/// A text that is not kept, but what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redacted {
    /// How long it was, in classes.
    pub length: Cow<'static, str>,
    /// A hash under a key that nobody has kept: the same text has the same hash in one collection and in no other.
    pub hash: String,
    /// What it looks like, if it looks like a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// What a text was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// In a few words.
    pub what: Cow<'static, str>,
    /// How sure that is.
    pub confidence: Confidence,
}

impl Redacted {
    /// What is kept of a text with this hash that was taken for a credential, or was not.
    #[must_use]
    pub fn new(text: &str, hash: String, detected: Option<Detected>) -> Self {
        let verdict =
            detected.map(|one| Verdict { what: one.what.into(), confidence: one.confidence });
        Self { length: secret::length_class(text).into(), hash, verdict }
    }
}
