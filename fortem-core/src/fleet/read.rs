//! Typed values out of a TOML table; every mistake is noted and reading goes on.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Problem, SourceFile};

/// A value and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A table and where it begins.
pub(super) struct Table<'a> {
    pub(super) entries: &'a DeTable<'a>,
    pub(super) span: Range<usize>,
}

/// What has been found wrong in a file so far.
pub(super) struct Reader<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a SourceFile) -> Self {
        Self { file, problems: Vec::new() }
    }

    /// Notes a mistake: what is wrong, where, and what is expected there.
    pub(super) fn report(
        &mut self,
        code: &'static str,
        message: String,
        span: Range<usize>,
        expected: &str,
    ) {
        self.problems.push(Problem::new(code, message).at(self.file, span, expected));
    }

    /// The table's keys must be among these.
    pub(super) fn only(&mut self, table: &Table, known: &[&str]) {
        for key in table.entries.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let expected = format!("expected one of `{}`", known.join("`, `"));
                let message = format!("unknown key `{name}`");
                self.report("fortem::fleet::unknown_key", message, key.span(), &expected);
            }
        }
    }

    pub(super) fn string(&mut self, table: &Table, key: &str) -> Option<Found<String>> {
        let value = table.entries.get(key)?;
        self.text(value, "a string")
    }

    /// The string under a key that must be there.
    pub(super) fn required(
        &mut self,
        table: &Table,
        key: &str,
        what: &str,
    ) -> Option<Found<String>> {
        if table.entries.get(key).is_none() {
            let message = format!("{what} without `{key}`");
            let expected = format!("expected `{key} = \"…\"` in this table");
            self.report("fortem::fleet::missing_key", message, table.span.clone(), &expected);
        }
        self.string(table, key)
    }

    pub(super) fn integer(&mut self, table: &Table, key: &str) -> Option<Found<i64>> {
        let value = table.entries.get(key)?;
        let Some(digits) = value.get_ref().as_integer() else {
            self.wrong_type(value, "a whole number");
            return None;
        };
        // What is too long for any number is as wrong as the largest.
        let number = i64::from_str_radix(digits.as_str(), digits.radix()).unwrap_or(i64::MAX);
        Some(Found { value: number, span: value.span() })
    }

    /// The list of strings under a key; `None` when the key is not there or no list.
    pub(super) fn strings(&mut self, table: &Table, key: &str) -> Option<Vec<Found<String>>> {
        let value = table.entries.get(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(value, "a list of strings");
            return None;
        };
        Some(items.iter().filter_map(|item| self.text(item, "a string")).collect())
    }

    /// Whether a switch is on; off when the key is not there.
    pub(super) fn switch(&mut self, table: &Table, key: &str) -> bool {
        let Some(value) = table.entries.get(key) else {
            return false;
        };
        let Some(on) = value.get_ref().as_bool() else {
            self.wrong_type(value, "`true` or `false`");
            return false;
        };
        on
    }

    /// Notes that a list may not be empty.
    pub(super) fn empty(&mut self, table: &Table, key: &str) {
        let span = table.entries.get(key).map_or_else(|| table.span.clone(), Spanned::span);
        let message = format!("`{key}` without a name");
        let expected = "expected at least one pattern: grants are tied to these names";
        self.report("fortem::fleet::no_names", message, span, expected);
    }

    /// The tables of an array of tables, `[[key]]`.
    pub(super) fn tables<'t>(&mut self, table: &Table<'t>, key: &str) -> Vec<Table<'t>> {
        let Some(value) = table.entries.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(value, &format!("tables that begin with `[[{key}]]`"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(entries) => tables.push(Table { entries, span: item.span() }),
                None => self.wrong_type(item, "a table"),
            }
        }
        tables
    }

    /// The table under a key, `[key]`.
    pub(super) fn table<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Table<'t>> {
        let value = table.entries.get(key)?;
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong_type(value, &format!("a table that begins with `[{key}]`"));
            return None;
        };
        Some(Table { entries, span: value.span() })
    }

    pub(super) fn text(
        &mut self,
        value: &Spanned<DeValue>,
        expected: &str,
    ) -> Option<Found<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(value, expected);
            return None;
        };
        Some(Found { value: text.to_owned(), span: value.span() })
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue>, expected: &str) {
        let message = format!("found {} {}", article(value.get_ref()), value.get_ref().type_str());
        let expected = format!("expected {expected}");
        self.report("fortem::fleet::wrong_type", message, value.span(), &expected);
    }
}

fn article(value: &DeValue) -> &'static str {
    if value.type_str().starts_with(['a', 'i']) { "an" } else { "a" }
}
