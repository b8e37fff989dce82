//! `fortem-lint collect`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};

use super::collecting::Collecting;
use crate::exit::{Exit, TABLE};

#[derive(Debug, Args)]
#[command(after_help = TABLE)]
pub(super) struct Collect {
    /// The folder for the snapshot; it must be empty or not there.
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,

    /// Goes on with the collection in the folder: what is whole stays, and what could not be read is tried again.
    #[arg(long)]
    resume: bool,

    /// Tells nothing but errors.
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    collecting: Collecting,
}

impl Collect {
    pub(super) fn run(&self) -> Result<Exit> {
        let manifest = self.collecting.run(&self.out, self.resume, self.quiet)?;
        let is_finished = manifest.run.as_ref().is_some_and(|run| run.is_finished);
        let is_whole = is_finished && manifest.unread.is_empty();
        Ok(if is_whole { Exit::Clean } else { Exit::Incomplete })
    }
}
