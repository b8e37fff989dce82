//! How far a collection is: bars on a terminal, lines elsewhere.

use std::io::{Write, stderr};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::collect::{self, Counters};

/// What tells the progress.
pub(super) struct Progress {
    counters: Arc<Counters>,
    shown: Shown,
    started: Instant,
}

enum Shown {
    Bars(Box<Bars>),
    Lines(Mutex<Lines>),
    Nothing,
}

struct Bars {
    all: MultiProgress,
    accounts: ProgressBar,
    regions: ProgressBar,
    clusters: ProgressBar,
    calls: ProgressBar,
}

/// What was told last.
#[derive(Default)]
struct Lines {
    at: Option<Instant>,
    accounts: usize,
}

/// How long nothing is told between two lines.
const BETWEEN: Duration = Duration::from_secs(10);

impl Progress {
    pub(super) fn new(counters: Arc<Counters>, quiet: bool, is_terminal: bool) -> Self {
        let shown = match (quiet, is_terminal) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Bars(Box::new(Bars::new())),
            (false, false) => Shown::Lines(Mutex::default()),
        };
        Self { counters, shown, started: Instant::now() }
    }

    /// Brings what is shown up to date.
    pub(super) fn tick(&self) {
        match &self.shown {
            Shown::Bars(bars) => bars.update(&self.counters, self.started.elapsed()),
            Shown::Lines(lines) => self.line(lines),
            Shown::Nothing => {}
        }
    }

    /// Says something between.
    pub(super) fn say(&self, text: &str) {
        match &self.shown {
            Shown::Bars(bars) => drop(bars.all.println(text)),
            Shown::Lines(_) => drop(writeln!(stderr(), "{text}")),
            Shown::Nothing => {}
        }
    }

    /// Takes the bars away.
    pub(super) fn finish(&self) {
        if let Shown::Bars(bars) = &self.shown {
            let all = [&bars.accounts, &bars.regions, &bars.clusters, &bars.calls];
            all.into_iter().for_each(ProgressBar::finish_and_clear);
        }
    }

    /// A line with each account that is done, and from time to time between.
    fn line(&self, lines: &Mutex<Lines>) {
        let mut lines = lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let done = self.counters.accounts.done();
        let last = lines.at.unwrap_or(self.started);
        if done == lines.accounts && last.elapsed() < BETWEEN {
            return;
        }
        *lines = Lines { at: Some(Instant::now()), accounts: done };
        let counters = &self.counters;
        self.say(&format!(
            "accounts {done}/{}, Regions {}/{}, clusters {}/{}, {} calls, {} throttled",
            counters.accounts.total(),
            counters.regions.done(),
            counters.regions.total(),
            counters.clusters.done(),
            counters.clusters.total(),
            counters.calls(),
            counters.throttled(),
        ));
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::new();
        let style = |template: &str| {
            ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸─")
        };
        let bar = |name: &'static str| {
            let bar = all.add(ProgressBar::new(0));
            bar.set_style(style("{prefix:>9} {bar:32} {pos}/{len}  {msg}"));
            bar.set_prefix(name);
            bar
        };
        let (accounts, regions, clusters) = (bar("accounts"), bar("Regions"), bar("clusters"));
        let calls = all.add(ProgressBar::new_spinner());
        calls.set_style(style("{prefix:>9} {msg}"));
        calls.set_prefix("calls");
        Self { all, accounts, regions, clusters, calls }
    }

    fn update(&self, counters: &Counters, elapsed: Duration) {
        let bars = [
            (&self.accounts, &counters.accounts),
            (&self.regions, &counters.regions),
            (&self.clusters, &counters.clusters),
        ];
        for (bar, progress) in bars {
            bar.set_length(progress.total() as u64);
            bar.set_position(progress.done() as u64);
            bar.set_message(remaining(progress, elapsed));
        }
        let seconds = elapsed.as_secs().max(1);
        let rate = counters.calls() as u64 / seconds;
        self.calls.set_message(format!(
            "{} ({rate} a second), {} throttled, {} made again",
            counters.calls(),
            counters.throttled(),
            counters.retried()
        ));
        self.calls.tick();
    }
}

/// How long the rest will take if it goes on as before.
fn remaining(progress: &collect::Progress, elapsed: Duration) -> String {
    let (done, total) = (progress.done(), progress.total());
    if done == 0 || done >= total {
        return String::new();
    }
    let left = elapsed.as_secs() * (total - done) as u64 / done as u64;
    format!("{}:{:02} left", left / 60, left % 60)
}
