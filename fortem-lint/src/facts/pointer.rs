//! Where in a document a place is.

use fortem_compile::iam::{Json, JsonValue, Span};

/// The JSON pointer (RFC 6901) to the smallest value or member that holds a place.
#[must_use]
pub fn pointer_to(json: &Json, place: Span) -> String {
    let holds = |span: Span| {
        span.range().start <= place.range().start && place.range().end <= span.range().end
    };
    let mut pointer = String::new();
    let mut rest = Some(json);
    while let Some(json) = rest.take() {
        match json.value() {
            JsonValue::Object(members) => {
                let found =
                    members.iter().find(|one| holds(one.key_span()) || holds(one.value().span()));
                let Some(member) = found else { break };
                pointer.push('/');
                pointer.push_str(&member.key().replace('~', "~0").replace('/', "~1"));
                rest = Some(member.value()).filter(|value| holds(value.span()));
            }
            JsonValue::List(items) => {
                let found = items.iter().enumerate().find(|(_, one)| holds(one.span()));
                let Some((index, item)) = found else { break };
                pointer.push('/');
                pointer.push_str(&index.to_string());
                rest = Some(item);
            }
            _ => break,
        }
    }
    pointer
}
