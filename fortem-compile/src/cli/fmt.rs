//! `fortem-compile fmt`: Cedar files laid out anew, each as a whole or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueHint};
use fortem_compile::{files, format};
use fortem_core::{Problem, Problems, SourceFile};

use super::build::print;

const EXIT_CODES: &str = "\
Exit codes:
  0   done; with --check: nothing to do
  1   some file cannot be read or does not parse, and none was changed
  2   wrong arguments
  10  with --check: some file is laid out in another way";

/// The arguments of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Fmt {
    /// Cedar files, and directories with such.
    #[arg(value_name = "PATH", default_value = "policies", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// Changes nothing; names the files that would be changed.
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let changes = self.changes()?;
        if !self.check {
            for (path, text) in &changes {
                files::replace(path, text).map_err(|error| unwritten(path, &error))?;
            }
        }
        let names = changes.iter().map(|(path, _)| format!("{}\n", path.display()));
        print(&names.collect::<String>())?;
        let differs = self.check && !changes.is_empty();
        Ok(if differs { ExitCode::from(super::DIFFERENCE) } else { ExitCode::SUCCESS })
    }

    /// The files that are laid out in another way, with their new texts.
    fn changes(&self) -> Result<Vec<(PathBuf, String)>, Problems> {
        let mut changes = Vec::new();
        let mut problems = Vec::new();
        for path in format::cedar_files(&self.paths)? {
            match formatted(&path) {
                Ok(change) => changes.extend(change.map(|text| (path, text))),
                Err(found) => problems.extend(found.into_vec()),
            }
        }
        Problems::unless(problems, changes)
    }
}

/// The new text of a file; none if it is laid out so already.
fn formatted(path: &Path) -> Result<Option<String>, Problems> {
    let file = SourceFile::read(path)?;
    let text = format::format(&file)?;
    Ok((text != file.text()).then_some(text))
}

fn unwritten(path: &Path, error: &io::Error) -> Problem {
    let message = format!("cannot write `{}`: {error}", path.display());
    Problem::new("fortem::output::unwritable", message)
}
