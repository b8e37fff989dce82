//! Problems as plain text, for snapshots.

use fortem_core::{Problem, Problems};
use miette::Diagnostic;

/// One block a problem: place, code, message, what is pointed at with its label, help.
pub(crate) fn rendered(problems: &Problems) -> String {
    problems.as_slice().iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(problem: &Problem) -> String {
    let place = problem.location().unwrap_or_default();
    let mut lines = vec![format!("{place} {}: {problem}", problem.code())];
    for label in problem.labels().into_iter().flatten() {
        let source = problem.source_code().unwrap();
        let excerpt = source.read_span(label.inner(), 0, 0).unwrap();
        let (line, column) = (excerpt.line() + 1, excerpt.column() + 1);
        let pointed = String::from_utf8_lossy(excerpt.data());
        let label = label.label().unwrap_or_default();
        lines.push(format!("  {line}:{column} {pointed:?} {label}"));
    }
    lines.extend(problem.help().map(|help| format!("  help: {help}")));
    lines.join("\n") + "\n"
}
