//! Entries out of TOML; every mistake is noted and reading goes on.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Ignore;
use crate::{date, rules};

/// What is wrong with a file of ignores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What is expected at the place.
    pub expected: String,
    /// The bytes at fault.
    pub range: Range<usize>,
}

const KEYS: [&str; 7] = ["rule", "account", "arn", "environment", "reason", "owner", "expires"];

/// The rule that judges the entries themselves.
const OWN_RULE: &str = "FL720";

struct Reader {
    mistakes: Vec<Mistake>,
}

/// One entry, and where it begins.
struct Table<'t> {
    entries: &'t DeTable<'t>,
    span: Range<usize>,
}

pub(super) fn entries(text: &str) -> Result<Vec<Ignore>, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let syntax = errors.iter().map(|error| Mistake {
        message: error.message().trim_end().replace('\n', ", "),
        expected: "not TOML".to_owned(),
        range: error.span().unwrap_or_default(),
    });
    let mut reader = Reader { mistakes: syntax.collect() };
    // What stands behind a syntax error may be read wrongly, so it is not judged.
    if !reader.mistakes.is_empty() {
        return Err(reader.mistakes);
    }
    let entries = reader.all(document.get_ref());
    reader.mistakes.sort_by_key(|one| one.range.start);
    if reader.mistakes.is_empty() { Ok(entries) } else { Err(reader.mistakes) }
}

impl Reader {
    fn note(&mut self, message: String, range: Range<usize>, expected: impl Into<String>) {
        self.mistakes.push(Mistake { message, expected: expected.into(), range });
    }

    fn all(&mut self, top: &DeTable<'_>) -> Vec<Ignore> {
        self.only(top, &["ignore"]);
        let Some(value) = top.get("ignore") else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(value, "tables that begin with `[[ignore]]`");
            return Vec::new();
        };
        let mut ignores = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(entries) => ignores.extend(self.one(&Table { entries, span: item.span() })),
                None => self.wrong_type(item, "a table"),
            }
        }
        ignores
    }

    fn one(&mut self, table: &Table<'_>) -> Option<Ignore> {
        self.only(table.entries, &KEYS);
        for key in ["rule", "reason", "owner", "expires"] {
            if table.entries.get(key).is_none() {
                let example = if key == "expires" { "2027-03-31" } else { "\"…\"" };
                let expected = format!("expected `{key} = {example}` in this entry");
                self.note(format!("an ignore without `{key}`"), table.span.clone(), expected);
            }
        }
        let end = table.entries.iter().map(|(_, value)| value.span().end).max();
        let (rule, account) = (self.rule(table), self.account(table));
        let (arn, environment) = (self.string(table, "arn"), self.string(table, "environment"));
        let (reason, owner) = (self.string(table, "reason"), self.string(table, "owner"));
        let expires = self.date(table);
        Some(Ignore {
            rule: rule?,
            account,
            arn,
            environment,
            reason: reason?,
            owner: owner?,
            expires: expires?,
            range: table.span.start..end.unwrap_or(table.span.end),
        })
    }

    fn rule(&mut self, table: &Table<'_>) -> Option<String> {
        let word = self.string(table, "rule")?;
        let span = table.entries.get("rule").map(Spanned::span).unwrap_or_default();
        let mut known = rules::all().iter().map(|rule| rule.meta());
        let is_known = known.any(|meta| super::names(&word, meta.id, meta.name));
        if word.is_empty() || !is_known {
            let expected = "expected an id such as `FL105`, its beginning, or the name of a rule";
            self.note(format!("there is no rule `{word}`"), span, expected);
            return None;
        }
        if rules::find(&word).is_some_and(|rule| rule.meta().id == OWN_RULE) {
            let message = format!("`{word}` judges ignores, so none can be made for it");
            self.note(message, span, "expected another rule");
            return None;
        }
        Some(word)
    }

    fn account(&mut self, table: &Table<'_>) -> Option<String> {
        let number = self.string(table, "account")?;
        if number.len() != 12 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            let span = table.entries.get("account").map(Spanned::span).unwrap_or_default();
            let message = format!("`{number}` is no account");
            self.note(message, span, "expected twelve digits");
        }
        Some(number)
    }

    fn date(&mut self, table: &Table<'_>) -> Option<Date> {
        let value = table.entries.get("expires")?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => {
                self.wrong_type(value, "a day such as 2027-03-31");
                return None;
            }
        };
        // A time of day would raise the question of whose day it is.
        let day = date::day(&text).ok();
        if day.is_none() {
            let message = format!("`{text}` is no day");
            self.note(message, value.span(), "expected a day such as 2027-03-31");
        }
        day
    }

    fn string(&mut self, table: &Table<'_>, key: &str) -> Option<String> {
        let value = table.entries.get(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(value, "a string");
        }
        text
    }

    fn only(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let expected = format!("expected one of `{}`", known.join("`, `"));
                self.note(format!("unknown key `{name}`"), key.span(), expected);
            }
        }
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, expected: &str) {
        let kind = value.get_ref().type_str();
        let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
        self.note(format!("found {article} {kind}"), value.span(), format!("expected {expected}"));
    }
}
