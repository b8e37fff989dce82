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
    /// Hashes of the names of caches' hosts in it, under the same key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
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
    /// What is kept of a text that was taken for a credential, or was not; `hash` gives hashes.
    #[must_use]
    pub fn new(text: &str, hash: impl Fn(&str) -> String, detected: Option<Detected>) -> Self {
        let verdict =
            detected.map(|one| Verdict { what: one.what.into(), confidence: one.confidence });
        let hosts = cache_hosts(text).map(&hash).collect();
        Self { length: secret::length_class(text).into(), hash: hash(text), hosts, verdict }
    }
}

/// How the names of caches' hosts end (Amazon ElastiCache user guide, "Finding connection endpoints", 2026-09).
const CACHES: [&str; 2] = [".cache.amazonaws.com", ".cache.amazonaws.com.cn"];

/// The names of caches' hosts in a text, as AWS writes them.
fn cache_hosts(text: &str) -> impl Iterator<Item = &str> {
    let is_sign = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-');
    let words = text.split(move |one: char| !is_sign(one));
    words.filter(|word| CACHES.iter().any(|end| word.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::cache_hosts;

    #[test]
    fn hosts_are_found_within_addresses() {
        let host = "master.shop.abc123.euw1.cache.amazonaws.com";
        let text = format!("rediss://user:secret@{host}:6379/0,x.cache.amazonaws.com.cn");
        let found: Vec<&str> = cache_hosts(&text).collect();
        assert_eq!(found, [host, "x.cache.amazonaws.com.cn"]);
        assert_eq!(cache_hosts("cache.amazonaws.com.evil.example").count(), 0);
    }
}
