//! What conditions say, for rules about their wording.

use fortem_compile::iam::{Condition, Context, Effect, Statement, Truth};

/// Whether a condition fails where its key is absent.
#[must_use]
pub fn needs_key(condition: &Condition) -> bool {
    condition.holds(&Context::default()) == Truth::No
}

/// An operator without `ForAllValues:`, `ForAnyValue:` and `IfExists`, in lower case.
#[must_use]
pub fn stem(condition: &Condition) -> String {
    let name = condition.operator().to_ascii_lowercase();
    let name = name.split_once(':').map_or(name.as_str(), |(_, rest)| rest);
    name.strip_suffix("ifexists").unwrap_or(name).to_owned()
}

/// What follows for a statement if one of its conditions never holds.
#[must_use]
pub fn if_never(statement: &Statement) -> &'static str {
    match statement.effect() {
        Effect::Allow => "so the statement allows nothing",
        Effect::Deny => "so the statement denies nothing",
    }
}

/// What follows for a statement if one of its conditions always holds.
#[must_use]
pub fn if_always(statement: &Statement) -> &'static str {
    match statement.effect() {
        Effect::Allow => "so it does not narrow what the statement allows",
        Effect::Deny => "so it does not narrow what the statement denies",
    }
}

/// Names in words: `a`, or `a` and `b`, or `a` and 3 others.
#[must_use]
pub fn in_words(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [one, two] => format!("`{one}` and `{two}`"),
        [first, rest @ ..] => format!("`{first}` and {} others", rest.len()),
    }
}
