//! `fortem-lint man`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, CommandFactory, ValueHint};

use super::Arguments;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(super) struct Man {
    /// An existing folder.
    #[arg(value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

impl Man {
    pub(super) fn run(self) -> Result<Exit> {
        clap_mangen::generate_to(Arguments::command(), &self.folder)
            .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        Ok(Exit::Clean)
    }
}
