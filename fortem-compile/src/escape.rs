//! Text that somebody else wrote, made harmless for the place where it is shown: HTML, Markdown, a terminal.
//!
//! ```
//! use fortem_compile::escape::{Code, Markup};
//!
//! assert_eq!(Markup("a < b").to_string(), "a &lt; b");
//! assert_eq!(Code("a|b").to_string(), "`a\\|b`");
//! ```

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

/// Whether a character would change how others are shown: control characters, and marks of the direction of writing.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text on one line, with characters that cannot be seen written as their numbers.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len()), |mut line, character| {
        match character {
            '\n' | '\r' | '\t' => line.push(' '),
            hidden if is_hidden(hidden) => line.extend(hidden.escape_unicode()),
            seen => line.push(seen),
        }
        line
    }))
}

/// The same with line breaks left as they are, and tabs as spaces.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|one| is_hidden(one) && one != '\n') {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\t', "    ");
    Cow::Owned(text.split('\n').map(one_line).collect::<Vec<_>>().join("\n"))
}

/// The parts of a sentence, and whether each stands in backticks.
pub fn parts(sentence: &str) -> impl Iterator<Item = (bool, &str)> {
    let parts = sentence.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part));
    parts.filter(|(_, part)| !part.is_empty())
}

/// Text in HTML or XML, as content or in a quoted attribute.
#[derive(Debug, Clone, Copy)]
pub struct Markup<'t>(pub &'t str);

impl Display for Markup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' => f.write_char('\n')?,
                '\t' => f.write_str("    ")?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                hidden if is_hidden(hidden) => write!(f, "{}", hidden.escape_unicode())?,
                seen => f.write_char(seen)?,
            }
        }
        Ok(())
    }
}

/// A sentence in HTML, with what stands in backticks as code.
#[derive(Debug, Clone, Copy)]
pub struct Sentence<'t>(pub &'t str);

impl Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = one_line(self.0);
        parts(&text).try_for_each(|(is_code, part)| {
            if is_code {
                write!(f, "<code>{}</code>", Markup(part))
            } else {
                write!(f, "{}", Markup(part))
            }
        })
    }
}

/// A sentence in Markdown, with what stands in backticks as code; it may stand in a table.
#[derive(Debug, Clone, Copy)]
pub struct Prose<'t>(pub &'t str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = one_line(self.0);
        parts(&text).try_for_each(|(is_code, part)| {
            if is_code {
                return write!(f, "{}", Code(part));
            }
            part.chars().try_for_each(|one| {
                if matches!(
                    one,
                    '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '|' | '~' | '!' | '$'
                ) {
                    f.write_char('\\')?;
                }
                f.write_char(one)
            })
        })
    }
}

/// A name in Markdown, as code; it may stand in a table.
#[derive(Debug, Clone, Copy)]
pub struct Code<'t>(pub &'t str);

impl Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A backtick would end the code, and a bar the cell of a table.
        let text = one_line(self.0).replace('`', "'").replace('|', "\\|");
        if text.trim().is_empty() { f.write_str("(empty)") } else { write!(f, "`{text}`") }
    }
}

/// A field of a table for spreadsheets (RFC 4180), in quotes where it has to be. A spreadsheet would compute what begins
/// like a formula, so an apostrophe stands before it.
#[derive(Debug, Clone, Copy)]
pub struct Field<'t>(pub &'t str);

impl Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        let is_formula =
            text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
        let mark = if is_formula { "'" } else { "" };
        if is_formula || text.contains(['"', ',', '\n', '\r']) {
            write!(f, "\"{mark}{}\"", text.replace('"', "\"\""))
        } else {
            f.write_str(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_ends_no_element_and_no_attribute() {
        let text = Markup("<script>\"'&]]>\u{1b}[31m\u{202e}").to_string();
        assert_eq!(text, "&lt;script&gt;&quot;&#39;&amp;]]&gt;\\u{1b}[31m\\u{202e}");
    }

    #[test]
    fn prose_keeps_code_apart_and_escapes_the_rest() {
        let text = Prose("a `b|c` <img> [x](y)\n# `odd").to_string();
        assert_eq!(text, "a `b\\|c` \\<img\\> \\[x\\](y) \\# `odd`");
    }

    #[test]
    fn a_field_is_no_formula() {
        let field = |text| Field(text).to_string();
        assert_eq!(field("a b"), "a b");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field(" =1+1"), "\"' =1+1\"");
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("a\nb\u{7}"), "a b\\u{7}");
        assert_eq!(lines("a\r\n\tb"), "a\n    b");
    }
}
