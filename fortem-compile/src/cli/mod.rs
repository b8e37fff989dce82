//! Arguments in, exit code out; the only part that prints.

#![expect(clippy::print_stderr, reason = "printing is what a command does")]

mod build;
mod check;
mod completions;
mod diagnose;
mod diff;
mod eval;
mod explain;
mod fmt;
mod init;
mod input;
mod man;
mod matrix;
mod output;
#[cfg(feature = "prove")]
mod prove;
mod simulate;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fortem_core::{Problem, Problems};

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
    /// Compares the output with what the policies say now, byte for byte. For CI.
    Check(check::Check),
    /// Compares what two sides grant: sources, outputs or IAM documents.
    Diff(diff::Diff),
    /// Tells why a call or an action is allowed or not: by which statement, from which line of Cedar.
    Explain(explain::Explain),
    /// Shows who may do what where: role, action, environment.
    Matrix(matrix::Matrix),
    /// Answers whether IAM allows the calls of a file, one JSON line a call.
    Eval(eval::Eval),
    /// Proves that the IAM policies mean what the Cedar policies say, with the solver that CVC5 names.
    #[cfg(feature = "prove")]
    Prove(prove::Prove),
    /// Writes cases for the AWS policy simulator, with the answers that are expected of it.
    Simulate(simulate::Simulate),
    /// Writes a fleet to begin with: policies, a GitHub workflow and a pre-commit configuration.
    Init(init::Init),
    /// Lays Cedar files out as Cedar's formatter does.
    Fmt(fmt::Fmt),
    /// Prints what makes a shell complete the arguments.
    Completions(completions::Completions),
    /// Writes a manual page for each command.
    #[command(hide = true)]
    Man(man::Man),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; with eval: every answer is the expected one; with diff: equal
  1  refused, and nothing was written; with eval: some answer is an error or not the expected one
  2  wrong arguments
  10 the documents do not say what Cedar says, and nothing was written; with check: something differs;
     with diff: not equal; with explain: not allowed";

/// The exit code for documents that differ from Cedar.
const DIFFERENCE: u8 = 10;

pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Some(Command::Build(build)) => build.run(),
        Some(Command::Check(check)) => check.run(),
        Some(Command::Diff(diff)) => diff.run(),
        Some(Command::Explain(explain)) => explain.run(),
        Some(Command::Matrix(matrix)) => matrix.run(),
        Some(Command::Eval(eval)) => eval.run(),
        #[cfg(feature = "prove")]
        Some(Command::Prove(prove)) => prove.run(),
        Some(Command::Simulate(simulate)) => simulate.run(),
        Some(Command::Init(init)) => init.run(),
        Some(Command::Fmt(fmt)) => fmt.run(),
        Some(Command::Completions(completions)) => completions.run(),
        Some(Command::Man(man)) => man.run(),
        None => arguments.build.run(),
    };
    result.unwrap_or_else(|problems| {
        show(problems.as_slice());
        ExitCode::FAILURE
    })
}

fn show(problems: &[Problem]) {
    eprint!("{}", diagnose::render(problems));
}

/// A value as indented JSON with a final line break.
fn json(value: &impl serde::Serialize) -> Result<String, Problems> {
    let text = serde_json::to_string_pretty(value);
    Ok(text.map_err(|error| fault("cannot write the answer as JSON", &error))? + "\n")
}

/// Something that no input should bring about.
fn fault(message: &str, cause: &dyn Error) -> Problems {
    Problem::new("fortem::fault", format!("{message}: {cause}"))
        .help("this is a fault of fortem-compile, not of your policies; please report it")
        .into()
}
