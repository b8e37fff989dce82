//! `fortem-compile init`: a fleet to begin with.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueHint};
use fortem_compile::scaffold;
use fortem_core::Problems;

use super::build::print;

/// The arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The directory to write to; nothing that is there is changed.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    directory: PathBuf,
}

impl Init {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let written = scaffold::write(&self.directory)?;
        let lines = written.iter().map(|path| format!("{}\n", path.display()));
        print(&format!("{}\nnow: {}\n", lines.collect::<String>(), self.next()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn next(&self) -> String {
        if self.directory == Path::new(".") {
            return "fortem-compile build".to_owned();
        }
        format!("cd {} && fortem-compile build", self.directory.display())
    }
}
