//! The text that a diagnostic is about.

use annotate_snippets::{AnnotationKind, Group as Block, Level, Origin, Snippet};
use fortem_compile::escape::{lines, one_line};

use crate::source::Position;

/// The most lines of an input that a finding shows.
const LINES: usize = 12;
/// Text that begins further to the right stands in a file that nobody reads by lines.
const COLUMN: usize = 80;
/// The most characters of a line that are shown of such a file.
const WIDTH: usize = 160;

/// Adds a place of a file, and the text that stands there.
pub(super) fn add<'r>(
    file: &'r str,
    position: Position,
    text: &'r str,
    block: Block<'r>,
) -> Block<'r> {
    let (file, text) = (one_line(file), lines(text));
    let is_wide = text.lines().take(LINES).any(|line| line.chars().count() > WIDTH);
    if text.trim().is_empty() || position.column > COLUMN || is_wide {
        let origin = Origin::path(file).line(position.line).char_column(position.column);
        let block = block.element(origin);
        let line: String = one_line(text.trim()).chars().take(WIDTH).collect();
        if line.is_empty() {
            return block;
        }
        let more = if text.chars().count() > WIDTH { " …" } else { "" };
        return block.element(Level::NOTE.message(format!("it says {line}{more}")));
    }
    let indent = position.column.saturating_sub(1);
    let shown: Vec<&str> = text.lines().take(LINES).collect();
    let is_cut = text.lines().nth(LINES).is_some();
    // What stands before the text on its line is not known; blanks keep the column right.
    let source = format!("{}{}", " ".repeat(indent), shown.join("\n"));
    let annotation = AnnotationKind::Primary.span(indent..source.len());
    let annotation = if is_cut { annotation.label("and so on") } else { annotation };
    block.element(
        Snippet::source(source)
            .path(file)
            .line_start(position.line)
            .fold(false)
            .annotation(annotation),
    )
}
