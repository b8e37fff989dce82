//! `fortem-lint completions`.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Arguments;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            env!("CARGO_PKG_NAME"),
            &mut script,
        );
        stdout().write_all(&script)?;
        Ok(Exit::Clean)
    }
}
