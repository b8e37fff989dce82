//! Secrets are taken out before anything is written.

use regex::Regex;
use serde_json::{Map, Value};

/// What is written in place of a secret.
const REDACTED: &str = "[redacted]";

/// In the name of a key or a variable, without case and punctuation.
const KEYS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "cookie",
    "connectionstring",
];

/// What a secret looks like wherever it stands.
const VALUES: &[&str] = &[
    // AWS access key ids, long-lived and temporary.
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    // PEM private keys, also cut off ones.
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    // JSON Web Tokens.
    r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    // HTTP authorization.
    r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}",
    // User and password in a URL.
    r"\b[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@",
    // GitHub, Slack, Stripe.
    r"\b(?:gh[pousr]_|github_pat_|xox[abeoprs]-|sk_live_|rk_live_)[A-Za-z0-9_-]{10,}",
    // name=value and "name": "value" inside a text.
    r#"(?ix)[\w.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*
        \\?["']?\s*[=:]\s*(?:"(?:[^"\\]|\\.)*(?:"|\z)|'(?:[^'\\]|\\.)*(?:'|\z)|\\"[^"]*(?:"|\z)|[^\s,;&"']+)"#,
];

/// Which texts are secrets, by the key they stand under or by what they look like.
///
/// The built-in rules know keys such as `password`, `clientSecret` and `API_KEY`; variables given as
/// `{"name": "DB_PASSWORD", "value": …}` and arguments given as `"--password", …`; and access key ids, private keys,
/// JSON Web Tokens, authorization headers and passwords in URLs wherever they stand. They hold for the states before
/// and after, and for reason, ticket, session and error. A secret that stands under a harmless key and looks like
/// nothing is not known to them: leave such states out, or add a rule.
///
/// ```
/// use fortem_core::audit::Redaction;
/// use serde_json::json;
///
/// let redaction = Redaction::default().key("pin").value(r"cust-\d+").expect("a regular expression");
/// let state = json!({ "PIN": 1234, "owner": "cust-77", "url": "redis://app:pw@cache:6379", "desired": 2 });
/// assert_eq!(
///     redaction.state(state),
///     json!({ "PIN": "[redacted]", "owner": "[redacted]", "url": "[redacted]cache:6379", "desired": 2 }),
/// );
/// ```
#[derive(Debug, Clone)]
pub struct Redaction {
    keys: Vec<String>,
    values: Vec<Regex>,
}

/// A pattern that is no regular expression.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{pattern}` is not a regular expression")]
pub struct PatternError {
    pattern: String,
    #[source]
    source: regex::Error,
}

impl Default for Redaction {
    /// The built-in rules.
    fn default() -> Self {
        let values = VALUES.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect();
        Self { keys: KEYS.iter().map(|&key| key.to_owned()).collect(), values }
    }
}

impl Redaction {
    /// No rules at all: for states that hold no secrets, or are redacted already.
    #[must_use]
    pub fn none() -> Self {
        Self { keys: Vec::new(), values: Vec::new() }
    }

    /// Whatever stands under a key that has `part` in it, without regard to case and punctuation.
    #[must_use]
    pub fn key(mut self, part: &str) -> Self {
        let part = letters(part);
        if !part.is_empty() {
            self.keys.push(part);
        }
        self
    }

    /// Whatever matches a regular expression, in any text.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn value(mut self, pattern: &str) -> Result<Self, PatternError> {
        let error = |source| PatternError { pattern: pattern.to_owned(), source };
        self.values.push(Regex::new(pattern).map_err(error)?);
        Ok(self)
    }

    /// A text without its secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let replace = |text: String, rule: &Regex| match rule.replace_all(&text, REDACTED) {
            std::borrow::Cow::Borrowed(_) => text,
            std::borrow::Cow::Owned(replaced) => replaced,
        };
        self.values.iter().fold(text.to_owned(), replace)
    }

    /// A state without its secrets.
    #[must_use]
    pub fn state(&self, state: Value) -> Value {
        match state {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(self.items(items)),
            Value::Object(fields) => Value::Object(self.fields(fields)),
            other => other,
        }
    }

    fn items(&self, items: Vec<Value>) -> Vec<Value> {
        let mut after_flag = false;
        let item = |item: Value| {
            let is_secret = std::mem::replace(&mut after_flag, self.is_secret_flag(&item));
            if is_secret { hidden() } else { self.state(item) }
        };
        items.into_iter().map(item).collect()
    }

    /// `--password`, with its value in the next argument.
    fn is_secret_flag(&self, item: &Value) -> bool {
        item.as_str().is_some_and(|text| {
            text.starts_with('-') && !text.contains(['=', ' ']) && self.is_secret_key(text)
        })
    }

    fn fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        // A variable of a task definition, a parameter of a stack, a tag.
        let names = fields.iter().filter(|(key, _)| is_one_of(key, &["name", "key"]));
        let names_secret =
            names.filter_map(|(_, name)| name.as_str()).any(|name| self.is_secret_key(name));
        let mut redacted = Map::new();
        for (key, value) in fields {
            let is_value = names_secret && letters(&key).ends_with("value");
            let value =
                if is_value || self.is_secret_key(&key) { hidden() } else { self.state(value) };
            let mut key = self.text(&key);
            while redacted.contains_key(&key) {
                key.push('\'');
            }
            redacted.insert(key, value);
        }
        redacted
    }

    fn is_secret_key(&self, key: &str) -> bool {
        let key = letters(key);
        self.keys.iter().any(|part| key.contains(part.as_str()))
    }
}

fn hidden() -> Value {
    Value::String(REDACTED.to_owned())
}

fn letters(key: &str) -> String {
    key.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a key is one of some words, or ends with one: `name`, `Key`, `ParameterKey`.
fn is_one_of(key: &str, words: &[&str]) -> bool {
    let key = letters(key);
    words.iter().any(|word| key.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_built_in_pattern_is_a_regular_expression() {
        assert_eq!(Redaction::default().values.len(), VALUES.len());
    }

    #[test]
    fn a_task_definition_keeps_no_secret() {
        let redaction = Redaction::default();
        let state = json!({
            "containerDefinitions": [{
                "environment": [
                    { "name": "DB_PASSWORD", "value": "hunter2" },
                    { "name": "LOG_LEVEL", "value": "debug" },
                ],
                "command": ["serve", "--api-key", "hunter2", "--port", "80", "--token=hunter2"],
                "config": "{\"clientSecret\":\"hunter2 hunter2\",\"port\":1}",
            }],
            "Parameters": [{ "ParameterKey": "MasterPassword", "ParameterValue": "hunter2" }],
            "repositoryCredentials": { "credentialsParameter": "hunter2" },
        });
        let redacted = redaction.state(state).to_string();
        assert!(!redacted.contains("hunter2"), "{redacted}");
        for kept in ["DB_PASSWORD", "debug", "--port", "80", "MasterPassword"] {
            assert!(redacted.contains(kept), "{kept}: {redacted}");
        }
    }

    #[test]
    fn secrets_in_texts_are_known_by_their_looks() {
        let redaction = Redaction::default();
        let cases = [
            ("key AKIAIOSFODNN7EXAMPLE leaked", "key [redacted] leaked"),
            ("Authorization: Bearer abcdefgh.1234", "Authorization: [redacted]"),
            ("postgres://app:pw@db/orders", "[redacted]db/orders"),
            ("ran with DB_PASSWORD=hunter2 set", "ran with [redacted] set"),
            ("it said password: 'a \\' b' twice", "it said [redacted] twice"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "[redacted]"),
            ("orders hang, see OPS-12", "orders hang, see OPS-12"),
        ];
        for (text, expected) in cases {
            assert_eq!(redaction.text(text), expected);
        }
    }

    #[test]
    fn two_keys_that_become_one_keep_both_values() {
        let state = json!({ "AKIAIOSFODNN7EXAMPLE": 1, "AKIAIOSFODNN7EXAMPLF": 2 });
        let expected = json!({ "[redacted]": 1, "[redacted]'": 2 });
        assert_eq!(Redaction::default().state(state), expected);
    }
}
