//! The rows of a team's own lowering table, each with the places of what it says.

use std::ops::Range;

use fortem_core::{Problem, Problems, SourceFile};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Blind, Call, Kind};

const KINDS: &str = "kind";
const CALLS: &str = "call";
const BLIND: &str = "blind";

/// The rows of a file, in its order.
pub(super) struct Rows<'f> {
    pub(super) kinds: Vec<Row<'f, Kind>>,
    pub(super) calls: Vec<Row<'f, Call>>,
    pub(super) blind: Vec<Row<'f, Blind>>,
}

/// A row and where its parts stand.
pub(super) struct Row<'f, T> {
    pub(super) value: T,
    entries: DeTable<'f>,
    span: Range<usize>,
}

impl<'f> Rows<'f> {
    /// Reads the rows that can be read; `problems` are those of the others.
    pub(super) fn read(
        file: &'f SourceFile,
        problems: &mut Vec<Problem>,
    ) -> Result<Self, Problems> {
        let (document, errors) = DeTable::parse_recoverable(file.text());
        // What stands behind a syntax error may be read wrongly, so it is not judged.
        let errors = errors.iter().map(|error| misread("fortem::lowering::syntax", file, error));
        Problems::unless(errors.collect(), ())?;
        let top = document.get_ref();
        for key in top.keys().filter(|key| ![KINDS, CALLS, BLIND].contains(&key.get_ref().as_ref()))
        {
            problems.push(unknown_table(file, key.get_ref(), key.span()));
        }
        Ok(Self {
            kinds: rows(file, top, KINDS, problems),
            calls: rows(file, top, CALLS, problems),
            blind: rows(file, top, BLIND, problems),
        })
    }
}

fn rows<'f, T: DeserializeOwned>(
    file: &SourceFile,
    top: &DeTable<'f>,
    key: &str,
    problems: &mut Vec<Problem>,
) -> Vec<Row<'f, T>> {
    let Some(value) = top.get(key) else { return Vec::new() };
    let Some(items) = value.get_ref().as_array() else {
        problems.push(no_rows(file, key, value.span()));
        return Vec::new();
    };
    let mut rows = Vec::new();
    for item in items {
        let Some(entries) = item.get_ref().as_table() else {
            problems.push(no_rows(file, key, item.span()));
            continue;
        };
        match T::deserialize(ValueDeserializer::from(item.clone())) {
            Ok(value) => rows.push(Row { value, entries: entries.clone(), span: item.span() }),
            Err(error) => problems.push(misread("fortem::lowering::row", file, &error)),
        }
    }
    rows
}

impl<T> Row<'_, T> {
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Where the value of a key stands, or the row if it does not have it.
    pub(super) fn at(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// Where a text stands in the list under a key.
    pub(super) fn item(&self, key: &str, text: &str) -> Range<usize> {
        let items = self.entries.get(key).and_then(|value| value.get_ref().as_array());
        let is_it = |item: &&Spanned<DeValue>| item.get_ref().as_str() == Some(text);
        let found = items.and_then(|items| items.iter().find(is_it));
        found.map_or_else(|| self.at(key), Spanned::span)
    }

    /// Where a key of one of the row's conditions stands, or the condition if it does not have it.
    pub(super) fn condition(&self, index: usize, key: &str) -> Range<usize> {
        let conditions = self.entries.get("where").and_then(|value| value.get_ref().as_array());
        let Some(condition) = conditions.and_then(|all| all.get(index)) else {
            return self.at("where");
        };
        let value = condition.get_ref().as_table().and_then(|entries| entries.get(key));
        value.unwrap_or(condition).span()
    }
}

fn misread(code: &'static str, file: &SourceFile, error: &toml::de::Error) -> Problem {
    let message = error.message().trim_end().replace('\n', ", ");
    Problem::new(code, message).at(file, error.span().unwrap_or_default(), "here")
}

fn no_rows(file: &SourceFile, key: &str, span: Range<usize>) -> Problem {
    Problem::new("fortem::lowering::row", format!("`{key}` is no table")).at(
        file,
        span,
        format!("expected rows that begin with `[[{key}]]`"),
    )
}

fn unknown_table(file: &SourceFile, name: &str, span: Range<usize>) -> Problem {
    let problem = Problem::new(
        "fortem::lowering::unknown_table",
        format!("unknown table `{name}`"),
    )
    .at(file, span, "expected one of `kind`, `call`, `blind`");
    match name {
        "never" | "integrity" => {
            problem.help("what is never granted, and what is always denied, cannot be changed")
        }
        _ => problem,
    }
}
