//! `fortem-lint audit`: collects and checks in one go.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueHint};

use super::check::Judging;
use super::collecting::Collecting;
use super::colour::Colour;
use crate::exit::{Exit, TABLE};
use crate::input::Entry;

#[derive(Debug, Args)]
#[command(after_help = TABLE)]
pub(super) struct Audit {
    /// The folder for the snapshot, which is then kept; it must be empty or not there.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,

    #[command(flatten)]
    collecting: Collecting,

    #[command(flatten)]
    judging: Judging,
}

impl Audit {
    pub(super) fn run(self, colour: Colour) -> Result<Exit> {
        let scratch = tempfile::tempdir().context("cannot make a folder for the snapshot")?;
        let name = self.out.is_none().then(|| "snapshot".to_owned());
        let path = self.out.unwrap_or_else(|| scratch.path().join("snapshot"));
        self.collecting.run(&path, false, self.judging.is_quiet())?;
        let entries = vec![Entry::Snapshot { path, name }];
        self.judging.run("the snapshot", entries, Vec::new(), colour)
    }
}
