//! `fortem-compile completions`: what makes a shell complete the arguments.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use fortem_core::Problems;

use super::Arguments;
use super::build::print;

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (mut command, name) = (Arguments::command(), env!("CARGO_PKG_NAME"));
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
