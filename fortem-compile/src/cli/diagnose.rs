//! Problems as people see them: code, message, excerpt with caret, what to do.

use std::io::{IsTerminal, stderr};

use fortem_core::Problem;
use miette::{GraphicalReportHandler, GraphicalTheme};

/// The text of all problems, coloured when standard error is a terminal that wants it.
pub(super) fn render(problems: &[Problem]) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = if stderr().is_terminal() && !plain {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut text = String::new();
    for problem in problems {
        if handler.render_report(&mut text, problem).is_err() {
            text.push_str(&problem.to_string());
        }
        text.push('\n');
    }
    text
}
