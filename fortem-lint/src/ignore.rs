//! Findings that somebody has accepted: which, why, by whom, and until when.

mod read;

use std::ops::Range;

use fortem_core::pattern;
use jiff::civil::Date;
use serde::Serialize;

pub use read::Mistake;

use crate::check::Report;
use crate::finding::Finding;
use crate::report::judged;
use crate::rules::{self, Meta};
use crate::source::Source;

/// The file that is read if no other is named, in the current folder.
pub const FILE: &str = "fortem-lint.toml";

/// A file of ignores.
#[derive(Debug)]
pub struct Ignores {
    source: Source,
    entries: Vec<Ignore>,
}

/// One entry, `[[ignore]]`: a finding that all its matchers match is accepted until the date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    rule: String,
    account: Option<String>,
    arn: Option<String>,
    environment: Option<String>,
    reason: String,
    owner: String,
    expires: Date,
    range: Range<usize>,
}

/// A finding that is accepted, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it is accepted.
    pub suppression: Suppression,
}

/// Why a finding is accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Suppression {
    /// In the words of whoever accepted it.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it is accepted.
    #[serde(serialize_with = "crate::date::serialize")]
    pub expires: Date,
}

/// An entry, and what became of it in a run.
#[derive(Debug, Clone, Copy)]
pub struct Assessed<'i> {
    /// The entry.
    pub ignore: &'i Ignore,
    /// Where it stands among the entries, from zero.
    pub index: usize,
    /// How many findings it matches.
    pub matches: usize,
    /// How many of these count, since no entry that is in force matches them.
    pub counting: usize,
    /// Whether everything that it could match was judged, so that no match means that it is not needed.
    pub is_judged: bool,
}

impl Ignores {
    /// Reads a file.
    ///
    /// ```
    /// use fortem_lint::ignore::Ignores;
    /// use fortem_lint::source::Source;
    ///
    /// let text = "[[ignore]]\nrule = \"FL105\"\nreason = \"one team runs both\"\nowner = \"platform\"\n";
    /// let (_, mistakes) = Ignores::read(Source::new("fortem-lint.toml", text.to_owned())).unwrap_err();
    /// assert_eq!(mistakes[0].message, "an ignore without `expires`");
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the text, with the text.
    pub fn read(source: Source) -> Result<Self, (Source, Vec<Mistake>)> {
        match read::entries(source.text()) {
            Ok(entries) => Ok(Self { source, entries }),
            Err(mistakes) => Err((source, mistakes)),
        }
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Takes accepted findings out of a report, and says what became of each entry.
    pub fn apply(&self, report: &mut Report, today: Date) -> Vec<Assessed<'_>> {
        let mut matches = vec![(0, 0); self.entries.len()];
        for finding in std::mem::take(&mut report.findings) {
            let matching = self.entries.iter().zip(&mut matches);
            let mut matching: Vec<_> =
                matching.filter(|(entry, _)| entry.matches(&finding)).collect();
            let accepted = matching.iter().find_map(|(entry, _)| entry.suppression(today));
            for (_, (number, counting)) in &mut matching {
                *number += 1;
                *counting += usize::from(accepted.is_none());
            }
            match accepted {
                Some(suppression) => report.suppressed.push(Suppressed { finding, suppression }),
                None => report.findings.push(finding),
            }
        }
        let entries = self.entries.iter().zip(matches).enumerate();
        entries
            .map(|(index, (ignore, (matches, counting)))| {
                let is_judged = ignore.is_judged(report);
                Assessed { ignore, index, matches, counting, is_judged }
            })
            .collect()
    }
}

impl Ignore {
    /// The rule, the beginning of its id, or its name.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The last day on which findings are accepted.
    #[must_use]
    pub fn expires(&self) -> Date {
        self.expires
    }

    /// The bytes of the entry.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Whether its last day has passed.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        today > self.expires
    }

    /// What is blank and must say something: `reason` or `owner`.
    #[must_use]
    pub fn blank(&self) -> Option<&'static str> {
        let fields = [("reason", &self.reason), ("owner", &self.owner)];
        fields.into_iter().find(|(_, text)| text.trim().is_empty()).map(|(name, _)| name)
    }

    fn suppression(&self, today: Date) -> Option<Suppression> {
        let is_good = !self.is_expired(today) && self.blank().is_none();
        is_good.then(|| Suppression {
            reason: self.reason.clone(),
            owner: self.owner.clone(),
            expires: self.expires,
        })
    }

    fn matches(&self, finding: &Finding) -> bool {
        let is =
            |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let named = [&finding.principal, &finding.resource, &finding.policy];
        names(&self.rule, finding.rule, finding.name)
            && is(&self.account, &finding.account)
            && is(&self.environment, &finding.environment_to)
            && self.arn.as_ref().is_none_or(|glob| {
                named.into_iter().flatten().any(|arn| pattern::matches(glob, arn))
            })
    }

    /// Whether every rule that it names was judged, on its account, with nothing left unread.
    fn is_judged(&self, report: &Report) -> bool {
        let mut named = rules::all().iter().map(|rule| rule.meta()).filter(|meta| self.names(meta));
        let accounts = &report.summary.accounts;
        named.all(|meta| judged(meta, report))
            && self.account.as_ref().is_none_or(|account| accounts.contains(account))
            && !report.is_incomplete()
    }

    fn names(&self, meta: &Meta) -> bool {
        names(&self.rule, meta.id, meta.name)
    }
}

/// Whether a word names a rule: its id, the beginning of its id, or its name.
fn names(word: &str, id: &str, name: &str) -> bool {
    id.to_ascii_uppercase().starts_with(&word.to_ascii_uppercase()) || name == word
}
