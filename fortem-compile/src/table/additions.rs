//! A team's own rows beside the built-in ones.

use std::collections::BTreeSet;

use fortem_core::{Problem, Problems, Source, SourceFile};

use super::check::{Ground, blind, call, kind};
use super::rows::Rows;
use super::{Table, tag_guards};
use crate::reference::Reference;

/// The built-in table with the rows of a file.
pub(super) fn added(
    file: &SourceFile,
    source: &Source,
    reference: &Reference,
) -> Result<Table, Problems> {
    let mut problems = Vec::new();
    let rows = Rows::read(file, &mut problems)?;
    let mut table = Table::builtin().clone();
    let ground = Ground { file, source, reference };
    let mut wrong = BTreeSet::new();
    for row in &rows.kinds {
        let found = kind::check(&ground, &table, row);
        if found.is_empty() {
            table.kinds.push(row.value.clone());
        } else {
            wrong.insert(row.value.name.as_str());
        }
        problems.extend(found);
    }
    // What depends on a kind that is wrong is not judged.
    let is_judged = |kinds: &super::Names| !kinds.iter().any(|kind| wrong.contains(kind.as_str()));
    for row in rows.calls.iter().filter(|row| is_judged(&row.value.kinds)) {
        take(call::checked(&ground, &table, row), &mut table.calls, &mut problems);
    }
    for row in &rows.blind {
        take(blind::checked(&ground, row), &mut table.blind, &mut problems);
    }
    tag_guards::add(&mut table, reference);
    Problems::unless(problems, table)
}

fn take<T>(checked: Result<Vec<T>, Vec<Problem>>, into: &mut Vec<T>, problems: &mut Vec<Problem>) {
    match checked {
        Ok(rows) => into.extend(rows),
        Err(found) => problems.extend(found),
    }
}
