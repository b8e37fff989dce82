//! `fortem-lint diff`.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum, ValueHint};

use crate::difference::{Difference, Run};
use crate::exit::Exit;
use crate::finding::Severity;
use crate::report;

/// The exit codes, as far as they mean something else here.
const CODES: &str = "\
Exit codes:
  0      nothing new at or above --fail-on
  1, 2   as of every command
  3      nothing new, but the later report is incomplete
  11–15  the worst new finding is informational, low, medium, high, critical";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct Diff {
    /// The earlier report, of `check --format json`.
    #[arg(value_hint = ValueHint::FilePath)]
    old: PathBuf,

    /// The later report.
    #[arg(value_hint = ValueHint::FilePath)]
    new: PathBuf,

    /// The format of what changed.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    format: DiffFormat,

    /// The mildest severity that the exit code tells.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Severity::Low)]
    fail_on: Severity,
}

/// A format of what changed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DiffFormat {
    /// One line a finding, and counts.
    Text,
    /// One JSON object.
    Json,
}

impl Diff {
    pub(super) fn run(&self) -> Result<Exit> {
        let difference = Difference::between(&read(&self.old)?, &read(&self.new)?);
        let mut out = std::io::BufWriter::new(stdout().lock());
        match self.format {
            DiffFormat::Text => report::write_difference(&difference, &mut out)?,
            DiffFormat::Json => {
                serde_json::to_writer_pretty(&mut out, &difference)
                    .map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(Exit::of_worst(difference.worst(), difference.incomplete, self.fail_on))
    }
}

fn read(path: &Path) -> Result<Run> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Run::read(&text).map_err(|error| anyhow::anyhow!("{} {error}", path.display()))
}
