//! Text to JSON with places. Readers that others keep either lose the places or read more than JSON, which AWS refuses.

use serde::de::IgnoredAny;

use super::{Json, JsonError, JsonValue, Member};
use crate::iam::span::Span;

/// How deep lists and objects may be nested, so that no text exhausts the stack.
const DEPTH: usize = 128;

type Result<T> = std::result::Result<T, JsonError>;

pub(super) fn read(text: &str) -> Result<Json> {
    let mut reader =
        Reader { rest: text, here: Span { start: 0, end: 0, line: 1, column: 1 }, depth: 0 };
    if text.starts_with('\u{feff}') {
        return Err(reader.error("a byte order mark stands before the text"));
    }
    reader.skip_space();
    let json = reader.value()?;
    reader.skip_space();
    if reader.rest.is_empty() {
        Ok(json)
    } else {
        Err(reader.error("expected the end of the text"))
    }
}

struct Reader<'t> {
    rest: &'t str,
    /// The empty stretch before `rest`.
    here: Span,
    depth: usize,
}

impl<'t> Reader<'t> {
    /// Moves on by some bytes of the line, which end between characters, and gives them.
    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.here.column += if taken.is_ascii() { bytes } else { taken.chars().count() };
        self.move_to(rest, bytes);
        taken
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        self.take(self.rest.len() - self.rest.trim_start_matches(belongs).len())
    }

    fn skip_space(&mut self) {
        let mut spaces = 0;
        for byte in self.rest.bytes() {
            match byte {
                b' ' | b'\t' | b'\r' => self.here.column += 1,
                b'\n' => {
                    self.here.line += 1;
                    self.here.column = 1;
                }
                _ => break,
            }
            spaces += 1;
        }
        self.move_to(self.rest.get(spaces..).unwrap_or_default(), spaces);
    }

    fn move_to(&mut self, rest: &'t str, bytes: usize) {
        self.rest = rest;
        self.here.start += bytes;
        self.here.end = self.here.start;
    }

    fn next_is(&self, character: char) -> bool {
        self.rest.starts_with(character)
    }

    /// From `start` to here.
    fn since(&self, start: Span) -> Span {
        Span { end: self.here.start, ..start }
    }

    /// An error at the next character.
    fn error(&self, message: impl Into<String>) -> JsonError {
        let length = self.rest.chars().next().map_or(0, char::len_utf8);
        let span = Span { end: self.here.start + length, ..self.here };
        JsonError { message: message.into(), span }
    }

    fn value(&mut self) -> Result<Json> {
        let start = self.here;
        let value = match self.rest.chars().next() {
            Some('{') => JsonValue::Object(self.items('}', Self::member)?),
            Some('[') => JsonValue::List(self.items(']', Self::value)?),
            Some('"') => JsonValue::Text(self.string()?),
            Some('-' | '0'..='9') => JsonValue::Scalar(self.number()?),
            _ => self.word()?,
        };
        let Span { end, line, column, .. } = self.here;
        let last = Span { start: end - 1, end, line, column: column - 1 };
        Ok(Json { value, span: self.since(start), last })
    }

    /// Reads what stands between brackets, separated by commas.
    fn items<T>(&mut self, close: char, item: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        if self.depth == DEPTH {
            return Err(self.error(format!("nested more than {DEPTH} deep")));
        }
        self.depth += 1;
        let mut items = Vec::new();
        self.take(1);
        self.skip_space();
        while !self.next_is(close) {
            if !items.is_empty() {
                if !self.next_is(',') {
                    return Err(self.error(format!("expected `,` or `{close}`")));
                }
                self.take(1);
                self.skip_space();
            }
            items.push(item(self)?);
            self.skip_space();
        }
        self.take(1);
        self.depth -= 1;
        Ok(items)
    }

    fn member(&mut self) -> Result<Member> {
        let start = self.here;
        if !self.next_is('"') {
            return Err(self.error("expected a key in double quotes"));
        }
        let key = self.string()?;
        let key_span = self.since(start);
        self.skip_space();
        if !self.next_is(':') {
            return Err(self.error("expected `:`"));
        }
        self.take(1);
        self.skip_space();
        Ok(Member { key, key_span, value: self.value()? })
    }

    fn string(&mut self) -> Result<String> {
        let start = self.here;
        let (mut escaped, mut plain) = (false, true);
        let end = self.rest.bytes().enumerate().skip(1).find(|(_, byte)| {
            let ends = matches!(byte, b'"' if !escaped) || *byte == b'\n';
            escaped = *byte == b'\\' && !escaped;
            plain &= *byte != b'\\' && *byte >= b' ';
            ends
        });
        let Some((end, b'"')) = end else {
            return Err(self.error("the string does not end on its line"));
        };
        let token = self.take(end + 1);
        let inner = token.get(1..end).unwrap_or_default();
        if plain {
            return Ok(inner.to_owned());
        }
        serde_json::from_str(token).map_err(|error| {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            JsonError { message, span: self.since(start) }
        })
    }

    fn number(&mut self) -> Result<String> {
        let start = self.here;
        let digits = self
            .take_while(|character| matches!(character, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        match serde_json::from_str::<IgnoredAny>(digits) {
            Ok(_) => Ok(digits.to_owned()),
            Err(_) => Err(JsonError {
                message: format!("`{digits}` is not a number"),
                span: self.since(start),
            }),
        }
    }

    fn word(&mut self) -> Result<JsonValue> {
        let start = self.here;
        match self.take_while(char::is_alphanumeric) {
            "null" => Ok(JsonValue::Null),
            word @ ("true" | "false") => Ok(JsonValue::Scalar(word.to_owned())),
            "" => Err(self.error("expected a value")),
            word => Err(JsonError {
                message: format!("expected a value, not `{word}`"),
                span: self.since(start),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_not_json_is_refused_at_its_place() {
        let deep = "[".repeat(129);
        for (text, line, column, message) in [
            ("", 1, 1, "expected a value"),
            ("\u{feff}{}", 1, 1, "a byte order mark stands before the text"),
            ("\u{a0}{}", 1, 1, "expected a value"),
            ("{} {}", 1, 4, "expected the end of the text"),
            ("[1, ]", 1, 5, "expected a value"),
            ("{\"a\": 1,\n}", 2, 1, "expected a key in double quotes"),
            ("{\"é\": 1, 'b': 2}", 1, 10, "expected a key in double quotes"),
            ("{\"a\"\n 1}", 2, 2, "expected `:`"),
            ("[1\n2]", 2, 1, "expected `,` or `]`"),
            ("{\"a\": 1", 1, 8, "expected `,` or `}`"),
            ("[01]", 1, 2, "`01` is not a number"),
            ("[1.]", 1, 2, "`1.` is not a number"),
            ("[-]", 1, 2, "`-` is not a number"),
            ("[True]", 1, 2, "expected a value, not `True`"),
            ("[\"a\n\"]", 1, 2, "the string does not end on its line"),
            ("[\"a", 1, 2, "the string does not end on its line"),
            ("[\"a\\\"", 1, 2, "the string does not end on its line"),
            ("[\"\t\"]", 1, 2, "control character (\\u0000-\\u001F) found while parsing a string"),
            ("[\"\\x\"]", 1, 2, "invalid escape"),
            ("[\"\\ud800\"]", 1, 2, "unexpected end of hex escape"),
            (deep.as_str(), 1, 129, "nested more than 128 deep"),
        ] {
            let error = read(text).unwrap_err();
            let span = error.span();
            assert_eq!(
                (error.to_string().as_str(), span.line(), span.column()),
                (message, line, column),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_json_is_written_as_it_was_read() {
        let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
        let wide = format!("[{}[]]", "[],{},".repeat(128));
        for text in [
            r#"{"b":[true,300,"x"],"a":null,"a":{}}"#,
            "[-0,1.50,1e999,12345678901234567890,0.1E+5,[],{}]",
            r#""\"\\\n→""#,
            &deep,
            &wide,
        ] {
            let json = read(text).unwrap();
            assert_eq!(json.to_string(), text);
            assert_eq!(read(&format!(" {} ", text.replace(',', " ,\r\n\t"))).unwrap(), json);
        }
    }
}
