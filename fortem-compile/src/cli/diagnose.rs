//! Problems as people see them: code, message, excerpt with caret, what to do.

use std::fmt;
use std::io::{IsTerminal, stderr};
use std::ops::Range;

use fortem_core::{Problem, SourceFile};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode,
};

/// A place in a source file that an answer speaks of.
#[derive(Debug)]
pub(super) struct Excerpt(Problem);

impl Excerpt {
    pub(super) fn new(title: String, file: &SourceFile, span: Range<usize>, label: &str) -> Self {
        Self(Problem::new("", title).at(file, span, label))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Excerpt {}

/// It is no error, and has no code.
impl Diagnostic for Excerpt {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.0.labels()
    }
}

/// The text of all problems, coloured when standard error is a terminal that wants it.
pub(super) fn render(problems: &[Problem]) -> String {
    rendered(problems, stderr().is_terminal())
}

/// The text of all excerpts, without colours.
pub(super) fn excerpts(excerpts: &[Excerpt]) -> String {
    rendered(excerpts, false)
}

fn rendered<D: Diagnostic>(diagnostics: &[D], is_terminal: bool) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = if is_terminal && !plain {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut text = String::new();
    for diagnostic in diagnostics {
        if handler.render_report(&mut text, diagnostic).is_err() {
            text.push_str(&diagnostic.to_string());
        }
        text.push('\n');
    }
    text
}
