//! How long records are kept, and which must be kept longer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::attempt::{Actor, check_name, check_optional};
use super::entry::{Draft, Entry};
use super::error::{AuditError, StoreError};
use super::event::{Dropped, EntryId, Event, Pruned, TimeText};
use super::filter::Filter;
use super::log::AuditLog;
use super::record::{OutcomeKind, Record};
use super::store::{Pruning, is_in};

/// How many records one pruning erases at most; a store holds their numbers in memory, and does them in one step.
const AT_ONCE: usize = 250_000;

/// How long records are kept, by environment.
///
/// ```
/// use fortem_core::audit::Retention;
///
/// let retention = Retention::days(90).environment("prod", 365).keep("payments");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    default: Keep,
    environments: BTreeMap<String, Keep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Days(u32),
    Since(Timestamp),
    Always,
}

impl Keep {
    fn before(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            // Midnight to midnight in UTC: a day has 24 hours.
            Self::Days(days) => {
                let age = SignedDuration::from_hours(24 * i64::from(days));
                Some(now.checked_sub(age).unwrap_or(Timestamp::MIN))
            }
            Self::Since(time) => Some(time),
            Self::Always => None,
        }
    }
}

impl Retention {
    /// Records are kept for that many days of 24 hours after their last entry.
    #[must_use]
    pub fn days(days: u32) -> Self {
        Self { default: Keep::Days(days), environments: BTreeMap::new() }
    }

    /// Records are kept whose last entry is of that time or later.
    #[must_use]
    pub fn since(time: Timestamp) -> Self {
        Self { default: Keep::Since(time), environments: BTreeMap::new() }
    }

    /// Records are kept for ever, but for the environments that are named.
    #[must_use]
    pub fn for_ever() -> Self {
        Self { default: Keep::Always, environments: BTreeMap::new() }
    }

    /// Records of that environment are kept for that many days.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, days: u32) -> Self {
        self.environments.insert(name.into(), Keep::Days(days));
        self
    }

    /// Records of that environment are kept for ever.
    #[must_use]
    pub fn keep(mut self, name: impl Into<String>) -> Self {
        self.environments.insert(name.into(), Keep::Always);
        self
    }
}

/// The times before which records go.
struct Limits {
    default: Option<Timestamp>,
    environments: BTreeMap<String, Option<Timestamp>>,
}

impl Limits {
    fn new(retention: &Retention, now: Timestamp) -> Self {
        let environments = retention.environments.iter();
        Self {
            default: retention.default.before(now),
            environments: environments
                .map(|(name, keep)| (name.clone(), keep.before(now)))
                .collect(),
        }
    }

    fn of(&self, environment: Option<&str>) -> Option<Timestamp> {
        let own = environment.and_then(|environment| self.environments.get(environment));
        own.copied().unwrap_or(self.default)
    }

    fn all(&self) -> impl Iterator<Item = Option<Timestamp>> {
        self.environments.values().copied().chain([self.default])
    }

    fn is_past(&self, record: &Record) -> bool {
        let environment = record.attempt.environment.as_deref();
        record.outcome.kind() != OutcomeKind::Open
            && self.of(environment).is_some_and(|before| record.last_time() < before)
    }
}

/// Which records must be kept: those that fit everything that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hold {
    /// Those of that environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Those of the user of that id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Those of that request or incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
}

impl Hold {
    /// The records of an environment.
    pub fn environment(name: impl Into<String>) -> Self {
        Self { environment: Some(name.into()), ..Self::default() }
    }

    /// The records of a user.
    pub fn actor(id: impl Into<String>) -> Self {
        Self { actor: Some(id.into()), ..Self::default() }
    }

    /// The records of a request or incident.
    pub fn correlation(id: impl Into<String>) -> Self {
        Self { correlation: Some(id.into()), ..Self::default() }
    }

    /// Only those of this hold that `other` holds too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            environment: other.environment.or(self.environment),
            actor: other.actor.or(self.actor),
            correlation: other.correlation.or(self.correlation),
        }
    }

    fn holds(&self, record: &Record) -> bool {
        let attempt = &record.attempt;
        let fits = |wanted: &Option<String>, found: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
        };
        fits(&self.environment, attempt.environment.as_ref())
            && fits(&self.actor, Some(&attempt.actor.id))
            && fits(&self.correlation, attempt.correlation.as_ref())
    }

    fn check(&self) -> Result<(), AuditError> {
        if *self == Self::default() {
            return Err(AuditError::HoldsNothing);
        }
        check_optional("environment", self.environment.as_ref())?;
        check_optional("actor", self.actor.as_ref())?;
        Ok(check_optional("correlation", self.correlation.as_ref())?)
    }
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HoldInForce {
    /// Its number, by which it is released: the sequence number of its entry.
    pub id: u64,
    /// Since when.
    pub since: Timestamp,
    /// Which records.
    pub hold: Hold,
    /// Who placed it.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

impl AuditLog {
    /// Keeps records from being pruned until the hold is [released](Self::release), whatever their age.
    ///
    /// The hold is an entry of the log, and holds what is recorded later too. It returns the hold's number.
    ///
    /// # Errors
    ///
    /// [`AuditError::HoldsNothing`] when it names nothing; otherwise as [`begin`](Self::begin).
    pub fn hold(&self, hold: Hold, by: &Actor, reason: &str) -> Result<u64, AuditError> {
        hold.check()?;
        check_name("actor", &by.id)?;
        let (id, by, reason) = (EntryId::random()?, by.clone(), reason.to_owned());
        Ok(self.append(id, Event::Hold { id, hold, by, reason })?.sequence())
    }

    /// Ends a hold.
    ///
    /// # Errors
    ///
    /// [`AuditError::NotHeld`] when no hold of that number is in force; otherwise as [`begin`](Self::begin).
    pub fn release(&self, hold: u64, by: &Actor, reason: &str) -> Result<(), AuditError> {
        check_name("actor", &by.id)?;
        if !self.holds()?.iter().any(|in_force| in_force.id == hold) {
            return Err(AuditError::NotHeld(hold));
        }
        let (id, by, reason) = (EntryId::random()?, by.clone(), reason.to_owned());
        self.append(id, Event::Release { id, hold, by, reason }).map(|_| ())
    }

    /// The holds in force, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn holds(&self) -> Result<Vec<HoldInForce>, StoreError> {
        in_force(&self.store.marks()?)
    }

    /// Erases the content of records that are past their retention, and records that it did; returns how many.
    ///
    /// Records that are open or on [hold](Self::hold) stay. An erased entry keeps its number, its time and its hashes,
    /// so that the chain holds; entries at the beginning of the log of which nothing else is kept go altogether, and
    /// the entry of the pruning says where the log begins now. [`verify`](Self::verify) accepts what such an entry
    /// says is erased, and nothing else.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin). What was pruned before the error is recorded as pruned.
    pub fn prune(&self, retention: &Retention, by: &Actor) -> Result<u64, AuditError> {
        check_name("actor", &by.id)?;
        let limits = Limits::new(retention, self.clock.now());
        let mut pruned = 0;
        while let Some((pruning, records)) = self.plan(&limits, by)? {
            // If not, something else has changed, and the plan is made anew.
            if self.carry_out(pruning)?.is_some() {
                pruned += records;
            }
        }
        Ok(pruned)
    }

    /// `None` if a hold or another pruning came in between; checkpoints do not matter.
    fn carry_out(&self, mut pruning: Pruning) -> Result<Option<Entry>, AuditError> {
        loop {
            if let Some(entry) = self.store.prune(&pruning, &*self.clock)? {
                return Ok(Some(entry));
            }
            let planned = pruning.last_mark;
            for mark in self.store.marks()?.iter().filter(|mark| mark.sequence > planned) {
                if !matches!(mark.event()?, Some(Event::Checkpoint { .. })) {
                    return Ok(None);
                }
                pruning.last_mark = mark.sequence;
            }
        }
    }

    fn plan(&self, limits: &Limits, by: &Actor) -> Result<Option<(Pruning, u64)>, AuditError> {
        let marks = self.store.marks()?;
        let holds = in_force(&marks)?;
        let Some(latest) = limits.all().flatten().max() else { return Ok(None) };
        let (mut numbers, mut records) = (BTreeSet::new(), 0);
        for record in self.records(&Filter::new().to(latest)) {
            let record = record?;
            if limits.is_past(&record) && !holds.iter().any(|hold| hold.hold.holds(&record)) {
                numbers.extend([record.id.0].into_iter().chain(record.end));
                records += 1;
            }
            if records == AT_ONCE {
                break;
            }
        }
        if records == 0 {
            return Ok(None);
        }
        let mut erased = runs(numbers);
        let held: BTreeSet<u64> = holds.iter().map(|hold| hold.id).collect();
        let dropped = self.beginning_to_drop(&erased, limits, &held)?;
        erased.retain_mut(|(first, last)| {
            let after = dropped.map_or(0, |dropped| dropped.sequence);
            *first = after.saturating_add(1).max(*first);
            first <= last
        });
        let records = records as u64;
        let pruned = Pruned {
            id: EntryId::random()?,
            by: by.clone(),
            records,
            before: limits.default,
            environments: limits
                .environments
                .iter()
                .map(|(name, before)| (name.clone(), before.map(TimeText)))
                .collect(),
            erased: erased.clone(),
            dropped,
        };
        let pruning = Pruning {
            draft: Draft::new(pruned.id, Event::Prune(pruned))?,
            last_mark: marks.last().map_or(0, Entry::sequence),
            erased,
            dropped: dropped.map_or(0, |dropped| dropped.sequence),
        };
        Ok(Some((pruning, records)))
    }

    /// The end of the longest beginning of the log of which nothing needs to be kept.
    fn beginning_to_drop(
        &self,
        erased: &[(u64, u64)],
        limits: &Limits,
        held: &BTreeSet<u64>,
    ) -> Result<Option<Dropped>, StoreError> {
        // Holds, prunings and checkpoints are kept as long as the records that are kept longest.
        let oldest = limits.all().min().flatten();
        let mut dropped = None;
        for entry in self.store.entries(0)? {
            let entry = entry?;
            if dropped.is_none() && entry.sequence > 1 {
                dropped = Some(Dropped { sequence: entry.sequence - 1, hash: entry.previous });
            }
            let is_old_mark = || {
                Ok::<_, StoreError>(
                    oldest.is_some_and(|oldest| entry.time < oldest)
                        && !held.contains(&entry.sequence)
                        && entry
                            .event()?
                            .is_some_and(|event| event.change() == super::event::Change::Mark),
                )
            };
            let goes = entry.content.is_none() || is_in(erased, entry.sequence) || is_old_mark()?;
            if !goes {
                break;
            }
            dropped = Some(Dropped { sequence: entry.sequence, hash: entry.hash });
        }
        Ok(dropped)
    }
}

fn in_force(marks: &[Entry]) -> Result<Vec<HoldInForce>, StoreError> {
    let mut holds = BTreeMap::new();
    for mark in marks {
        match mark.event()? {
            Some(Event::Hold { hold, by, reason, .. }) => {
                let (id, since) = (mark.sequence, mark.time);
                holds.insert(id, HoldInForce { id, since, hold, by, reason });
            }
            Some(Event::Release { hold, .. }) => {
                holds.remove(&hold);
            }
            _ => {}
        }
    }
    Ok(holds.into_values().collect())
}

/// First and last of each run of numbers that follow each other.
fn runs(numbers: BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}
