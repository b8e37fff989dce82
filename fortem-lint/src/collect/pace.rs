//! How many calls are under way, and how fast they follow each other.
//!
//! A family of calls in a Region of an account has a token bucket. It is open until the service throttles; then it is set
//! below the rate that was too high, and widens again slowly while nothing is throttled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// A family of calls in a Region of an account.
pub(super) type Key = (Arc<str>, Arc<str>, &'static str);

/// What bounds the calls of a collection.
#[derive(Debug)]
pub(super) struct Pace {
    overall: Semaphore,
    of_account: usize,
    accounts: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
    most: Option<Mutex<Bucket>>,
    families: Mutex<HashMap<Key, Bucket>>,
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Permit<'p> {
    _of_account: OwnedSemaphorePermit,
    _overall: SemaphorePermit<'p>,
}

/// The slowest that a throttled family gets, in calls a second.
const SLOWEST: f64 = 0.5;
/// What is left of a rate that was throttled.
const CUT: f64 = 0.7;
/// What a rate gains in a second without throttling, in calls a second and as a share of it.
const GAIN: (f64, f64) = (0.5, 0.1);
/// How long a cut stands before the next: calls that were under way are throttled too.
const HOLD: Duration = Duration::from_secs(1);

/// A token bucket that holds a tenth of a second's calls.
#[derive(Debug)]
struct Bucket {
    /// Calls a second; open if none.
    rate: Option<f64>,
    /// When the next call may be made.
    next: Instant,
    /// When the rate was cut or widened last.
    changed: Instant,
    /// When counting began, and how many calls were answered since.
    counted: (Instant, u32),
}

impl Bucket {
    fn new(rate: Option<f64>, now: Instant) -> Self {
        Self { rate, next: now, changed: now, counted: (now, 0) }
    }

    /// When a call may be made that wants to be made now.
    fn take(&mut self, now: Instant) -> Instant {
        let Some(rate) = self.rate else { return now };
        let held = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
        let at = self.next.max(held);
        self.next = at + Duration::from_secs_f64(1.0 / rate);
        at.max(now)
    }

    fn answered(&mut self, now: Instant) {
        let (since, count) = self.counted;
        self.counted =
            if now - since > Duration::from_secs(2) { (now, 1) } else { (since, count + 1) };
        if let Some(rate) = &mut self.rate
            && now.saturating_duration_since(self.changed) > HOLD
        {
            *rate += GAIN.0 + *rate * GAIN.1;
            self.changed = now;
        }
    }

    fn throttled(&mut self, now: Instant) {
        if self.rate.is_some() && now.saturating_duration_since(self.changed) < HOLD {
            return;
        }
        let (since, count) = self.counted;
        let seconds = (now - since).as_secs_f64().max(0.1);
        let measured = f64::from(count) / seconds;
        let rate = self.rate.map_or(measured, |rate| rate.min(measured.max(SLOWEST)));
        self.rate = Some((rate * CUT).max(SLOWEST));
        self.changed = now;
        self.counted = (now, 0);
    }
}

impl Pace {
    /// At most `concurrency` calls at once, `of_account` of them into one account, and `most` a second.
    pub(super) fn new(concurrency: usize, of_account: usize, most: Option<f64>) -> Self {
        let now = Instant::now();
        Self {
            overall: Semaphore::new(concurrency.max(1)),
            of_account: of_account.max(1),
            accounts: Mutex::default(),
            most: most.map(|rate| Mutex::new(Bucket::new(Some(rate), now))),
            families: Mutex::default(),
        }
    }

    /// Waits until a call of a family may be made; it is under way as long as the permit is held.
    pub(super) async fn turn(&self, key: &Key) -> Option<Permit<'_>> {
        let own = self.of_family(key, |bucket, now| bucket.take(now));
        tokio::time::sleep_until(own).await;
        let of_account = self.account(&key.0).acquire_owned().await.ok()?;
        let overall = self.overall.acquire().await.ok()?;
        let permit = Permit { _of_account: of_account, _overall: overall };
        if let Some(most) = &self.most {
            let now = Instant::now();
            let at = most.lock().unwrap_or_else(PoisonError::into_inner).take(now);
            tokio::time::sleep_until(at).await;
        }
        Some(permit)
    }

    fn account(&self, account: &Arc<str>) -> Arc<Semaphore> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = || Arc::new(Semaphore::new(self.of_account));
        accounts.entry(account.clone()).or_insert_with(of_account).clone()
    }

    /// Notes that a call was answered.
    pub(super) fn answered(&self, key: &Key) {
        self.of_family(key, Bucket::answered);
    }

    /// Notes that a call was throttled.
    pub(super) fn throttled(&self, key: &Key) {
        self.of_family(key, Bucket::throttled);
    }

    fn of_family<T>(&self, key: &Key, act: impl FnOnce(&mut Bucket, Instant) -> T) -> T {
        let now = Instant::now();
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        act(families.entry(key.clone()).or_insert_with(|| Bucket::new(None, now)), now)
    }
}

/// How long to wait before a call is made once more: a random time up to twice as long with each try, 20 seconds at most
/// ("Exponential Backoff And Jitter", AWS Architecture Blog).
pub(super) fn back_off(tries: u32) -> Duration {
    let most = Duration::from_millis(100).saturating_mul(1 << tries.min(10));
    most.min(Duration::from_secs(20)).mul_f64(fastrand::f64().max(0.05))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Bucket, back_off};

    #[test]
    fn an_open_bucket_lets_all_pass() {
        let now = Instant::now();
        let mut bucket = Bucket::new(None, now);
        assert!((0..1000).all(|_| bucket.take(now) == now));
    }

    #[test]
    fn a_rate_spaces_calls() {
        let now = Instant::now();
        let mut bucket = Bucket::new(Some(10.0), now);
        let last = (0..21).map(|_| bucket.take(now)).max().unwrap();
        let waited = last - now;
        assert!(waited >= Duration::from_millis(1800), "{waited:?}");
        assert!(waited <= Duration::from_millis(2000), "{waited:?}");
    }

    #[test]
    fn throttling_cuts_the_measured_rate_once() {
        let start = Instant::now();
        let mut bucket = Bucket::new(None, start);
        for at in 0..100 {
            bucket.answered(start + Duration::from_millis(10 * at));
        }
        let now = start + Duration::from_secs(1);
        bucket.throttled(now);
        let cut = bucket.rate.unwrap();
        assert!((60.0..80.0).contains(&cut), "{cut}");
        bucket.throttled(now + Duration::from_millis(10));
        assert_eq!(bucket.rate, Some(cut));
        bucket.answered(now + Duration::from_secs(2));
        assert!(bucket.rate.unwrap() > cut);
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        for tries in 0..64 {
            let wait = back_off(tries);
            assert!(wait > Duration::ZERO && wait <= Duration::from_secs(20), "{wait:?}");
        }
    }
}
