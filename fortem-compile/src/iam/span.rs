//! Places in a text.

use std::ops::Range;

/// A stretch of a text, and where a person finds its beginning.
///
/// ```
/// use fortem_compile::iam::Json;
///
/// let text = "{\n  \"é\": true\n}";
/// let json = Json::parse(text)?;
/// let span = json.get("é").expect("it is there").span();
/// assert_eq!((span.line(), span.column()), (2, 8));
/// assert_eq!(text.get(span.range()), Some("true"));
/// # Ok::<(), fortem_compile::iam::JsonError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Span {
    /// The bytes of the text from `start` on to `end`.
    pub(super) fn of(text: &str, start: usize, end: usize) -> Self {
        let before = text.get(..start).unwrap_or(text);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        Self { start, end, line, column }
    }

    /// The bracket with which a list or object begins.
    pub(super) fn opening_bracket(self) -> Self {
        Self { end: self.start + 1, ..self }
    }

    /// The bytes, for slicing the text.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The line of the beginning, from 1.
    #[must_use]
    pub fn line(self) -> usize {
        self.line
    }

    /// The column of the beginning in characters, from 1.
    #[must_use]
    pub fn column(self) -> usize {
        self.column
    }
}
