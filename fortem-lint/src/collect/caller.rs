//! One call: in its turn, and again where that helps.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::calls::Call;
use super::counters::Counters;
use super::failure::{Failure, Kind};
use super::pace::{Key, Pace, back_off};
use super::session::Session;

/// What all calls of a collection share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) pace: Pace,
    pub(super) counters: Arc<Counters>,
    /// How long a throttled call is tried again.
    pub(super) patience: Duration,
    /// Whether the collection is to stop.
    pub(super) stop: watch::Receiver<bool>,
    /// What failed for good again and again, with how often in a row.
    broken: Mutex<HashMap<Broken, (u32, Failure)>>,
}

/// Something that may be out of order: an operation, or a whole service, in a Region of an account.
type Broken = (Arc<str>, Arc<str>, &'static str, Option<&'static str>);

/// Calls into one Region of one account.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) hub: Arc<Hub>,
    /// None without credentials: then every call fails.
    pub(super) session: Option<Session>,
    pub(super) account: Arc<str>,
    /// Empty for services without Regions.
    pub(super) region: Arc<str>,
}

/// How often a call is made that meets with something out of order.
const TRIES: u32 = 4;
/// How often other credentials are fetched for one call.
const RENEWALS: u32 = 2;
/// After so many failures in a row an operation is not tried any more; a service after so many of all its operations.
const IN_A_ROW: (u32, u32) = (3, 8);
/// More pages than any list has.
const PAGES: usize = 100_000;

impl Hub {
    pub(super) fn new(
        pace: Pace,
        counters: Arc<Counters>,
        patience: Duration,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { pace, counters, patience, stop, broken: Mutex::default() }
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends when the collection is to stop.
    pub(super) async fn stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Caller {
    /// Makes a call, and makes it again while that may help.
    pub(super) async fn call<T, E, F>(
        &self,
        call: &'static Call,
        send: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<Failure>,
    {
        if let Some(known) = self.known_failure(call) {
            return Err(known);
        }
        let result = tokio::select! {
            result = self.tries(call, send) => result,
            () = self.hub.stopped() => Err(Failure::interrupted()),
        };
        self.note(call, result.as_ref().err());
        result
    }

    async fn tries<T, E, F>(&self, call: &'static Call, send: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<Failure>,
    {
        let key: Key = (self.account.clone(), self.region.clone(), call.family);
        let started = Instant::now();
        let (mut tries, mut throttled, mut renewals) = (0, 0, 0);
        loop {
            let permit = self.hub.pace.turn(&key).await;
            self.hub.counters.call(call);
            let failure = match send().await {
                Ok(answer) => {
                    self.hub.pace.answered(&key);
                    return Ok(answer);
                }
                Err(error) => error.into(),
            };
            drop(permit);
            let wait = match failure.kind {
                Kind::Throttled if started.elapsed() < self.hub.patience => {
                    self.hub.pace.throttled(&key);
                    self.hub.counters.throttle();
                    throttled += 1;
                    back_off(throttled)
                }
                Kind::Transient | Kind::TimedOut if tries + 1 < TRIES => {
                    self.hub.counters.retry();
                    tries += 1;
                    back_off(tries)
                }
                Kind::Expired if renewals < RENEWALS => {
                    self.hub.counters.retry();
                    renewals += 1;
                    if let Some(session) = &self.session {
                        session.renew().await;
                    }
                    back_off(0)
                }
                _ => return Err(failure),
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes calls page by page. `next` takes what it wants of an answer and gives the token of the page after it.
    pub(super) async fn pages<T, E, F>(
        &self,
        call: &'static Call,
        send: impl Fn(Option<String>) -> F,
        mut take: impl FnMut(T) -> Option<String>,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<Failure>,
    {
        let mut seen = HashSet::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let answer = self.call(call, || send(token.clone())).await?;
            token = take(answer).filter(|token| !token.is_empty());
            match &token {
                None => return Ok(()),
                Some(next) if seen.insert(next.clone()) => {}
                Some(_) => break,
            }
        }
        let message = "the service gives the same page again and again";
        Err(Failure::new(Kind::Refused, "RepeatedPage", message))
    }

    /// The failure of what is known to be out of order.
    fn known_failure(&self, call: &'static Call) -> Option<Failure> {
        if self.hub.is_stopped() {
            return Some(Failure::interrupted());
        }
        let broken = self.hub.broken.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = [IN_A_ROW.0, IN_A_ROW.1];
        let mut known = self.parts(call).into_iter().zip(limits);
        known.find_map(|(part, limit)| {
            let (_, failure) = broken.get(&part).filter(|(times, _)| *times >= limit)?;
            Some(failure.clone())
        })
    }

    /// Notes whether a call failed for good by something out of order.
    fn note(&self, call: &'static Call, failure: Option<&Failure>) {
        let mut broken = self.hub.broken.lock().unwrap_or_else(PoisonError::into_inner);
        for part in self.parts(call) {
            match failure {
                Some(failure)
                    if matches!(
                        failure.kind,
                        Kind::Throttled | Kind::Transient | Kind::TimedOut | Kind::Expired
                    ) =>
                {
                    let entry = broken.entry(part).or_insert_with(|| (0, failure.clone()));
                    entry.0 += 1;
                }
                _ => {
                    broken.remove(&part);
                }
            }
        }
    }

    fn parts(&self, call: &'static Call) -> [Broken; 2] {
        let part = |name| (self.account.clone(), self.region.clone(), call.service, name);
        [part(Some(call.name)), part(None)]
    }
}
