//! The `fortem-lint` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    fortem_lint::cli::run()
}
