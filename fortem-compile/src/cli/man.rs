//! `fortem-compile man`: a manual page for each command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, ValueHint};
use fortem_core::{Problem, Problems};

use super::Arguments;

/// The arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// An existing folder.
    #[arg(value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

impl Man {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        clap_mangen::generate_to(Arguments::command(), &self.folder).map_err(|error| {
            let message = format!("cannot write to `{}`: {error}", self.folder.display());
            Problem::new("fortem::output::unwritable", message)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
