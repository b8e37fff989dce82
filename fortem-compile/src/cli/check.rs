//! `fortem-compile check`: is the output what the sources say?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum, ValueHint};
use fortem_compile::check::{CheckError, check};
use fortem_core::Problems;

use super::build::{explain, no_output, print};
use super::input::Input;
use super::{DIFFERENCE, fault};

const EXIT_CODES: &str = "\
Exit codes:
  0   every file is, byte for byte, what the sources say
  1   the sources are refused, or there is no output to compare
  2   wrong arguments
  10  something differs";

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Check {
    #[command(flatten)]
    input: Input,
    /// The directory that `build` wrote.
    #[arg(long, value_name = "DIR", default_value = "out", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// How to say what differs.
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    format: Format,
}

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Check {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (source, reference) = (self.input.source()?, self.input.reference()?);
        let drift = check(&source, &reference, &self.out).map_err(refused)?;
        match self.format {
            Format::Text => {
                print(&drift.to_string())?;
                super::show(&drift.problems);
            }
            Format::Json => {
                let json = serde_json::to_string_pretty(&drift);
                print(&(json.map_err(|error| fault("cannot write the answer", &error))? + "\n"))?;
            }
        }
        Ok(if drift.equal { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENCE) })
    }
}

fn refused(error: CheckError) -> Problems {
    match error {
        CheckError::Compile(error) => explain(error),
        CheckError::Directory(problems) => problems,
        CheckError::Output(error) => no_output(error),
    }
}
