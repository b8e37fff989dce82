//! How a fleet names its clusters, roles, log groups.

use std::fmt;

use super::read::{Found, Reader, Table};

/// The word that stands for the environment's name in a pattern.
const PLACEHOLDER: &str = "{environment}";

/// A name with `{environment}` in it, and perhaps `*` or `?`.
///
/// ```
/// use fortem_core::NamePattern;
///
/// let pattern = NamePattern::new("/ecs/{environment}/*");
/// assert_eq!(pattern.with("staging"), "/ecs/staging/*");
/// assert!(pattern.is_closed());
/// assert!(!NamePattern::new("{environment}-*").is_closed());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamePattern(String);

impl NamePattern {
    /// A pattern of that text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern with a name, or an IAM policy variable, in place of `{environment}`.
    #[must_use]
    pub fn with(&self, environment: &str) -> String {
        self.0.replace(PLACEHOLDER, environment)
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no other name can be reached: each wildcard is kept from the environment's name by a
    /// `/` or `:` right beside that name.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let Some((before, after)) = self.0.split_once(PLACEHOLDER) else {
            return false;
        };
        let open = |side: &str, beside: Option<char>| {
            side.contains(['*', '?']) && !matches!(beside, Some('/' | ':'))
        };
        !open(before, before.chars().next_back()) && !open(after, after.chars().next())
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name patterns of a fleet or of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Names of ECS clusters; without wildcards.
    pub clusters: Vec<NamePattern>,
    /// Families of ECS task definitions.
    pub task_definitions: Vec<NamePattern>,
    /// Names of CloudWatch log groups; closed.
    pub log_groups: Vec<NamePattern>,
    /// The path of the IAM roles that tasks run as, from `/` to `/`.
    pub roles: NamePattern,
    /// Ids of ElastiCache caches.
    pub caches: Vec<NamePattern>,
    /// Ids of ElastiCache users.
    pub cache_users: Vec<NamePattern>,
    /// Names of EventBridge rules or of Scheduler groups.
    pub schedules: Vec<NamePattern>,
    /// Keys in a cache, as Redis patterns.
    pub cache_keys: Vec<NamePattern>,
}

impl Default for Names {
    fn default() -> Self {
        let one = |text: &str| vec![NamePattern::new(text)];
        Self {
            clusters: one("{environment}"),
            task_definitions: one("{environment}-*"),
            log_groups: one("/ecs/{environment}/*"),
            roles: NamePattern::new("/ecs/{environment}/"),
            caches: Vec::new(),
            cache_users: Vec::new(),
            schedules: Vec::new(),
            cache_keys: one("{environment}:*"),
        }
    }
}

/// The keys of a table that hold name patterns.
pub(super) const KEYS: [&str; 8] = [
    "clusters",
    "task_definitions",
    "log_groups",
    "roles",
    "caches",
    "cache_users",
    "schedules",
    "cache_keys",
];

impl Names {
    /// The patterns under each key of the fleet file; role paths as the pattern of what is below.
    #[must_use]
    pub fn by_key(&self) -> [(&'static str, Vec<NamePattern>); 8] {
        let [clusters, definitions, logs, roles, caches, users, schedules, keys] = KEYS;
        [
            (clusters, self.clusters.clone()),
            (definitions, self.task_definitions.clone()),
            (logs, self.log_groups.clone()),
            (roles, vec![NamePattern::new(format!("{}*", self.roles))]),
            (caches, self.caches.clone()),
            (users, self.cache_users.clone()),
            (schedules, self.schedules.clone()),
            (keys, self.cache_keys.clone()),
        ]
    }

    /// Reads the patterns of a table; what it does not say is as in `self`.
    ///
    /// For one environment (`named`) a pattern need not have the placeholder.
    pub(super) fn read(&self, reader: &mut Reader, table: &Table, named: bool) -> Self {
        let mut or = |key: &str, default: &Vec<NamePattern>, rule: Rule| {
            let Some(found) = reader.strings(table, key) else {
                return default.clone();
            };
            if found.is_empty() && !default.is_empty() {
                reader.empty(table, key);
            }
            found.iter().filter_map(|one| pattern(reader, one, rule, named)).collect()
        };
        let mut read = Self {
            clusters: or("clusters", &self.clusters, Rule::Literal),
            task_definitions: or("task_definitions", &self.task_definitions, Rule::Any),
            log_groups: or("log_groups", &self.log_groups, Rule::ClosedAfter),
            roles: self.roles.clone(),
            caches: or("caches", &self.caches, Rule::Any),
            cache_users: or("cache_users", &self.cache_users, Rule::Any),
            schedules: or("schedules", &self.schedules, Rule::Any),
            cache_keys: or("cache_keys", &self.cache_keys, Rule::Any),
        };
        let roles = reader.string(table, "roles");
        if let Some(roles) = roles.and_then(|one| pattern(reader, &one, Rule::Path, named)) {
            read.roles = roles;
        }
        read
    }
}

/// What is asked of a pattern beside its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Any,
    /// No wildcard.
    Literal,
    /// `/` or nothing right behind the environment's name.
    ClosedAfter,
    /// From `/` to `/`, the environment's name a whole segment, no wildcard.
    Path,
}

fn pattern(
    reader: &mut Reader,
    found: &Found<String>,
    rule: Rule,
    named: bool,
) -> Option<NamePattern> {
    let text = &found.value;
    let wrong = match text.matches(PLACEHOLDER).count() {
        0 if !named => {
            Some("a pattern without `{environment}` names the same in every environment")
        }
        0 | 1 => wrong_shape(text, rule),
        _ => Some("`{environment}` may stand in a pattern once"),
    };
    match wrong {
        None => Some(NamePattern::new(text)),
        Some(wrong) => {
            let message = format!("`{text}` cannot be used as a name pattern");
            reader.report("fortem::fleet::bad_pattern", message, found.span.clone(), wrong);
            None
        }
    }
}

fn wrong_shape(text: &str, rule: Rule) -> Option<&'static str> {
    let (before, after) = text.split_once(PLACEHOLDER).unwrap_or((text, ""));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_./:=+-@#*?".contains(c);
    let wildcard = text.contains(['*', '?']);
    if text.is_empty() || !before.chars().chain(after.chars()).all(allowed) {
        return Some("expected letters, digits and `_./:=+-@#*?` around `{environment}`");
    }
    match rule {
        Rule::Literal if wildcard => Some("no wildcard here: it would reach other clusters"),
        Rule::ClosedAfter if !after.is_empty() && !after.starts_with('/') => {
            Some("`/` must follow `{environment}`, so that `staging` does not reach `staging-2`")
        }
        Rule::Path if wildcard => Some("no wildcard here: every role below the path is meant"),
        Rule::Path if !(before.starts_with('/') && text.ends_with('/')) => {
            Some("a role path begins and ends with `/`")
        }
        Rule::Path if text.contains(PLACEHOLDER) && !is_segment(before, after) => {
            Some("`{environment}` must stand between two `/`")
        }
        _ => None,
    }
}

fn is_segment(before: &str, after: &str) -> bool {
    before.ends_with('/') && after.starts_with('/')
}
