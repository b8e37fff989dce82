//! Pieces of a case that JSON writes in more than one way.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::iam::json::{Json, JsonValue};
use crate::iam::request::Values;

/// One object or a list of them.
#[derive(Debug, Clone)]
pub(super) struct OneOrMany<T>(Vec<T>);

impl<T> OneOrMany<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<OneOrMany<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(OneOrMany)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<OneOrMany<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(|one| OneOrMany(vec![one]))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

/// An object in the order of its text, no key twice.
#[derive(Debug, Clone)]
pub(super) struct Entries<T>(Vec<(String, T)>);

impl<T> Entries<T> {
    pub(super) fn as_slice(&self) -> &[(String, T)] {
        &self.0
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Entries<T>, A::Error> {
        let mut list: Vec<(String, T)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, T>()? {
            if list.iter().any(|(seen, _)| *seen == key) {
                return Err(A::Error::custom(format_args!("key `{key}` is written twice")));
            }
            list.push((key, value));
        }
        Ok(Entries(list))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// What `context` says of a key.
#[derive(Debug, Clone)]
pub(super) enum ContextValue {
    /// `null`: the call does not have it.
    Absent,
    /// The call has these values.
    Present(Values),
}

impl<'de> Deserialize<'de> for ContextValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let scalar = |json: &Json| match json.value() {
            JsonValue::Text(text) | JsonValue::Scalar(text) => Ok(text.clone()),
            _ => Err(D::Error::custom(format_args!(
                "a context value is {}, expected a string",
                json.kind()
            ))),
        };
        let json = Json::deserialize(deserializer)?;
        match json.value() {
            JsonValue::Null => Ok(Self::Absent),
            JsonValue::List(list) => list
                .iter()
                .map(scalar)
                .collect::<Result<Vec<_>, _>>()
                .map(|list| Self::Present(list.into())),
            _ => scalar(&json).map(|text| Self::Present(text.into())),
        }
    }
}
