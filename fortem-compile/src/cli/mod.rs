//! Arguments in, exit code out; the only part that prints.

#![expect(clippy::print_stderr, reason = "printing is what a command does")]

mod build;
mod diagnose;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Compiles Cedar roles and guards to AWS IAM policies.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    build: build::Build,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the IAM policies and a report. What a bare `fortem-compile` does.
    Build(build::Build),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  written
  1  the policies cannot be compiled, or the output cannot be written; nothing was written
  2  wrong arguments";

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let build = match arguments.command {
        Some(Command::Build(build)) => build,
        None => arguments.build,
    };
    match build.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            eprint!("{}", diagnose::render(problems.as_slice()));
            ExitCode::FAILURE
        }
    }
}
