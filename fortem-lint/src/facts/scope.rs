//! What ties a statement to an environment, or fails to.

use fortem_compile::iam::{Condition, Statement};

use crate::environments::Environments;

/// What an Allow statement says about environments, for one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoping {
    /// No condition on an environment tag.
    None,
    /// A condition on the tag that a resource without the tag passes by `…IfExists`.
    IfExists,
    /// A negated condition on the tag, which a resource without it passes.
    Negated,
    /// A pattern that every value of the tag matches.
    AnyValue,
    /// A condition on a tag key that is not the environment's but looks like it.
    OtherKey,
    /// A policy variable with a default that stands in where the principal has no tag.
    Default,
    /// A condition on the tag that says which environment.
    Tag,
}

impl Scoping {
    /// Whether there is a condition on the environment's tag, and it does not say which environment.
    #[must_use]
    pub fn is_faulty(self) -> bool {
        !matches!(self, Self::None | Self::Tag)
    }

    /// What the conditions of a statement on the tags of `kind` (`resource`, `request` or `principal`) say.
    #[must_use]
    pub fn of(statement: &Statement, environments: &Environments) -> Self {
        let conditions = statement.conditions().iter();
        let of_tag = conditions.filter(|one| {
            tag_of_key(one.key()).is_some_and(|(kind, key)| {
                kind != TagOf::Principal && environments.is_environment_key(key)
            })
        });
        of_tag
            .map(|one| Self::of_condition(one, environments))
            .max_by_key(|one| one.strength())
            .unwrap_or(Self::None)
    }

    fn strength(self) -> u8 {
        match self {
            Self::None => 0,
            Self::OtherKey => 1,
            Self::IfExists | Self::Negated | Self::AnyValue | Self::Default => 2,
            Self::Tag => 3,
        }
    }

    fn of_condition(condition: &Condition, environments: &Environments) -> Self {
        let Some((_, key)) = tag_of_key(condition.key()) else { return Self::None };
        if condition.is_null() {
            return Self::None;
        }
        if !key.eq_ignore_ascii_case(environments.tag_key()) {
            return Self::OtherKey;
        }
        let everything =
            |value: &String| !value.is_empty() && value.chars().all(|one| matches!(one, '*' | '?'));
        if condition.is_negated() {
            Self::Negated
        } else if condition.has_if_exists() {
            Self::IfExists
        } else if condition.takes_wildcards() && condition.values().iter().any(everything) {
            Self::AnyValue
        } else if condition.values().iter().any(|value| has_default(value)) {
            Self::Default
        } else {
            Self::Tag
        }
    }
}

/// Whether a value has a policy variable with a default: `${aws:PrincipalTag/team, 'x'}`.
fn has_default(value: &str) -> bool {
    value
        .split("${")
        .skip(1)
        .any(|rest| rest.split('}').next().is_some_and(|inner| inner.contains(',')))
}

/// Whose tags a condition key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagOf {
    /// Those of the resource.
    Resource,
    /// Those that the call sends.
    Request,
    /// Those of the caller.
    Principal,
}

/// Takes a condition key about a tag apart: `aws:ResourceTag/Environment` is the resource's `Environment`.
#[must_use]
pub fn tag_of_key(key: &str) -> Option<(TagOf, &str)> {
    let (head, tag) = key.split_once('/')?;
    let (_, kind) = head.split_once(':')?;
    if kind.eq_ignore_ascii_case("resourcetag") {
        Some((TagOf::Resource, tag))
    } else if kind.eq_ignore_ascii_case("requesttag") {
        Some((TagOf::Request, tag))
    } else if kind.eq_ignore_ascii_case("principaltag") {
        Some((TagOf::Principal, tag))
    } else {
        None
    }
}
