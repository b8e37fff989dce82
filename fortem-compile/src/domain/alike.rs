//! Values that can be exchanged for one another without changing the statements.
//!
//! If every text with the one value has a twin in the same place with the other, and every pattern that has
//! neither covers what is written with the one as it covers what is written with the other, then each call
//! has a twin, too, to which the same statements apply. One value of each kind is enough.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::pattern::{matches, overlap};

use super::opening::Opening;
use super::variables::{Place, Subject};
use crate::iam::{Pattern, Token};

/// Stands in a text for the value that is left out.
const PLACEHOLDER: &str = "\u{0}";

/// A text of a statement.
pub(super) struct Written<'w> {
    pub(super) place: Place,
    pub(super) subject: Subject<'w>,
    /// With `*` for a variable that has no value yet.
    pub(super) tokens: Vec<Token>,
    /// The places of the variable of which values are looked for.
    pub(super) openings: Vec<Opening>,
    pub(super) how: How,
}

/// How a text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    Exactly,
    IgnoringCase,
    /// As an ARN, each part apart.
    InParts,
}

/// A text as letters.
struct Known<'w> {
    place: Place,
    subject: Subject<'w>,
    text: String,
    lower: String,
    is_wild: bool,
}

/// What the statements have to do with a value.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// A text has the value: the text without it in whatever letter case, and as it is written if the value
    /// is written so.
    Mentioned(Place, String, Option<String>),
    /// A pattern covers all of what is written with the value, or nothing.
    Covered(Place, String, String, bool),
    /// A pattern covers a part of it: no other value is like this one.
    Alone(String),
}

/// The values by kind. `own` is where a value stands by itself.
pub(super) fn kinds(
    values: BTreeSet<String>,
    written: &[Written<'_>],
    own: (Subject<'_>, &Opening),
) -> Vec<Vec<String>> {
    let known: Vec<Known> = written.iter().map(Known::of).collect();
    let of_texts = written
        .iter()
        .flat_map(|text| text.openings.iter().map(move |opening| (text.subject, opening)));
    let openings: BTreeSet<(Subject<'_>, &Opening)> = of_texts.chain([own]).collect();
    let mut kinds: BTreeMap<BTreeSet<Standing>, Vec<String>> = BTreeMap::new();
    for value in values {
        kinds.entry(standing(&value, &known, &openings)).or_default().push(value);
    }
    let mut kinds: Vec<Vec<String>> = kinds.into_values().collect();
    // What looks like a name comes first.
    let looks_odd = |kind: &[String]| {
        let first = kind.first().and_then(|value| value.chars().next());
        !first.is_some_and(char::is_alphanumeric)
    };
    kinds.sort_by_key(|kind| (looks_odd(kind), kind.clone()));
    kinds
}

impl<'w> Known<'w> {
    fn of(text: &Written<'w>) -> Self {
        let Written { place, subject, ref tokens, .. } = *text;
        let text = text_of(tokens.iter().copied());
        let is_wild = tokens.iter().any(|token| !matches!(token, Token::Char(_)));
        Self { place, subject, lower: text.to_lowercase(), text, is_wild }
    }
}

fn text_of(tokens: impl Iterator<Item = Token>) -> String {
    tokens.collect::<Pattern>().to_string()
}

fn standing(
    value: &str,
    known: &[Known<'_>],
    openings: &BTreeSet<(Subject<'_>, &Opening)>,
) -> BTreeSet<Standing> {
    // Every text has the empty one.
    if value.is_empty() {
        return BTreeSet::from([Standing::Alone(String::new())]);
    }
    let lower = value.to_lowercase();
    let (having, others): (Vec<&Known>, Vec<&Known>) =
        known.iter().partition(|text| text.lower.contains(&lower));
    let mut found = BTreeSet::new();
    let mut with_value: BTreeSet<(Subject<'_>, String, String)> = BTreeSet::new();
    for text in having {
        let left = text.lower.replace(&lower, PLACEHOLDER);
        with_value.insert((text.subject, text.text.clone(), left.clone()));
        let exactly = text.text.contains(value).then(|| text.text.replace(value, PLACEHOLDER));
        found.insert(Standing::Mentioned(text.place, left, exactly));
    }
    for (subject, opening) in openings {
        let left = text_of(opening.filled(PLACEHOLDER));
        with_value.insert((*subject, text_of(opening.filled(value)), left));
    }
    for pattern in others.into_iter().filter(|text| text.is_wild) {
        let met = with_value.iter().filter(|(subject, ..)| *subject == pattern.subject);
        for (_, text, left) in met {
            found.insert(match covers(&pattern.text, text) {
                None => Standing::Alone(value.to_owned()),
                Some(all) => {
                    Standing::Covered(pattern.place, pattern.text.clone(), left.clone(), all)
                }
            });
        }
    }
    found
}

/// Whether a pattern covers all that a text matches, which may have wildcards as well, or nothing of it;
/// neither if it covers a part. The parts of ARNs are compared apart.
fn covers(pattern: &str, text: &str) -> Option<bool> {
    let parts = pattern.splitn(6, ':').zip(text.splitn(6, ':'));
    let are_arns = pattern.starts_with("arn:") && text.starts_with("arn:");
    let pairs: Vec<(&str, &str)> = if are_arns { parts.collect() } else { vec![(pattern, text)] };
    if pairs.iter().all(|(pattern, text)| matches(pattern, text)) {
        return Some(true);
    }
    pairs.iter().any(|(pattern, text)| !overlap(pattern, text)).then_some(false)
}
