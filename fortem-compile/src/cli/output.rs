//! Where an answer goes: to standard output, or to a file.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use fortem_compile::files;
use fortem_core::{Problem, Problems};

use super::build::print;

/// The argument that names a file for the answer.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// The file that the answer is written to; a file that is there is replaced as a whole.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl Output {
    pub(super) fn write(&self, text: &str) -> Result<(), Problems> {
        let Some(path) = &self.output else { return print(text) };
        files::replace(path, text).map_err(|error| {
            let message = format!("cannot write `{}`: {error}", path.display());
            Problem::new("fortem::output::unwritable", message).into()
        })
    }
}
