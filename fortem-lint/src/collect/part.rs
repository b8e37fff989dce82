//! One file of a snapshot in the making, with what could not be read for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::calls::Call;
use super::failure::{Failure, Kind};
use super::spool::Spool;
use crate::snapshot::Unread;

/// What a part gathers while its calls are made, many at once.
#[derive(Debug)]
pub(super) struct Part {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    spool: Spool,
    gaps: BTreeMap<(&'static str, &'static str, String), Gap>,
    gone: Vec<Gone>,
    broken: Option<io::Error>,
}

/// A call about a resource of which the service says that it is no longer there.
#[derive(Debug)]
struct Gone {
    call: &'static Call,
    lists: Vec<&'static str>,
    of: String,
    failure: Failure,
}

/// Calls of one operation that failed in the same way.
#[derive(Debug, Default)]
struct Gap {
    message: String,
    times: usize,
    of: BTreeSet<String>,
    lists: BTreeSet<&'static str>,
}

/// Lists whose elements are read because those of another name them, each after those that name it.
const NAMED_BY: &[(&str, &[&str])] = &[
    ("capacityProviders", &["clusters"]),
    ("taskDefinitions", &["services", "tasks", "schedules", "eventRules"]),
    ("logGroups", &["clusters", "taskDefinitions"]),
    ("secrets", &["taskDefinitions"]),
    ("parameters", &["taskDefinitions"]),
];

/// So many of the resources are named whose calls failed.
const NAMED: usize = 3;

impl Part {
    pub(super) fn new() -> Self {
        let inner =
            Inner { spool: Spool::new(), gaps: BTreeMap::new(), gone: Vec::new(), broken: None };
        Self { inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a list was read, though it may be empty.
    pub(super) fn declare(&self, list: &'static str) {
        self.inner().spool.declare(list);
    }

    /// Adds an element to a list.
    pub(super) fn push(&self, list: &'static str, key: &str, element: &impl Serialize) {
        let mut inner = self.inner();
        if let Err(error) = inner.spool.push(list, key, element) {
            inner.broken.get_or_insert(error);
        }
    }

    /// What a call answered; if it failed, that is noted, with the lists that are short of it and the resource that it
    /// was about. What is no longer there is missing nowhere, unless another call finds it.
    pub(super) fn take<T>(
        &self,
        call: &'static Call,
        lists: &[&'static str],
        of: &str,
        result: Result<T, Failure>,
    ) -> Option<T> {
        match result {
            Ok(answer) => return Some(answer),
            Err(failure) if failure.kind == Kind::Gone && !of.is_empty() => {
                let gone = Gone { call, lists: lists.to_vec(), of: of.to_owned(), failure };
                self.inner().gone.push(gone);
            }
            Err(failure) => self.gap(call, lists, of, failure),
        }
        None
    }

    /// Notes that a call failed.
    pub(super) fn gap(
        &self,
        call: &'static Call,
        lists: &[&'static str],
        of: &str,
        failure: Failure,
    ) {
        self.inner().gap(call, lists, of, failure);
    }

    /// The lists, and what could not be read.
    pub(super) fn finish(self, account: &str, region: &str) -> io::Result<(Spool, Vec<Unread>)> {
        let mut inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = inner.broken {
            return Err(error);
        }
        for Gone { call, lists, of, failure } in std::mem::take(&mut inner.gone) {
            if inner.spool.has(&of) {
                inner.gap(call, &lists, &of, failure);
            }
        }
        for gap in inner.gaps.values_mut() {
            for (list, namers) in NAMED_BY {
                if namers.iter().any(|namer| gap.lists.contains(namer)) {
                    gap.lists.insert(list);
                }
            }
        }
        // Of a list of which nothing came, nobody can say that it is empty.
        let short = inner.gaps.values().flat_map(|gap| &gap.lists);
        short.for_each(|list| inner.spool.forget_if_empty(list));
        let unread = inner.gaps.into_iter().map(|((service, call, code), gap)| Unread {
            account: account.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            call: call.to_owned(),
            reason: gap.reason(&code),
            lists: gap.lists.iter().map(|list| (*list).to_owned()).collect(),
        });
        let unread = unread.collect();
        Ok((inner.spool, unread))
    }
}

impl Inner {
    fn gap(&mut self, call: &Call, lists: &[&'static str], of: &str, failure: Failure) {
        let gap = self.gaps.entry((call.service, call.name, failure.code)).or_default();
        gap.message = failure.message;
        gap.times += 1;
        gap.lists.extend(lists);
        if !of.is_empty() && gap.of.len() < NAMED {
            gap.of.insert(of.to_owned());
        }
    }
}

impl Gap {
    fn reason(&self, code: &str) -> String {
        let times = if self.times > 1 { format!(" ({} calls)", self.times) } else { String::new() };
        let of = if self.of.is_empty() {
            String::new()
        } else {
            let names: Vec<&str> = self.of.iter().map(String::as_str).collect();
            let more = if self.times > self.of.len() { " and others" } else { "" };
            format!(" for {}{more}", names.join(", "))
        };
        format!("{code}: {}{times}{of}", self.message)
    }
}
