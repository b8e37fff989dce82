//! Inputs a few at a time, so that what has to be held is a matter of the largest and not of all together.

use super::pages::Page;
use super::{Entry, Readings, pages, read_all, second_organization};
use crate::environments::Seen;
use crate::organization::Organization;

/// Inputs that are read together, and given back before the next are read.
#[derive(Debug)]
pub struct Batch {
    entries: Vec<Entry>,
    is_last: bool,
}

/// The size of inputs that are read together although they could be read one by one, in bytes.
const TOGETHER: u64 = 16 << 20;

impl Batch {
    fn new(entries: Vec<Entry>) -> Self {
        Self { entries, is_last: false }
    }

    /// Entries in batches: all in one if they are small, or if one of them is standard input, which can be read only
    /// once.
    fn of(entries: Vec<Entry>) -> Vec<Self> {
        let sizes: Vec<u64> = entries.iter().map(Entry::size).collect();
        let most = sizes.iter().copied().max().unwrap_or_default().max(TOGETHER);
        if sizes.iter().sum::<u64>() <= most || entries.contains(&Entry::Stdin) {
            return vec![Self::new(entries)];
        }
        let (mut batches, mut held): (Vec<Self>, u64) = (Vec::new(), 0);
        for (entry, size) in entries.into_iter().zip(sizes) {
            held = held.saturating_add(size);
            match batches.last_mut() {
                Some(last) if held <= most => last.entries.push(entry),
                _ => {
                    held = size;
                    batches.push(Self::new(vec![entry]));
                }
            }
        }
        batches
    }

    /// Puts the pages of accounts that came in several files into the first batch.
    fn with_pages_together(batches: Vec<Self>, found: &[Page]) -> Vec<Self> {
        let together = pages::of_accounts_in_pages(found);
        if together.is_empty() {
            return batches;
        }
        let (mut first, mut others) = (Vec::new(), Vec::new());
        for batch in batches {
            let is_page = |entry: &Entry| together.contains(entry);
            let (of_pages, rest): (Vec<_>, Vec<_>) = batch.entries.into_iter().partition(is_page);
            first.extend(of_pages);
            others.push(Self::new(rest));
        }
        let batches = std::iter::once(Self::new(first)).chain(others);
        batches.filter(|batch| !batch.entries.is_empty()).collect()
    }

    /// Whether no other comes after it.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// What has to be known of all inputs before the first is judged. Small inputs are read for it and held; of large ones
/// nothing is held, and they are read again.
#[derive(Debug)]
pub struct Survey {
    /// What they say of environments, if that was asked for.
    pub seen: Seen,
    /// The Organization, if one of them is.
    pub organization: Option<Organization>,
    batches: Vec<Batch>,
    held: Option<Readings>,
}

impl Survey {
    /// Looks at entries; at their environments if `infer`.
    #[must_use]
    pub fn of(entries: Vec<Entry>, infer: bool) -> Self {
        let batches = Batch::of(entries);
        let is_held = batches.len() == 1;
        let mut survey =
            Self { seen: Seen::default(), organization: None, batches: Vec::new(), held: None };
        let mut pages = Vec::new();
        for batch in &batches {
            let mut readings = read_all(&batch.entries);
            let organization = readings.organization.take();
            if infer {
                let of_organization = organization.as_ref().map(|one| &one.unit);
                let units = readings.units.iter().chain(of_organization);
                units.for_each(|unit| survey.seen.look_at(unit));
            }
            survey.organization = survey.organization.take().or(organization);
            pages.append(&mut readings.pages);
            survey.held = Some(readings).filter(|_| is_held);
        }
        survey.batches = Batch::with_pages_together(batches, &pages);
        if let Some(last) = survey.batches.last_mut() {
            last.is_last = true;
        }
        survey
    }

    /// The inputs, batch by batch; each is to be dropped before the next is asked for.
    pub fn into_readings(self) -> impl Iterator<Item = (Batch, Readings)> {
        let Self { batches, mut held, .. } = self;
        let mut has_organization = false;
        batches.into_iter().map(move |batch| {
            let mut readings = held.take().unwrap_or_else(|| read_all(&batch.entries));
            if let Some(file) = readings.organization_of.take() {
                if has_organization {
                    readings.not_assessed.push(second_organization(file));
                }
                has_organization = true;
            }
            (batch, readings)
        })
    }
}
