//! The condition keys that statements and contract speak of, and what kind of value each holds.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Untranslatable;
use crate::iam::Condition;
use crate::iam::condition::operator::Family;

/// What a condition key holds, by the operators it is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    /// An ARN: a record of its parts.
    Arn,
    /// Several texts.
    Texts,
}

/// Keys in lower case.
#[derive(Debug, Default)]
pub(super) struct Keys {
    kinds: BTreeMap<String, Kind>,
    /// Keys that are compared without regard to letter case, and the texts they are compared with.
    folded: BTreeMap<String, BTreeSet<String>>,
}

impl Keys {
    /// Takes note of a condition.
    pub(super) fn add(&mut self, condition: &Condition) -> Result<(), Untranslatable> {
        let key = &condition.folded_key;
        if condition.operator.family == Family::StringEqualsIgnoreCase {
            let texts = self.folded.entry(key.clone()).or_default();
            texts.extend(condition.values().iter().cloned());
        }
        let Some(kind) = kind(condition)? else {
            return Ok(());
        };
        let known = *self.kinds.entry(key.clone()).or_insert(kind);
        if known == kind {
            return Ok(());
        }
        let key = condition.key();
        Err(Untranslatable::new(format!(
            "`{}` on `{key}`, used otherwise elsewhere",
            condition.operator()
        )))
    }

    /// The kind of a key; one that is only ever asked for its presence is a text.
    pub(super) fn kind(&self, key: &str) -> Kind {
        self.kinds.get(key).copied().unwrap_or(Kind::Text)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.kinds.iter().map(|(key, kind)| (key.as_str(), *kind))
    }

    /// Keys compared without regard to letter case, and the texts they are compared with.
    pub(super) fn folded(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.folded.iter().map(|(key, texts)| (key.as_str(), texts))
    }
}

fn kind(condition: &Condition) -> Result<Option<Kind>, Untranslatable> {
    let operator = condition.operator;
    let text = if operator.quantifier.is_some() { Kind::Texts } else { Kind::Text };
    Ok(Some(match operator.family {
        Family::Null => return Ok(None),
        Family::StringEquals | Family::StringEqualsIgnoreCase => text,
        Family::StringLike if operator.quantifier.is_none() => text,
        Family::Bool if operator.quantifier.is_none() => Kind::Flag,
        Family::Arn if operator.quantifier.is_none() => Kind::Arn,
        _ => return Err(Untranslatable::new(format!("the operator `{}`", condition.operator()))),
    }))
}
