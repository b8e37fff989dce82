//! Whose calls differ, by the tag that says which environment a person is in.

use std::collections::BTreeSet;

use serde::Serialize;

/// Principals, by the environment's tag.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct People {
    /// Everybody, whatever the tag.
    pub everybody: bool,
    /// Those tagged with a name that a side knows.
    pub environments: BTreeSet<String>,
    /// Those tagged with something that no side names, each value standing for all that are alike.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub other_tags: BTreeSet<String>,
    /// Those without the tag.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub untagged: bool,
}

impl People {
    pub(super) fn of_environment(environment: &str) -> Self {
        Self { environments: BTreeSet::from([environment.to_owned()]), ..Self::default() }
    }

    /// Those with some of all kinds of tags; an empty kind are those without the tag. `known` are names of
    /// environments.
    pub(super) fn of(
        tags: &BTreeSet<Vec<String>>,
        all: &BTreeSet<Vec<String>>,
        known: &BTreeSet<&str>,
    ) -> Self {
        if tags == all {
            return Self { everybody: true, ..Self::default() };
        }
        let mut people = Self { untagged: tags.contains(&Vec::new()), ..Self::default() };
        for kind in tags {
            let (environments, others): (Vec<&String>, Vec<&String>) =
                kind.iter().partition(|tag| known.contains(tag.as_str()));
            people.environments.extend(environments.into_iter().cloned());
            // One is as good as another.
            people.other_tags.extend(others.into_iter().take(1).cloned());
        }
        people
    }

    /// Who they are, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        if self.everybody {
            return "everybody".to_owned();
        }
        let mut words: Vec<String> = self.environments.iter().cloned().collect();
        words.extend(self.other_tags.iter().map(|tag| match tag.as_str() {
            "" => "an empty tag".to_owned(),
            tag => format!("other tags, such as `{tag}`"),
        }));
        words.extend(self.untagged.then(|| "no tag".to_owned()));
        format!("people of {}", words.join(", "))
    }
}
