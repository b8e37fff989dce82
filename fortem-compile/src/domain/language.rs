//! Which combinations of patterns some text matches, each with one such text.
//!
//! A pattern is a regular language, and so is every combination "matches these and none of those". The
//! automaton of all patterns together runs through one state after each text, and the state knows which
//! patterns match. So the states that can be reached are all the combinations there are, and the path to
//! one is a text that shows it (Hopcroft and Ullman, "Introduction to Automata Theory, Languages, and
//! Computation", product construction).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Write;
use std::rc::Rc;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use super::DomainError;
use crate::iam::{Pattern, Token};

/// The most memory one automaton may take, in bytes: patterns that need more are refused.
const SIZE_LIMIT: usize = 64 << 20;

/// An expression that no text matches.
const NOTHING: &str = r"[^\x00-\xff]";

/// Letters of which a witness is made by preference, so that people can read it.
const PREFERRED: &[u8] = b"x0abcdefghijklmnopqrstuvwyz123456789-_/.:+=@";

/// A set of texts, as a regular expression over bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Language(Rc<str>);

impl Language {
    /// This text alone.
    pub(crate) fn text(text: &str) -> Self {
        Self(escaped(text).into())
    }

    /// This text in whatever letter case.
    pub(crate) fn text_ignoring_case(text: &str) -> Self {
        Self(format!("(?i:{})", escaped(text)).into())
    }

    /// The texts that a pattern matches, `*` standing for any run of characters.
    pub(crate) fn pattern(pattern: &Pattern) -> Self {
        Self(of_tokens(pattern.tokens(), ".").into())
    }

    /// The ARNs that a pattern matches, its first five parts apart.
    pub(crate) fn arn(pattern: &Pattern) -> Self {
        let (Self(head), Self(tail)) = Self::arn_in_two(pattern);
        Self(format!("{head}:{tail}").into())
    }

    /// The first five parts of the ARNs that a pattern matches, and the sixth. Each part is matched apart,
    /// so that an ARN matches if both of its pieces do.
    pub(crate) fn arn_in_two(pattern: &Pattern) -> (Self, Self) {
        let mut parts = pattern.tokens().splitn(6, |token| *token == Token::Char(':'));
        let head: Vec<String> =
            parts.by_ref().take(5).map(|tokens| of_tokens(tokens, "[^:]")).collect();
        // What has fewer parts is no ARN.
        let tail = parts.next().map_or(NOTHING.to_owned(), |tokens| of_tokens(tokens, "."));
        (Self(head.join(":").into()), Self(tail.into()))
    }

    /// The ARNs of a resource type in a partition, in the same pieces; the type's parts have `*` for whatever
    /// differs.
    pub(crate) fn of_type(parts: &[String; 6], partition: &str) -> (Self, Self) {
        let with =
            |part: &String, any: &str| part.split('*').map(escaped).collect::<Vec<_>>().join(any);
        let [arn, _, rest @ .., tail] = parts;
        let rest = rest.iter().map(|part| with(part, "[^:]+"));
        let head: Vec<String> =
            [with(arn, ""), escaped(partition)].into_iter().chain(rest).collect();
        (Self(head.join(":").into()), Self(with(tail, ".+").into()))
    }

    /// Names of API actions in lower case, known or not.
    pub(crate) fn api_action() -> Self {
        Self("[a-z0-9-]+:[a-z0-9]+".into())
    }

    /// All ARNs in a partition, in the same pieces.
    pub(crate) fn any_arn(partition: &str) -> (Self, Self) {
        let head = format!("arn:{}:[^:]+:[^:]*:[^:]*", escaped(partition));
        (Self(head.into()), Self(".+".into()))
    }
}

fn of_tokens(tokens: &[Token], any: &str) -> String {
    let mut expression = String::new();
    for token in tokens {
        match token {
            Token::Char(character) => {
                expression.push_str(&escaped(character.encode_utf8(&mut [0; 4])));
            }
            Token::One => expression.push_str(any),
            Token::Run => {
                expression.push_str(any);
                expression.push('*');
            }
        }
    }
    expression
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    escaped
}

/// A text, and the languages it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) text: String,
    languages: BTreeSet<Language>,
}

impl Witness {
    pub(crate) fn belongs_to(&self, language: &Language) -> bool {
        self.languages.contains(language)
    }
}

/// Witnesses that were looked for before: the same patterns come back for every role.
#[derive(Debug)]
pub(crate) struct Languages {
    /// The partition that all ARNs are of.
    partition: Rc<str>,
    found: HashMap<Asked, Rc<[Witness]>>,
}

/// The languages to tell apart, and the one within which.
type Asked = (BTreeSet<Language>, Option<Language>);

impl Languages {
    pub(crate) fn new(partition: &str) -> Self {
        Self { partition: partition.into(), found: HashMap::new() }
    }

    pub(crate) fn partition(&self) -> &str {
        &self.partition
    }

    /// One text for each combination of languages that has one; `within` all of them are, if it is
    /// given.
    pub(crate) fn witnesses(
        &mut self,
        languages: BTreeSet<Language>,
        within: Option<Language>,
    ) -> Result<Rc<[Witness]>, DomainError> {
        let key = (languages, within);
        if let Some(found) = self.found.get(&key) {
            return Ok(Rc::clone(found));
        }
        let found: Rc<[Witness]> = search(&key.0, key.1.as_ref())?.into();
        self.found.insert(key, Rc::clone(&found));
        Ok(found)
    }
}

fn search(
    languages: &BTreeSet<Language>,
    within: Option<&Language>,
) -> Result<Vec<Witness>, DomainError> {
    let all: Vec<&Language> = languages.iter().chain(within).collect();
    let expressions: Vec<&str> = all.iter().map(|one| &*one.0).collect();
    let automaton = Combinations::of(&expressions)?;
    let wanted = within.map(|_| languages.len());
    let mut found: BTreeMap<Vec<usize>, String> = BTreeMap::new();
    automaton.walk(|text, matched| {
        let inside = wanted.is_none_or(|index| matched.contains(&index));
        if inside && !found.contains_key(matched) {
            found.insert(matched.to_vec(), automaton.readable(text, matched));
        }
    });
    let witness = |(matched, text): (Vec<usize>, String)| {
        let belongs = matched.into_iter().filter_map(|index| all.get(index));
        Witness { text, languages: belongs.map(|language| (*language).clone()).collect() }
    };
    Ok(found.into_iter().map(witness).collect())
}

/// The automaton of several expressions at once.
struct Combinations {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
    /// One byte for each class of bytes that no expression tells apart.
    letters: Vec<u8>,
}

impl Combinations {
    fn of(expressions: &[&str]) -> Result<Self, DomainError> {
        let refused = |error: &dyn std::error::Error| DomainError::Patterns(error.to_string());
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(SIZE_LIMIT))
            .determinize_size_limit(Some(SIZE_LIMIT));
        let bytes = syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true);
        let automaton = dense::Builder::new()
            .configure(config)
            .syntax(bytes)
            .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
            .build_many(expressions)
            .map_err(|error| refused(&error))?;
        let anchored = start::Config::new().anchored(Anchored::Yes);
        let start = automaton.start_state(&anchored).map_err(|error| refused(&error))?;
        let letters = letters(&automaton);
        Ok(Self { automaton, start, letters })
    }

    /// Shows the shortest text to each state, with the expressions that match it.
    fn walk(&self, mut show: impl FnMut(&[u8], &[usize])) {
        let mut seen = BTreeSet::from([self.start]);
        let mut queue = VecDeque::from([(self.start, Vec::new())]);
        while let Some((state, text)) = queue.pop_front() {
            show(&text, &self.matched(state));
            for letter in &self.letters {
                let next = self.automaton.next_state(state, *letter);
                if seen.insert(next) {
                    let longer = text.iter().chain([letter]).copied().collect();
                    queue.push_back((next, longer));
                }
            }
        }
    }

    /// The expressions that match the text that ends in this state, by number.
    fn matched(&self, state: StateID) -> Vec<usize> {
        let end = self.automaton.next_eoi_state(state);
        if !self.automaton.is_match_state(end) {
            return Vec::new();
        }
        let numbers = 0..self.automaton.match_len(end);
        let mut matched: Vec<usize> =
            numbers.map(|index| self.automaton.match_pattern(end, index).as_usize()).collect();
        matched.sort_unstable();
        matched
    }

    /// The text with a Region and an account that people know, if it then matches the same.
    fn readable(&self, text: &[u8], matched: &[usize]) -> String {
        let plain = String::from_utf8_lossy(text).into_owned();
        let mut parts: Vec<&str> = plain.splitn(6, ':').collect();
        if let [_, _, _, region, account, ..] = parts.as_mut_slice() {
            (*region, *account) = ("eu-west-1", "111122223333");
        }
        let usual = parts.join(":");
        let end =
            usual.bytes().fold(self.start, |state, byte| self.automaton.next_state(state, byte));
        if self.matched(end) == matched { usual } else { plain }
    }
}

/// One byte for each class, a readable one where there is any.
fn letters(automaton: &dense::DFA<Vec<u32>>) -> Vec<u8> {
    let classes = automaton.byte_classes();
    let mut seen = BTreeSet::new();
    let bytes = PREFERRED.iter().copied().chain(b' '..=b'~').chain(0..=u8::MAX);
    bytes.filter(|byte| seen.insert(classes.get(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        fortem_core::pattern::steps(text).collect()
    }

    fn wild(text: &str) -> Language {
        Language::pattern(&pattern(text))
    }

    fn witnesses<const N: usize>(
        languages: [Language; N],
        within: Option<&Language>,
    ) -> BTreeSet<String> {
        let found = Languages::new("aws").witnesses(languages.into(), within.cloned()).unwrap();
        found.iter().map(|witness| witness.text.clone()).collect()
    }

    #[test]
    fn there_is_a_witness_for_each_combination_and_no_other() {
        let found = witnesses([wild("a*"), wild("*b"), Language::text("ab")], None);
        // None, a…, …b, a…b, ab.
        assert_eq!(found, ["", "a", "b", "ab", "axb"].map(str::to_owned).into());
        let found = witnesses([Language::text("")], None);
        assert_eq!(found, ["", "x"].map(str::to_owned).into());
        let found = witnesses([Language::text_ignoring_case("a"), Language::text("a")], None);
        assert_eq!(found, ["", "A", "a"].map(str::to_owned).into());
    }

    #[test]
    fn witnesses_stay_within_a_resource_type() {
        let parts = ["arn", "*", "ecs", "*", "*", "service/*"].map(str::to_owned);
        let own = Language::arn_in_two(&pattern("arn:aws:ecs:*:*:service/staging/*"));
        let (head, tail) = Language::of_type(&parts, "aws");
        let found = witnesses([own.0], Some(&head));
        assert_eq!(found, ["arn:aws:ecs:eu-west-1:111122223333"].map(str::to_owned).into());
        let found = witnesses([own.1], Some(&tail));
        assert_eq!(found, ["service/staging/", "service/x"].map(str::to_owned).into());
    }
}
