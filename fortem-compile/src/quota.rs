//! How large what is written may be, and how AWS counts it: `data/quotas.toml`.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

const TEXT: &str = include_str!("../data/quotas.toml");

/// The quotas that the output is held to.
///
/// ```
/// use fortem_compile::quota::Quotas;
///
/// let quotas = Quotas::builtin();
/// let size = quotas.managed_policy.size("{ \"Version\": \"a b\" }");
/// assert_eq!((size.characters, size.limit), (17, 6144));
/// assert_eq!(quotas.service_control_policy.size("{ }").characters, 3);
/// ```
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// A customer managed policy, which a permissions boundary is as well.
    pub managed_policy: Quota,
    /// The name of a customer managed policy.
    pub managed_policy_name: Quota,
    /// Who may assume a role.
    pub trust_policy: Quota,
    /// The name of a role.
    pub role_name: Quota,
    /// A service control policy.
    pub service_control_policy: Quota,
    /// A tag policy.
    pub tag_policy: Quota,
    /// The inline policy of a permission set.
    pub permission_set_policy: Quota,
    /// The name of a permission set.
    pub permission_set_name: Quota,
    /// The id of an ElastiCache user.
    pub cache_user_id: Quota,
    /// A custom policy rule of AWS Config.
    pub config_policy: Quota,
}

/// One quota.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// What it is about, in words.
    pub what: String,
    /// The most there may be.
    pub limit: usize,
    /// The most there may be until the account asks for more.
    pub default: Option<usize>,
    /// How AWS counts.
    pub unit: Unit,
    /// Where AWS says so.
    pub source: String,
    /// When it was read, year and month.
    pub date: String,
}

/// How AWS counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Characters; white space between JSON tokens does not count.
    ///
    /// Whether AWS counts white space inside strings is not documented, so it counts.
    CharactersWithoutWhiteSpace,
    /// All characters.
    Characters,
}

/// How large something is, and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters, counted as the quota counts them.
    pub characters: usize,
    /// The quota.
    pub limit: usize,
    /// The quota until the account asks for more, where that is less.
    pub default: Option<usize>,
}

impl Quotas {
    /// The quotas that are built into this crate.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is fixed at compile time and every test parses it"
    )]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Quotas> = LazyLock::new(|| {
            toml::from_str(TEXT).expect("the built-in quotas are valid TOML of this shape")
        });
        &BUILTIN
    }
}

impl Quota {
    /// How large a text is, counted as this quota counts.
    #[must_use]
    pub fn size(&self, text: &str) -> Size {
        let characters = match self.unit {
            Unit::CharactersWithoutWhiteSpace => without_white_space(text),
            Unit::Characters => text.chars().count(),
        };
        Size { characters, limit: self.limit, default: self.default }
    }
}

/// `3921 of 6144 characters`
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} characters", self.characters, self.limit)
    }
}

impl Size {
    /// Whether it fits, once the account has asked for what there is.
    #[must_use]
    pub fn fits(self) -> bool {
        self.characters <= self.limit
    }

    /// What is left of the quota.
    #[must_use]
    pub fn headroom(self) -> usize {
        self.limit.saturating_sub(self.characters)
    }

    /// Whether the account has to ask for more than it begins with.
    #[must_use]
    pub fn needs_raise(self) -> bool {
        self.default.is_some_and(|default| self.characters > default)
    }
}

/// The characters of a JSON text that are not white space between tokens.
fn without_white_space(json: &str) -> usize {
    let (mut counted, mut in_string, mut escaped) = (0, false, false);
    for letter in json.chars() {
        if in_string || !letter.is_ascii_whitespace() {
            counted += 1;
        }
        if escaped {
            escaped = false;
        } else if letter == '"' {
            in_string = !in_string;
        } else {
            escaped = in_string && letter == '\\';
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quota_says_where_it_is_from() {
        let all: toml::Table = toml::from_str(TEXT).unwrap();
        for (name, quota) in all {
            let quota: Quota = quota.try_into().unwrap();
            assert!(
                quota.source.starts_with("IAM")
                    || quota.source.contains("Guide")
                    || quota.source.contains("API"),
                "{name}"
            );
            assert_eq!(quota.date.len(), "2026-09".len(), "{name}");
            assert!(quota.default.is_none_or(|default| default < quota.limit), "{name}");
        }
    }

    #[test]
    fn white_space_counts_inside_strings_only() {
        let count = without_white_space;
        assert_eq!(count("{ \"a\" :\t\"b c\" }\n"), "{\"a\":\"b c\"}".len());
        assert_eq!(count(r#"{"a": "\" b\\" }"#), r#"{"a":"\" b\\"}"#.len());
    }
}
