//! Tags, in each of the ways in which AWS APIs write them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The tags of a resource, in the order of the input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

#[derive(Serialize, Deserialize)]
struct Tag<'t> {
    #[serde(alias = "Key")]
    key: std::borrow::Cow<'t, str>,
    #[serde(alias = "Value", default)]
    value: std::borrow::Cow<'t, str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    List(Vec<Tag<'static>>),
    Map(BTreeMap<String, String>),
}

impl Tags {
    /// Tags of these keys and values.
    #[must_use]
    pub fn new(tags: Vec<(String, String)>) -> Self {
        Self(tags)
    }

    /// Key and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key; in the absence of the key, that of one that differs in case, as conditions see it.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        let exact = self.iter().find(|(known, _)| *known == key);
        let found =
            exact.or_else(|| self.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)));
        found.map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::List(tags) => {
                tags.into_iter().map(|tag| (tag.key.into_owned(), tag.value.into_owned())).collect()
            }
            Written::Map(tags) => tags.into_iter().collect(),
        }))
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.iter().map(|(key, value)| Tag { key: key.into(), value: value.into() }),
        )
    }
}
