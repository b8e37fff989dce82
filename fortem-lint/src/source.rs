//! Texts that were read, and places in them.

use std::ops::Range;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// One input text, with the name under which it is reported.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    // INVARIANT: the byte at which each line begins, ascending.
    lines: OnceLock<Vec<usize>>,
}

/// Where a person finds a byte of a text: both count from one, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// The line, from one.
    pub line: usize,
    /// The character of the line, from one.
    pub column: usize,
}

impl Source {
    /// A text under the name that findings show: a path as given, or `<stdin>`.
    ///
    /// ```
    /// use fortem_lint::source::Source;
    ///
    /// let source = Source::new("policy.json", "{\n  \"é\": 1 }".to_owned());
    /// let position = source.position(10);
    /// assert_eq!((position.line, position.column), (2, 8));
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>, text: String) -> Self {
        Self { name: name.into(), text, lines: OnceLock::new() }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a byte is.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset);
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        Position { line, column: 1 + before.chars().count() }
    }

    /// The text of a stretch; empty if the stretch is not of this text.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// Where a part of [`Self::text`] begins, if it is one.
    #[must_use]
    pub fn offset_of(&self, part: &str) -> Option<usize> {
        let offset = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        (offset + part.len() <= self.text.len()).then_some(offset)
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A stretch of one of the texts of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which of [`Unit::sources`](crate::unit::Unit::sources).
    pub source: usize,
    /// The bytes.
    pub range: Range<usize>,
    /// The JSON pointer (RFC 6901) of the value that stands there.
    pub pointer: String,
}
