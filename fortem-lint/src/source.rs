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
    lines: OnceLock<Box<[usize]>>,
    // INVARIANT: how many characters begin before each block of `BLOCK` bytes.
    characters: OnceLock<Box<[usize]>>,
}

/// A file may be one line of many megabytes, in which nobody wants to count from the beginning.
const BLOCK: usize = 4096;

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
        Self { name: name.into(), text, lines: OnceLock::new(), characters: OnceLock::new() }
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
        let (line, start) = self.line_of(offset);
        let characters = match self.text.as_bytes().get(start..offset) {
            Some(before) if before.len() < BLOCK => characters_in(before),
            _ => self.characters_before(offset) - self.characters_before(start),
        };
        Position { line, column: 1 + characters }
    }

    /// The white space with which the line of a byte begins.
    #[must_use]
    pub fn indentation(&self, offset: usize) -> &str {
        let (_, start) = self.line_of(offset);
        let line = self.text.get(start..offset).unwrap_or_default();
        let end = line.find(|character| !matches!(character, ' ' | '\t')).unwrap_or(line.len());
        line.get(..end).unwrap_or_default()
    }

    /// The number of the line of a byte, from one, and where it begins.
    fn line_of(&self, offset: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at);
            std::iter::once(0).chain(ends.map(|at| at + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset);
        (line, lines.get(line.saturating_sub(1)).copied().unwrap_or_default())
    }

    fn characters_before(&self, offset: usize) -> usize {
        let blocks = self.characters.get_or_init(|| {
            let counted = self.text.as_bytes().chunks(BLOCK).scan(0, |sum, block| {
                let before = *sum;
                *sum += characters_in(block);
                Some(before)
            });
            counted.collect()
        });
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        let Some(before) = blocks.get(block) else {
            return self.text.chars().count();
        };
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        before + characters_in(rest)
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

/// How many characters begin in some bytes of a text.
fn characters_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count()
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
