//! JSON as policies need it: nothing of the text is lost but white space, and every value knows its place.
//!
//! Objects keep their order and every member, also one whose key is written twice; numbers keep their digits.

mod deserialize;
mod reader;

use std::fmt;

use thiserror::Error;

use super::span::Span;

/// A JSON value and its place in the text. Two are equal when they are written alike, wherever they stand.
///
/// ```
/// use fortem_compile::iam::Json;
///
/// let json = Json::parse(r#"{ "b": [1.50, true], "a": "\u0061" }"#)?;
/// assert_eq!(json.to_string(), r#"{"b":[1.50,true],"a":"a"}"#);
/// # Ok::<(), fortem_compile::iam::JsonError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Json {
    value: JsonValue,
    span: Span,
    /// The last byte, which is the closing bracket of a list or object.
    last: Span,
}

/// What a JSON value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonValue {
    /// `null`
    Null,
    /// A boolean or a number, as written.
    Scalar(String),
    /// A string, its escapes resolved.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object in the order of its text, keys written twice included.
    Object(Vec<Member>),
}

/// A key of an object and its value.
#[derive(Debug, Clone)]
pub struct Member {
    key: String,
    key_span: Span,
    value: Json,
}

/// A text that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct JsonError {
    message: String,
    span: Span,
}

impl Json {
    /// Reads a text that is one JSON value (RFC 8259), nested 128 deep at most.
    ///
    /// # Errors
    ///
    /// [`JsonError`] at the first character that cannot stand where it stands. A key written twice is no error here.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        reader::read(text)
    }

    /// What it is.
    #[must_use]
    pub fn value(&self) -> &JsonValue {
        &self.value
    }

    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The value of the first member of that key, if it is an object that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        let JsonValue::Object(members) = &self.value else { return None };
        members.iter().find(|member| member.key == key).map(Member::value)
    }

    /// The items of a list; any other value is its own only item, as in most elements of a policy.
    #[must_use]
    pub fn items(&self) -> &[Json] {
        match &self.value {
            JsonValue::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The bracket with which it ends, if it is a list or object.
    pub(super) fn closing_bracket(&self) -> Span {
        self.last
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            JsonValue::Null => "null",
            JsonValue::Scalar(_) => "a number or boolean",
            JsonValue::Text(_) => "a string",
            JsonValue::List(_) => "a list",
            JsonValue::Object(_) => "an object",
        }
    }
}

/// A value that stands in no text.
impl From<JsonValue> for Json {
    fn from(value: JsonValue) -> Self {
        Self { value, span: Span::default(), last: Span::default() }
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Json {}

impl Member {
    /// The key, its escapes resolved.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the key stands.
    #[must_use]
    pub fn key_span(&self) -> Span {
        self.key_span
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Json {
        &self.value
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Eq for Member {}

impl JsonError {
    /// Where the text stops being JSON.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// Writes the value without white space.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            JsonValue::Null => f.write_str("null"),
            JsonValue::Scalar(text) => f.write_str(text),
            JsonValue::Text(text) => write_text(f, text),
            JsonValue::List(items) => write_all(f, ['[', ']'], items, |f, item| item.fmt(f)),
            JsonValue::Object(members) => write_all(f, ['{', '}'], members, |f, member| {
                write_text(f, &member.key)?;
                f.write_str(":")?;
                member.value.fmt(f)
            }),
        }
    }
}

fn write_all<T>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [char; 2],
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{open}")?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        write(f, item)?;
    }
    write!(f, "{close}")
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}
