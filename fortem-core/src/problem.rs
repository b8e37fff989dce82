//! What is wrong with a file, where, and what to do about it.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// A text file and the path it was read from.
///
/// The path is kept as it should be shown to people, usually relative to where they are.
#[derive(Debug, Clone)]
pub struct SourceFile(Arc<Lines>);

#[derive(Debug)]
struct Lines {
    source: NamedSource<String>,
    /// Where each line but the first begins, in bytes; a fleet of many thousand tables asks that often.
    begins: OnceLock<Vec<usize>>,
}

impl SourceFile {
    /// A file with the given path and text.
    pub fn new(path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        let path = path.as_ref().display().to_string();
        let source = NamedSource::new(path, text.into());
        Self(Arc::new(Lines { source, begins: OnceLock::new() }))
    }

    /// The file at a path.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self::new(path, text))
    }

    /// The path as it is shown to people.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.source.name()
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.source.inner()
    }

    /// The line, counted from 1, in which the byte at `offset` stands.
    ///
    /// An offset past the end answers with the last line.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        let begins = self
            .0
            .begins
            .get_or_init(|| self.text().match_indices('\n').map(|(at, _)| at + 1).collect());
        1 + begins.partition_point(|begin| *begin <= offset)
    }
}

/// What is said of a file or directory that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let message = format!("cannot read `{}`: {error}", path.display());
    Problem::new("fortem::source::unreadable", message)
}

/// One mistake in what a person wrote: code, message, the excerpt it is about, and what to do.
///
/// It implements [`miette::Diagnostic`], so any `miette` report handler renders it.
///
/// ```
/// use fortem_core::{Problem, SourceFile};
///
/// let file = SourceFile::new("fleet.toml", "tag_kay = \"Environment\"\n");
/// let problem = Problem::new("fortem::fleet::unknown_key", "unknown key `tag_kay`")
///     .at(&file, 0..7, "not a key of the fleet file")
///     .help("expected one of `tag_key`, `schedule`");
/// assert_eq!(problem.to_string(), "unknown key `tag_kay`");
/// assert_eq!(problem.location().as_deref(), Some("fleet.toml:1"));
/// ```
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    code: &'static str,
    message: String,
    help: Option<String>,
    file: Option<SourceFile>,
    labels: Vec<LabeledSpan>,
}

impl Problem {
    /// A problem without a place: `code` is stable and machine readable, `message` one sentence in
    /// lower case without a full stop.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            help: None,
            file: None,
            labels: Vec::new(),
        }))
    }

    /// Points at a range of bytes. The first call names the primary place; later ones add places of
    /// the same file.
    #[must_use]
    pub fn at(mut self, file: &SourceFile, span: Range<usize>, label: impl Into<String>) -> Self {
        let label = Some(label.into());
        let span = if self.0.labels.is_empty() {
            LabeledSpan::new_primary_with_span(label, span)
        } else {
            LabeledSpan::new_with_span(label, span)
        };
        self.0.labels.push(span);
        self.0.file = Some(file.clone());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The stable code, such as `fortem::fleet::unknown_role`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Path and line of the primary place, `fleet.toml:12`, if the problem has one.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        let file = self.0.file.as_ref()?;
        Some(format!("{}:{}", file.path(), file.line(self.span().0)))
    }

    /// Begin and end of the primary place.
    pub(crate) fn span(&self) -> (usize, usize) {
        let label = self.0.labels.first();
        label.map_or((0, 0), |label| (label.offset(), label.offset() + label.len()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.0.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.0.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let file = self.0.file.as_ref()?;
        Some(&file.0.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.0.labels.iter().cloned()))
    }
}

/// Every problem of one stage, in the order of their places; never empty.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} {}", .0.len(), if .0.len() == 1 { "problem" } else { "problems" })]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok` with `value` if nothing is wrong, else everything that is.
    ///
    /// # Errors
    ///
    /// When `problems` is not empty.
    pub fn unless<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            return Ok(value);
        }
        Err(Self::from_list(problems))
    }

    pub(crate) fn from_list(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| {
            let key = |p: &Problem| (p.0.file.as_ref().map(|f| f.path().to_owned()), p.span());
            key(a).cmp(&key(b))
        });
        Self(problems)
    }

    /// The problems, by file and place.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// The problems, by file and place.
    #[must_use]
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
