//! Authorization details of one account that came in several pages, each in a file of its own.

use std::collections::BTreeSet;

use super::authorization;
use super::{Entry, Kind, NotAssessed, Reading};
use crate::source::Source;
use crate::unit::Unit;

/// A file of authorization details.
#[derive(Debug)]
pub(super) struct Page {
    entry: Entry,
    account: Option<String>,
    goes_on: bool,
}

/// The files of authorization details among some inputs, as they are before they are joined.
pub(super) fn of(entries: &[Entry], readings: &[Reading]) -> Vec<Page> {
    let both = entries.iter().zip(readings);
    let pages = both.filter(|(_, one)| one.input.kind == Kind::AuthorizationDetails);
    let page = |(entry, reading): (&Entry, &Reading)| Page {
        entry: entry.clone(),
        account: account(reading),
        goes_on: reading.is_truncated,
    };
    pages.map(page).collect()
}

/// The files of accounts of which some page says that it goes on.
pub(super) fn of_accounts_in_pages(pages: &[Page]) -> Vec<Entry> {
    let going_on = pages.iter().filter(|page| page.goes_on);
    let accounts: BTreeSet<&str> = going_on.filter_map(|page| page.account.as_deref()).collect();
    let belongs = |page: &&Page| match &page.account {
        Some(account) => accounts.contains(account.as_str()),
        None => accounts.len() == 1,
    };
    pages.iter().filter(belongs).map(|page| page.entry.clone()).collect()
}

/// Makes one unit of the pages of each account, in place of the first of them: a role on one page may have a managed
/// policy on another.
///
/// Pages are those that say that they go on, and the one that does not. Several that do not are outputs of their own.
pub(super) fn join(readings: &mut [Reading]) {
    let accounts: BTreeSet<String> =
        readings.iter().filter(|one| one.is_truncated).filter_map(account).collect();
    // A page with nothing but policies of AWS names no account.
    let is_only_one = accounts.len() == 1;
    for wanted in &accounts {
        let belongs = |one: &Reading| {
            one.input.kind == Kind::AuthorizationDetails
                && account(one).map_or(is_only_one, |of| of == *wanted)
        };
        let pages: Vec<&mut Reading> = readings.iter_mut().filter(|one| belongs(one)).collect();
        let last = pages.iter().filter(|page| !page.is_truncated).count();
        if pages.len() > 1 && last <= 1 {
            join_pages(pages);
        }
    }
}

fn account(reading: &Reading) -> Option<String> {
    reading.units.first().and_then(|unit| unit.account.clone())
}

fn join_pages(mut pages: Vec<&mut Reading>) {
    let mut sources = Vec::new();
    for page in &mut pages {
        sources.extend(page.units.drain(..).flat_map(|unit| unit.sources));
        // What a page lacks may be on another.
        page.not_assessed.retain(|one| !one.incomplete);
        page.is_truncated = false;
    }
    let (unit, not_assessed) = read(sources);
    if let Some(first) = pages.first_mut() {
        first.units.push(unit);
        first.not_assessed.extend(not_assessed);
    }
}

fn read(sources: Vec<Source>) -> (Unit, Vec<NotAssessed>) {
    let pages = sources.iter().filter_map(|source| {
        let top = serde_json::from_str(source.text()).ok()?;
        Some(authorization::Page { source, top })
    });
    let (unit, not_assessed) = authorization::unit(&pages.collect::<Vec<_>>());
    (Unit { sources, ..unit }, not_assessed)
}
