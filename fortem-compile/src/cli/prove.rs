//! `fortem-compile prove`: what `build` would write, proved against the policies.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use fortem_compile::compile_by;
use fortem_compile::output::OutputFile;
use fortem_compile::prove::{Outcome, Proof, ProveError, Prover};
use fortem_core::{Problem, Problems};

use super::build::explain;
use super::input::Input;

/// The environment variable that names the solver.
const SOLVER: &str = "CVC5";

const EXIT_CODES: &str = "\
Exit codes:
  0   every action of every role is proved
  1   some proof could not be made
  2   wrong arguments
  10  there is a counterexample";

/// The arguments of `prove`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Prove {
    #[command(flatten)]
    input: Input,
    /// Only this role; may be given several times.
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
}

impl Prove {
    pub(super) fn run(&self) -> Result<ExitCode, Problems> {
        let (source, reference) = (self.input.source()?, self.input.reference()?);
        let compiled = compile_by(&source, &reference, &self.roles).map_err(explain)?;
        let solver = env::var_os(SOLVER).filter(|path| !path.is_empty()).ok_or_else(no_solver)?;
        let mut prover = Prover::new(&source, compiled.world(), solver.as_ref())
            .map_err(|error| failed(&error))?;
        let mut exit = Exit::default();
        for (identity, documents) in &compiled.documents {
            let written = documents.iter().enumerate();
            let written = written.map(|(index, one)| (identity.file(index), one.to_json()));
            let written: Vec<OutputFile> = written.collect();
            for action in source.vocabulary().actions() {
                let proof = prover.prove(identity.role, action.name(), &written);
                let proof = proof.map_err(|error| failed(&error))?;
                print(&proof)?;
                exit.take(&proof);
            }
        }
        Ok(exit.code())
    }
}

/// What the proofs come to.
#[derive(Debug, Default)]
struct Exit {
    counterexample: bool,
    open: bool,
}

impl Exit {
    fn take(&mut self, proof: &Proof) {
        match proof.outcome() {
            Outcome::Proved | Outcome::NoCall => {}
            Outcome::Counterexample(_) => self.counterexample = true,
            _ => self.open = true,
        }
    }

    fn code(&self) -> ExitCode {
        match (self.counterexample, self.open) {
            (true, _) => ExitCode::from(super::DIFFERENCE),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

fn print(proof: &Proof) -> Result<(), Problems> {
    writeln!(io::stdout(), "{proof}").map_err(|error| {
        let message = format!("cannot write to standard output: {error}");
        Problem::new("fortem::output::unwritable", message).into()
    })
}

fn no_solver() -> Problems {
    Problem::new("fortem::prove::no_solver", format!("`{SOLVER}` names no solver"))
        .help(format!("install cvc5 and set {SOLVER} to its path: {SOLVER}=\"$(command -v cvc5)\""))
        .into()
}

fn failed(error: &ProveError) -> Problems {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
    Problem::new("fortem::prove::failed", message).into()
}
