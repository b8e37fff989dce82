//! Wildcard patterns letter by letter, for those who reason about all texts that match.

use std::fmt;

use fortem_core::pattern::Step;

/// One letter or wildcard of a [`Pattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Token {
    /// This character and no other.
    Char(char),
    /// `?`: any one character.
    One,
    /// `*`: any run of characters, also none.
    Run,
}

impl Token {
    /// As a policy writes it.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Char(character) => character,
            Self::One => '?',
            Self::Run => '*',
        }
    }
}

/// A wildcard pattern without policy variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

impl<'a> FromIterator<Step<'a>> for Pattern {
    fn from_iter<I: IntoIterator<Item = Step<'a>>>(steps: I) -> Self {
        let mut tokens = Vec::new();
        for step in steps {
            match step {
                Step::Text(text) => tokens.extend(text.chars().map(Token::Char)),
                Step::One => tokens.push(Token::One),
                Step::Run => tokens.push(Token::Run),
            }
        }
        Self { tokens }
    }
}

impl FromIterator<Token> for Pattern {
    fn from_iter<I: IntoIterator<Item = Token>>(tokens: I) -> Self {
        Self { tokens: tokens.into_iter().collect() }
    }
}

/// As a policy writes it; a character that is a wildcard there cannot be told from one.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        self.tokens.iter().try_for_each(|token| f.write_char(token.letter()))
    }
}
