//! `fortem-compile simulate`: cases for the AWS policy simulator.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueHint};
use fortem_compile::{compile_by, output, simulate};
use fortem_core::Problems;

use super::build::{explain, print, unwritten};
use super::fault;
use super::input::Input;

/// The arguments of `simulate`.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    input: Input,
    /// The directory to write. Earlier cases there are replaced.
    #[arg(long, value_name = "DIR", default_value = "simulation", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Only this role; may be given several times.
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
}

impl Simulate {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (source, reference) = (self.input.source()?, self.input.reference()?);
        let compiled = compile_by(&source, &reference, &self.roles).map_err(explain)?;
        let world = compiled.world();
        let cases = simulate::cases(&source, &compiled, &world);
        let cases = cases.map_err(|error| fault("cannot read a document back", &error))?;
        let files = simulate::files(&world, &cases);
        let files = files.map_err(|error| fault("cannot write the cases as JSON", &error))?;
        output::write_as(&self.out, &files, &simulate::CONTENTS)
            .map_err(|error| unwritten(&error))?;
        let out = self.out.display();
        print(&format!(
            "{out}: {} cases; ask the simulator with `sh {out}/run.sh`\n",
            cases.len()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
