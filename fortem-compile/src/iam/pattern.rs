//! Wildcard patterns: `*` for any run of characters, `?` for exactly one.

use std::slice;
use std::str::Chars;

/// One step of a [`Pattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Token {
    /// This character and no other.
    Char(char),
    /// `?`: any one character.
    One,
    /// `*`: any run of characters, also none.
    Run,
}

/// A wildcard pattern, read once and matched often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    /// Reads a pattern in which `*` and `?` are wildcards.
    #[cfg(test)]
    pub(crate) fn wild(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push_wild(text);
        pattern
    }

    /// Appends text in which `*` and `?` are wildcards.
    pub(super) fn push_wild(&mut self, text: &str) {
        self.tokens.extend(text.chars().map(|character| match character {
            '*' => Token::Run,
            '?' => Token::One,
            other => Token::Char(other),
        }));
    }

    /// Appends text that stands for itself, wildcards included.
    pub(super) fn push_literal(&mut self, text: &str) {
        self.tokens.extend(text.chars().map(Token::Char));
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        matches(&self.tokens, text)
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

/// Whether the whole text matches the tokens.
///
/// Only the last `*` is ever tried again, so the time is at most the product of both lengths.
pub(crate) fn matches(tokens: &[Token], text: &str) -> bool {
    let mut tokens = tokens.iter();
    let mut text = text.chars();
    let mut retry: Option<(slice::Iter<'_, Token>, Chars<'_>)> = None;
    loop {
        let mut rest = text.clone();
        let (token, character) = (tokens.next(), rest.next());
        match (token, character) {
            (Some(Token::Run), _) => {
                retry = Some((tokens.clone(), text.clone()));
                continue;
            }
            (Some(Token::One), Some(_)) => {
                text = rest;
                continue;
            }
            (Some(Token::Char(wanted)), Some(found)) if *wanted == found => {
                text = rest;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        // A mismatch: let the last `*` take one character more.
        let Some((after_run, start)) = retry.as_mut() else {
            return false;
        };
        if start.next().is_none() {
            return false;
        }
        tokens = after_run.clone();
        text = start.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Token};
    use proptest::prelude::*;

    #[test]
    fn wildcards_match_runs_and_single_characters() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "any:thing/at all", true),
            ("?", "", false),
            ("?", "é", true),
            ("?", "ab", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("*aab", "aaab", true),
            ("stag?ng-*", "staging-2", true),
            ("stag?ng-*", "staging", false),
            ("Prod", "prod", false),
        ] {
            assert_eq!(Pattern::wild(pattern).matches(text), expected, "`{pattern}` on `{text}`");
        }
    }

    #[test]
    fn literal_text_has_no_wildcards() {
        let mut pattern = Pattern::wild("a*");
        pattern.push_literal("*");
        assert!(pattern.matches("abc*"));
        assert!(!pattern.matches("abc"));
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = Pattern::wild(&"*a".repeat(500));
        assert!(!pattern.matches(&"a".repeat(499)));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(20_000))));
    }

    /// The meaning of a pattern, spelt out without regard to cost.
    fn model(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((Token::Run, rest)), _) => {
                (0..=text.len()).any(|taken| model(rest, &text[taken..]))
            }
            (None, Some(_)) | (Some(_), None) => false,
            (Some((Token::One, rest)), Some((_, left))) => model(rest, left),
            (Some((Token::Char(wanted), rest)), Some((found, left))) => {
                wanted == found && model(rest, left)
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_model(pattern in "[ab*?:]{0,8}", text in "[ab*?:]{0,10}") {
            let pattern = Pattern::wild(&pattern);
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(pattern.matches(&text), model(pattern.tokens(), &characters));
        }
    }
}
