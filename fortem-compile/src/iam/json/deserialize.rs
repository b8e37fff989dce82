//! JSON that stands within a line of JSON: it has no places, and a key written twice is refused.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Json, JsonValue, Member};
use crate::iam::span::Span;

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(JsonValue::Null.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(JsonValue::Scalar(value.to_string()).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(JsonValue::Scalar(value.to_string()).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(JsonValue::Scalar(value.to_string()).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(JsonValue::Scalar(value.to_string()).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(JsonValue::Text(value.to_owned()).into())
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(JsonValue::Text(value).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(JsonValue::List(list).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("key `{key}` is written twice")));
            }
            members.push(Member { key, key_span: Span::default(), value: entries.next_value()? });
        }
        Ok(JsonValue::Object(members).into())
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn it_is_what_the_reader_reads() {
        let text = r#"{"b":[true,300,"x"],"a":null}"#;
        assert_eq!(serde_json::from_str::<Json>(text).unwrap(), Json::parse(text).unwrap());
    }

    #[test]
    fn a_key_written_twice_is_refused() {
        let error = serde_json::from_str::<Json>("{\"a\": 1,\n \"a\": 2}").unwrap_err();
        assert_eq!(error.to_string(), "key `a` is written twice at line 2 column 4");
    }
}
