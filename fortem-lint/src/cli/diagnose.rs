//! What is wrong with a file of the tool's own, as findings are shown.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::ignore::Mistake;
use crate::source::Source;
use fortem_compile::escape::{lines, one_line};

/// The mistakes of a file with excerpt and caret.
pub(super) fn render(source: &Source, mistakes: &[Mistake], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for mistake in mistakes {
        // A line is shown as it is, so nothing in it may control the terminal.
        let shown = lines(source.text());
        let range = if shown == source.text() { mistake.range.clone() } else { 0..0 };
        let end = range.end.min(shown.len());
        let expected = one_line(&mistake.expected);
        let annotation = AnnotationKind::Primary.span(range.start.min(end)..end).label(expected);
        let snippet = Snippet::source(shown).path(one_line(source.name())).annotation(annotation);
        let title = Level::ERROR.primary_title(one_line(&mistake.message));
        text.push_str(&renderer.render(&[title.element(snippet)]));
        text.push_str("\n\n");
    }
    text
}
