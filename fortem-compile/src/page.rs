//! What every page for a browser has in common: its head, and the style of the house.
//!
//! ```
//! use fortem_compile::page::Head;
//!
//! let head = Head { eyebrow: "a report", title: "A & B", style: ".more { color: red; }" }.to_string();
//! assert!(head.contains("<h1>A &amp; B</h1>") && head.contains(".more { color: red; }"));
//! ```

use std::fmt;

use crate::escape::Markup;

const STYLE: &str = include_str!("page/style.css");

/// The head of a page that loads nothing from outside and says so to the browser; `<header>` stays open after its title.
#[derive(Debug, Clone, Copy)]
pub struct Head<'h> {
    /// The program, above the title.
    pub eyebrow: &'h str,
    /// The title.
    pub title: &'h str,
    /// Style beside that of the house, as CSS.
    pub style: &'h str,
}

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (eyebrow, title) = (Markup(self.eyebrow), Markup(self.title));
        writeln!(
            f,
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
             <title>{title}</title>\n<style>\n{STYLE}{}</style>\n<header>\n\
             <p class=\"eyebrow\">{eyebrow}</p>\n<h1>{title}</h1>",
            self.style
        )
    }
}
