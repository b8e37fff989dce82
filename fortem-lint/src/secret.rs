//! Tells by name and value whether a text is a credential.

use crate::finding::Confidence;

/// What a text is taken for, and how sure that is. It never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected {
    /// What it looks like.
    pub what: &'static str,
    /// How sure.
    pub confidence: Confidence,
}

const fn sure(what: &'static str) -> Detected {
    Detected { what, confidence: Confidence::High }
}

/// Beginnings of tokens that their makers publish, with the least length of the whole (documentation of each, 2026-09).
const TOKENS: [(&str, usize, &str); 14] = [
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 24, "a Slack token"),
    ("xoxp-", 24, "a Slack token"),
    ("sk_live_", 24, "a Stripe key"),
    ("rk_live_", 24, "a Stripe key"),
    ("SG.", 40, "a SendGrid key"),
    ("AIza", 39, "a Google key"),
    ("npm_", 36, "an npm token"),
    ("dckr_pat_", 27, "a Docker token"),
    ("pypi-", 50, "a PyPI token"),
];

/// Words in names of variables that hold credentials.
const NAMED: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "access_key",
    "secret_key",
    "private_key",
    "credential",
    "credentials",
    "auth_key",
];

/// Last words of names that say something about a credential without being one.
const ABOUT: [&str; 30] = [
    "arn",
    "name",
    "id",
    "path",
    "file",
    "url",
    "uri",
    "host",
    "endpoint",
    "ttl",
    "length",
    "expiry",
    "expires",
    "expiration",
    "timeout",
    "region",
    "enabled",
    "required",
    "header",
    "type",
    "issuer",
    "algorithm",
    "version",
    "prefix",
    "count",
    "limit",
    "days",
    "seconds",
    "policy",
    "audience",
];

/// What a value with a name is taken for.
#[must_use]
pub fn of_variable(name: &str, value: &str) -> Option<Detected> {
    if is_reference(value) {
        return None;
    }
    of_value(value).or_else(|| of_name(name, value)).or_else(|| of_randomness(value))
}

/// What a value is taken for by its form alone.
#[must_use]
pub fn of_value(value: &str) -> Option<Detected> {
    if value.contains("-----BEGIN") && value.contains("PRIVATE KEY") {
        return Some(sure("a private key"));
    }
    let mut words = value.split(|one: char| one.is_whitespace() || "'\"=,;()<>".contains(one));
    let of_word = words.find_map(|word| {
        let token = TOKENS
            .iter()
            .find(|(start, length, _)| word.starts_with(start) && word.len() >= *length);
        match token {
            Some((_, _, what)) => Some(sure(what)),
            None if is_access_key(word) => Some(sure("an AWS access key ID")),
            None if is_json_web_token(word) => Some(sure("a JSON Web Token")),
            None => None,
        }
    });
    of_word.or_else(|| has_password_in_url(value).then_some(sure("a URL with a password")))
}

/// What the arguments of a command hold: `--password x`, `NAME=x` and values that tell by themselves.
#[must_use]
pub fn of_command(arguments: &[&String]) -> Option<Detected> {
    let words: Vec<&str> = arguments.iter().flat_map(|one| one.split_whitespace()).collect();
    let by_value = arguments.iter().find_map(|one| of_value(one));
    let assigned = words.iter().filter_map(|word| word.split_once('='));
    let flags = words.iter().zip(words.iter().skip(1));
    let flags = flags.filter(|(flag, value)| flag.starts_with("--") && !value.starts_with('-'));
    let named =
        assigned.chain(flags.map(|(flag, value)| (*flag, *value))).find_map(|(name, value)| {
            let value = value.trim_matches(['\'', '"']);
            if is_reference(value) { None } else { of_name(name.trim_start_matches('-'), value) }
        });
    by_value.or(named)
}

/// How long a text is, in classes that tell nothing of it.
#[must_use]
pub fn length_class(text: &str) -> &'static str {
    match text.chars().count() {
        0 => "0",
        1..12 => "below 12",
        12..32 => "from 12 to 31",
        _ => "32 or more",
    }
}

fn of_name(name: &str, value: &str) -> Option<Detected> {
    let name = name.to_lowercase().replace(['-', '.'], "_");
    let last = name.rsplit('_').next().unwrap_or_default();
    let padded = format!("_{name}_");
    let is_named =
        NAMED.iter().any(|word| padded.contains(&format!("_{word}_")) || name.ends_with(word));
    let allows = name.contains("allow_empty") || name.contains("public");
    if !is_named || allows || ABOUT.contains(&last) || is_setting(value) {
        return None;
    }
    Some(Detected { what: "a credential by the name", confidence: Confidence::Medium })
}

/// Long texts of letters in both cases and digits in no order.
fn of_randomness(value: &str) -> Option<Detected> {
    let plain =
        |one: char| one.is_ascii_alphanumeric() || matches!(one, '+' | '/' | '=' | '_' | '-');
    let has = |what: fn(&char) -> bool| value.chars().any(|one| what(&one));
    let mixed =
        has(char::is_ascii_digit) && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    let random = value.len() >= 32 && mixed && value.chars().all(plain) && !value.starts_with('/');
    (random && entropy(value) > 4.3)
        .then_some(Detected { what: "a random key", confidence: Confidence::Low })
}

/// Whether a value only says where the credential is.
fn is_reference(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || value.starts_with("arn:")
        || value.starts_with("{{")
        || value.starts_with('$')
        || value.starts_with('/')
        || value.starts_with('<')
        || value.starts_with("ssm:")
        || value.starts_with("secretsmanager:")
        || value.starts_with("vault:")
        || value.chars().all(|one| matches!(one, '*' | 'x' | 'X'))
}

/// Whether a value is a switch or a number, and no credential.
fn is_setting(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    matches!(
        value.as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null" | "enabled" | "disabled"
    ) || (value.len() <= 6 && value.bytes().all(|one| one.is_ascii_digit()))
}

fn is_access_key(word: &str) -> bool {
    (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.len() == 20
        && word.bytes().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit())
        && !word.ends_with("EXAMPLE")
}

fn is_json_web_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return false };
    header.starts_with("eyJ") && payload.starts_with("eyJ") && signature.len() >= 20
}

/// Whether a text has `scheme://user:password@host` with a password that is written out.
fn has_password_in_url(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ', '"']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
        user.is_some_and(|(_, password)| {
            !is_reference(password) && !password.contains(['$', '{', '%'])
        })
    })
}

/// Bits a character, by how often each occurs.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 128];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total);
    shares.map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(name: &str, value: &str) -> Option<Confidence> {
        of_variable(name, value).map(|one| one.confidence)
    }

    #[test]
    fn settings_and_references_are_no_credentials() {
        for (name, value) in [
            ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
            ("DB_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1b2c3"),
            ("DB_PASSWORD", "{{resolve:secretsmanager:db}}"),
            ("DB_PASSWORD", "${DB_PASSWORD}"),
            ("DB_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_TTL", "3600"),
            ("PASSWORD_LOGIN", "false"),
            ("SECRET_NAME", "prod/db"),
            ("JWT_PUBLIC_KEY", "MIIBIjANBgkq"),
            ("TOKENIZER", "wordpiece"),
            ("GIT_SHA", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"),
            ("DATABASE_URL", "postgres://app:${DB_PASSWORD}@db/orders"),
            ("DATABASE_URL", "postgres://app@db:5432/orders"),
        ] {
            assert_eq!(confidence(name, value), None, "{name}");
        }
    }

    #[test]
    fn credentials_are_told_by_value_or_name() {
        let high = Some(Confidence::High);
        assert_eq!(confidence("X", &format!("AKIA{}", "ABCDEFGH12345678")), high);
        assert_eq!(confidence("X", &format!("ghp_{}", "a1".repeat(18))), high);
        assert_eq!(confidence("DATABASE_URL", "postgres://app:hunter22@db/orders"), high);
        assert_eq!(confidence("KEY", "-----BEGIN RSA PRIVATE KEY-----\nMII"), high);
        assert_eq!(confidence("MYSQL_ROOT_PASSWORD", "password"), Some(Confidence::Medium));
        assert_eq!(
            confidence("BLOB", "q8Zr2LmT0vYx7NcW5bKd9HsJ3fGp6QaE1uRt"),
            Some(Confidence::Low)
        );
    }

    #[test]
    fn commands_hold_credentials_in_flags_and_assignments() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let detected = |text: &str| of_command(&words(text).iter().collect::<Vec<_>>()).is_some();
        assert!(detected("serve --password hunter22"));
        assert!(detected("sh -c DB_PASSWORD=hunter22 serve"));
        assert!(!detected("serve --password-file /run/secrets/db"));
        assert!(!detected("serve --token $TOKEN"));
    }
}
