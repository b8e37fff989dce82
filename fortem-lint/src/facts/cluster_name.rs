//! How the clusters of an environment are called, as far as policies tell.

use fortem_compile::iam::{Condition, Statement};

use crate::environments::Environments;
use crate::unit::Policy;

/// What stands before and after the environment in the name of a cluster: `fleet-` in `fleet-staging`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ClusterName {
    before: String,
    after: String,
}

impl ClusterName {
    /// The name as the first of some policies has it that ties a cluster to an environment; else the environment's own.
    pub(super) fn of<'p>(
        policies: impl Iterator<Item = &'p Policy>,
        environments: &Environments,
    ) -> Option<Self> {
        let mut statements = policies.flat_map(|policy| policy.document.statements());
        statements.find_map(|one| patterns(one).find_map(|name| Self::read(name, environments)))
    }

    /// The name of the environment's cluster.
    pub(super) fn with(&self, environment: &str) -> String {
        format!("{}{environment}{}", self.before, self.after)
    }

    fn read(pattern: &str, environments: &Environments) -> Option<Self> {
        let (before, after) = around_variable(pattern, environments.tag_key())
            .or_else(|| around_word(pattern, environments))?;
        Some(Self { before: filled(before), after: filled(after) })
    }
}

/// The patterns that a statement has for names of clusters.
fn patterns(statement: &Statement) -> impl Iterator<Item = &str> {
    let of_key = |key: &str| key.eq_ignore_ascii_case("ecs:cluster");
    let conditions = statement.conditions().iter().filter(move |one| of_key(one.key()));
    let values = conditions.flat_map(Condition::values);
    let arns = values.chain(statement.resources());
    arns.filter_map(|arn| arn.split_once(":cluster/").map(|(_, name)| name))
}

/// The text around `${aws:PrincipalTag/…}` of the environment.
fn around_variable<'p>(pattern: &'p str, tag_key: &str) -> Option<(&'p str, &'p str)> {
    let (before, rest) = pattern.split_once("${")?;
    let (variable, after) = rest.split_once('}')?;
    let key = variable.split(',').next().unwrap_or_default().trim();
    let (kind, tag) = key.split_once('/')?;
    (kind.eq_ignore_ascii_case("aws:PrincipalTag") && tag.eq_ignore_ascii_case(tag_key))
        .then_some((before, after))
}

/// The text around the name of an environment that stands there as a word.
fn around_word<'p>(pattern: &'p str, environments: &Environments) -> Option<(&'p str, &'p str)> {
    let named = environments.named_in(pattern);
    let mut spellings = named.iter().flat_map(|one| one.spellings());
    spellings.find_map(|spelling| {
        let at = pattern.to_ascii_lowercase().find(&spelling.to_ascii_lowercase())?;
        Some((pattern.get(..at)?, pattern.get(at + spelling.len()..)?))
    })
}

/// A text without wildcards that the pattern matches.
fn filled(pattern: &str) -> String {
    let ends_word = |text: &str| text.ends_with(|last: char| last.is_alphanumeric());
    pattern.chars().fold(String::new(), |mut text, one| {
        match one {
            '*' if text.is_empty() || ends_word(&text) => {}
            '*' => text.push_str("orders"),
            '?' => text.push('x'),
            other => text.push(other),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::ClusterName;
    use crate::environments::Environments;

    #[test]
    fn the_name_is_that_of_the_pattern() {
        let environments = Environments::inferred([]);
        for (pattern, expected) in [
            ("${aws:PrincipalTag/Environment}-*", Some("staging-orders")),
            ("fleet-${aws:principaltag/environment, 'none'}", Some("fleet-staging")),
            ("prod*", Some("staging")),
            ("shop-Prod-?", Some("shop-staging-x")),
            ("*-prod", Some("-staging")),
            ("${aws:username}", None),
            ("products", None),
            ("*", None),
        ] {
            let name = ClusterName::read(pattern, &environments);
            assert_eq!(name.map(|name| name.with("staging")).as_deref(), expected, "{pattern}");
        }
    }
}
