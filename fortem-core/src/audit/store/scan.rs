//! Answers queries by going through all entries.

use std::collections::BTreeMap;

use crate::audit::entry::Entry;
use crate::audit::error::StoreError;
use crate::audit::event::Event;
use crate::audit::filter::{Cursor, Filter};
use crate::audit::record::{Record, RecordId};

/// The records among entries that come in their order.
///
/// It holds the records that are open at one time and those of the answer, and no more.
pub(crate) fn records(
    entries: impl Iterator<Item = Result<Entry, StoreError>>,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let mut scan = Scan { filter, limit, open: BTreeMap::new(), found: BTreeMap::new() };
    for entry in entries {
        let entry = entry?;
        match entry.event()? {
            Some(Event::End { begin, .. }) => {
                if let Some(record) = scan.open.remove(&begin) {
                    scan.find(record.ended_by(&entry)?);
                }
            }
            Some(event) => {
                let record = Record::of(&entry, event);
                let record = record.filter(|record| filter.is_after(record.id, after));
                record.into_iter().for_each(|record| scan.begin(record));
            }
            None => {}
        }
        if scan.is_done() {
            break;
        }
    }
    Ok(scan.finish())
}

struct Scan<'a> {
    filter: &'a Filter,
    limit: usize,
    /// Those that fit, apart from an outcome they do not have yet.
    open: BTreeMap<RecordId, Record>,
    found: BTreeMap<RecordId, Record>,
}

impl Scan<'_> {
    fn begin(&mut self, record: Record) {
        if !self.filter.matches_beginning(&record) || self.is_full() && !self.filter.newest_first {
            return;
        }
        if record.outcome == super::super::record::Outcome::Open {
            self.open.insert(record.id, record);
        } else {
            self.find(record);
        }
    }

    fn find(&mut self, record: Record) {
        if !self.filter.matches(&record) {
            return;
        }
        self.found.insert(record.id, record);
        if self.found.len() > self.limit {
            let _beyond = if self.filter.newest_first {
                self.found.pop_first()
            } else {
                self.found.pop_last()
            };
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// No entry to come can change the answer.
    fn is_done(&self) -> bool {
        let last = self.found.last_key_value().map(|(id, _)| id);
        let first_open = self.open.first_key_value().map(|(id, _)| id);
        let is_settled = last.is_none_or(|last| first_open.is_none_or(|open| last < open));
        !self.filter.newest_first && self.is_full() && is_settled
    }

    fn finish(mut self) -> Vec<Record> {
        for record in std::mem::take(&mut self.open).into_values() {
            self.find(record);
        }
        let records = self.found.into_values();
        if self.filter.newest_first { records.rev().collect() } else { records.collect() }
    }
}
