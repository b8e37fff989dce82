//! The `fortem-lint` command.

use clap::Parser;

/// Audits AWS accounts for whatever lets a person cross an environment.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {}

fn main() {
    Arguments::parse();
}
