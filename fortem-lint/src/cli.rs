//! Arguments in, exit code out; the only part that prints.

#[cfg(feature = "live")]
mod audit;
mod check;
#[cfg(feature = "live")]
mod collect;
#[cfg(feature = "live")]
mod collecting;
mod colour;
mod completions;
mod diagnose;
mod diff;
mod drift;
mod explain;
mod fix;
mod fleet;
#[cfg(feature = "live")]
mod iam_policy;
mod inputs;
mod man;
#[cfg(feature = "live")]
mod progress;
mod rule_name;
mod terms;
mod who_can;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::colour::Colour;
use crate::exit::{Exit, TABLE};

/// Audits AWS accounts for whatever lets a person cross an environment.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = TABLE)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// When text has colours.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    color: Colour,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judges files: authorization details, policies, plans, templates, snapshots.
    Check(Box<check::Check>),
    /// Reads accounts through the AWS APIs into a snapshot, which `check` judges.
    #[cfg(feature = "live")]
    Collect(Box<collect::Collect>),
    /// Reads accounts through the AWS APIs and judges them in one go; so does the program without a command.
    #[cfg(feature = "live")]
    Audit(Box<audit::Audit>),
    /// Prints the policy that reading accounts takes.
    #[cfg(feature = "live")]
    IamPolicy(iam_policy::IamPolicy),
    /// Says what is new and what is fixed between two reports of `check --format json`.
    Diff(diff::Diff),
    /// Compares an account with the Cedar source: what it allows beyond it, and what it does not let through.
    Drift(Box<drift::Drift>),
    /// Says what a rule is about, why it matters and what to do.
    Explain(explain::Explain),
    /// Lists the rules.
    Rules(explain::Rules),
    /// Lists who can do something in an environment: by which statement, under which conditions and by which way.
    WhoCan(Box<who_can::WhoCan>),
    /// Prints what makes a shell complete the arguments.
    Completions(completions::Completions),
    /// Writes a manual page for each command.
    #[command(hide = true)]
    Man(man::Man),
}

/// Runs the command with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = with_command(std::env::args_os().collect());
    let Arguments { command, color } = Arguments::parse_from(arguments);
    let result = match command {
        Command::Check(check) => check.run(color),
        #[cfg(feature = "live")]
        Command::Collect(collect) => collect.run(),
        #[cfg(feature = "live")]
        Command::Audit(audit) => audit.run(color),
        #[cfg(feature = "live")]
        Command::IamPolicy(policy) => policy.run(),
        Command::Diff(diff) => diff.run(),
        Command::Drift(drift) => drift.run(color),
        Command::Explain(explain) => explain.run(color),
        Command::Rules(rules) => rules.run(),
        Command::WhoCan(who_can) => who_can.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    ExitCode::from(result.unwrap_or_else(|error| fail(&error)).code())
}

/// Whoever names no command wants an audit, with or without its options.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    const OF_THE_PROGRAM: [&str; 5] = ["-h", "--help", "-V", "--version", "--color"];
    let is_audit = arguments.get(1).is_none_or(|first| {
        let first = first.to_string_lossy();
        let name = first.split('=').next().unwrap_or_default();
        first.starts_with('-') && !OF_THE_PROGRAM.contains(&name)
    });
    if cfg!(feature = "live") && is_audit {
        arguments.insert(1.min(arguments.len()), "audit".into());
    }
    arguments
}

#[expect(clippy::print_stderr, reason = "printing is what a command does")]
fn fail(error: &anyhow::Error) -> Exit {
    // Whoever reads the output has closed it, as `head` does.
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|one| one.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return Exit::Clean;
    }
    eprintln!("error: {error:#}");
    Exit::Failed
}
