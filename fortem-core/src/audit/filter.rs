//! Which records are looked for, and in which order.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::attempt::{Effect, Resource};
use super::record::{OutcomeKind, Record, RecordId};

/// Which records are looked for: all that fit everything that is given.
///
/// ```
/// use fortem_core::audit::{Effect, Filter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let last_tuesday = Filter::new()
///     .environment("staging")
///     .action("restartService")
///     .from("2026-03-03T00:00:00Z".parse()?)
///     .to("2026-03-04T00:00:00Z".parse()?)
///     .newest_first();
/// let refused = Filter::new().actor("alice").effect(Effect::Deny);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub(crate) environment: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) resource: Option<Resource>,
    pub(crate) effect: Option<Effect>,
    pub(crate) outcome: Option<OutcomeKind>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) words: BTreeSet<String>,
    pub(crate) newest_first: bool,
}

impl Filter {
    /// Every record, oldest first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// In that environment.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// By the user of that id.
    #[must_use]
    pub fn actor(mut self, id: impl Into<String>) -> Self {
        self.actor = Some(id.into());
        self
    }

    /// Of that action.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// On that resource.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Allowed ones, or denied ones.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// With that outcome.
    #[must_use]
    pub fn outcome(mut self, outcome: OutcomeKind) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// Begun or denied at that time or later.
    #[must_use]
    pub fn from(mut self, time: Timestamp) -> Self {
        self.from = Some(time);
        self
    }

    /// Begun or denied before that time.
    #[must_use]
    pub fn to(mut self, time: Timestamp) -> Self {
        self.to = Some(time);
        self
    }

    /// Whose reason has every word of a text: in any order, in any case.
    ///
    /// A word is a run of letters and digits; only its first 64 characters count.
    #[must_use]
    pub fn reason(mut self, text: &str) -> Self {
        self.words.extend(words(text));
        self
    }

    /// The newest first, instead of the oldest.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Whether a record fits.
    #[must_use]
    pub fn matches(&self, record: &Record) -> bool {
        self.matches_beginning(record)
            && self.outcome.is_none_or(|outcome| outcome == record.outcome.kind())
    }

    /// Whether a record fits apart from its outcome, which may still change.
    pub(crate) fn matches_beginning(&self, record: &Record) -> bool {
        let attempt = &record.attempt;
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        is(&self.environment, attempt.environment.as_deref())
            && is(&self.actor, Some(&attempt.actor.id))
            && is(&self.action, Some(&attempt.action))
            && self.resource.as_ref().is_none_or(|resource| *resource == attempt.resource)
            && self.effect.is_none_or(|effect| effect == attempt.decision.effect)
            && self.from.is_none_or(|from| from <= record.time)
            && self.to.is_none_or(|to| record.time < to)
            && self.matches_words(attempt.reason.as_deref().unwrap_or_default())
    }

    fn matches_words(&self, reason: &str) -> bool {
        self.words.is_empty() || self.words.is_subset(&words(reason))
    }

    /// Whether a record comes after a cursor, in the order of the filter.
    pub(crate) fn is_after(&self, record: RecordId, cursor: Option<Cursor>) -> bool {
        cursor.is_none_or(
            |Cursor(cursor)| {
                if self.newest_first { record.0 < cursor } else { record.0 > cursor }
            },
        )
    }
}

/// The words of a text, as [`Filter::reason`] compares them.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(|word| word.chars().flat_map(char::to_lowercase).take(64).collect()).collect()
}

/// Where a page ended; the next begins after it, whatever has been recorded since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) u64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Some of the records looked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The records, in the order of the filter.
    pub records: Vec<Record>,
    /// From where to go on; `None` on the last page.
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        let expected = ["ops", "12", "straße", "hängt"].map(str::to_owned);
        assert_eq!(words("OPS-12: Straße \0hängt, hängt!"), BTreeSet::from(expected));
        assert_eq!(words(&"x".repeat(100)), BTreeSet::from(["x".repeat(64)]));
    }
}
