//! What is accepted, what was there before, and which day it is.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use jiff::civil::Date;

use super::colour::Colour;
use super::diagnose;
use crate::baseline::Baseline;
use crate::date;
use crate::ignore::{FILE, Ignores};
use crate::source::Source;

#[derive(Debug, Args)]
#[command(next_help_heading = "Accepted and known findings")]
pub(super) struct Accepting {
    /// The file of ignores: entries `[[ignore]]` with `rule`, `reason`, `owner` and `expires`, and if need be `account`,
    /// `arn` and `environment`. Without it, `fortem-lint.toml` in the current folder is read if there is one.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    ignore_file: Option<PathBuf>,

    /// Ignores nothing, whatever files say.
    #[arg(long, conflicts_with = "ignore_file")]
    no_ignores: bool,

    /// Findings that were there before: only others are listed and count.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    baseline: Option<PathBuf>,

    /// Writes the findings of this run as a baseline; the exit code is then that of a run with it.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) write_baseline: Option<PathBuf>,

    /// The day (UTC) on which ignores have expired or not, and data is old or not. Without it, the day of the run.
    #[arg(long, value_name = "DAY", value_parser = date::day)]
    today: Option<Date>,
}

/// What the arguments name.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) ignores: Option<Ignores>,
    pub(super) baseline: Option<Baseline>,
    pub(super) today: Date,
}

impl Accepting {
    /// Reads the files; none if a mistake in one of them has been told.
    pub(super) fn read(&self, colour: Colour) -> Result<Option<Terms>> {
        let ignores = match self.ignores()?.map(Ignores::read) {
            None => None,
            Some(Ok(ignores)) => Some(ignores),
            Some(Err((source, mistakes))) => {
                tell(&diagnose::render(
                    &source,
                    &mistakes,
                    colour.is_wanted(stderr().is_terminal()),
                ));
                return Ok(None);
            }
        };
        let baseline = self.baseline.as_deref().map(baseline).transpose()?;
        let today = self.today.unwrap_or_else(today);
        Ok(Some(Terms { ignores, baseline, today }))
    }

    fn ignores(&self) -> Result<Option<Source>> {
        let found = Path::new(FILE);
        let path = match &self.ignore_file {
            _ if self.no_ignores => return Ok(None),
            Some(path) => path,
            None if found.is_file() => found,
            None => return Ok(None),
        };
        Ok(Some(Source::new(path.to_string_lossy(), text(path)?)))
    }
}

fn baseline(path: &Path) -> Result<Baseline> {
    Baseline::read(&text(path)?).map_err(|error| anyhow::anyhow!("{} {error}", path.display()))
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The day by the clock of the system.
fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[expect(clippy::print_stderr, reason = "printing is what a command does")]
fn tell(text: &str) {
    eprint!("{text}");
}
