//! Names as arguments give them: those of rules, and which one was meant.

use crate::rules::{self, Meta};

/// How like a name is to be proposed, of 1.
const LIKENESS: f64 = 0.75;

/// The id or name of a rule.
pub(super) fn one(word: &str) -> Result<String, String> {
    rules::find(word).map(|rule| rule.meta().id.to_owned()).ok_or_else(|| unknown(word))
}

/// The id or name of a rule, or the beginning of some ids.
pub(super) fn some(word: &str) -> Result<String, String> {
    let beginning = word.to_ascii_uppercase();
    let is = |meta: &Meta| meta.id.starts_with(&beginning) || meta.name == word;
    if !word.is_empty() && rules::all().iter().any(|rule| is(rule.meta())) {
        return Ok(word.to_owned());
    }
    Err(unknown(word))
}

fn unknown(word: &str) -> String {
    let names = rules::all().iter().flat_map(|rule| [rule.meta().id, rule.meta().name]);
    match nearest(word, names) {
        Some(name) => format!("there is no such rule; did you mean `{name}`?"),
        None => "there is no such rule; `fortem-lint rules` lists them".to_owned(),
    }
}

/// The name that a word is most like, if it is like one.
pub(super) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_ascii_lowercase();
    let rated = names.map(|name| (strsim::jaro_winkler(&word, &name.to_ascii_lowercase()), name));
    let nearest = rated.max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.filter(|(likeness, _)| *likeness > LIKENESS).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_rule_is_told_with_the_nearest() {
        assert_eq!(one("mutate-unscoped").as_deref(), Ok("FL105"));
        assert_eq!(some("fl1").as_deref(), Ok("fl1"));
        assert!(one("fl1").is_err() && some("").is_err() && some("FL99").is_err());
        assert!(one("mutate-unscopd").unwrap_err().contains("`mutate-unscoped`"));
        assert!(some("something").unwrap_err().contains("fortem-lint rules"));
    }
}
