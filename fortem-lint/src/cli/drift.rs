//! `fortem-lint drift`.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use fortem_compile::reference::Reference;

use super::colour::Colour;
use super::{fleet, inputs};
use crate::drift::{Intended, drift};
use crate::environments::Environments;
use crate::exit::Exit;
use crate::finding::Severity;
use crate::report::{self, DriftFormat};

/// The exit codes, as far as they mean something else here.
const CODES: &str = "\
Exit codes:
  0     no drift: the account allows what the source permits, no more and no less
  1, 2  as of every command
  3     no drift was found, but something could not be compared
  13    the source permits what does not work, or forbids what the account no longer denies
  14    the account allows what the source does not permit";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(super) struct Drift {
    #[command(flatten)]
    accounts: inputs::Accounts,

    /// The folder with the Cedar source: fleet file, roles and guards.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "policies")]
    policies: PathBuf,

    /// The only role that is compared.
    #[arg(long, value_name = "NAME")]
    role: Option<String>,

    /// The format of what differs.
    #[arg(long, value_enum, default_value_t = DriftFormat::Text)]
    format: DriftFormat,

    /// The file that it is written to; a file that is there is replaced once all is written.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl Drift {
    pub(super) fn run(&self, colour: Colour) -> Result<Exit> {
        let reference = Reference::builtin().map_err(|error| anyhow::anyhow!("{error}"))?;
        let source = fleet::source(&self.policies)?;
        if let Some(role) = &self.role
            && !source.roles().any(|one| one.id() == role)
        {
            let roles: Vec<&str> = source.roles().map(fortem_core::Policy::id).collect();
            inputs::tell_unknown("role", role, &roles)?;
            return Ok(Exit::Usage);
        }
        let intended = Intended::of(&source)
            .with_context(|| format!("cannot compile `{}`", self.policies.display()))?;
        let environments = Environments::of_fleet(source.fleet());
        let inputs = self.accounts.read(false)?;
        let mut found = drift(
            &inputs.units,
            inputs.organization.as_ref(),
            &environments,
            &intended,
            reference,
            self.role.as_deref(),
        );
        found.not_assessed.splice(0..0, inputs.not_assessed);
        let is_colour = colour.is_wanted(self.output.is_none() && stdout().is_terminal());
        let mut text = Vec::new();
        report::write_drift(&found, self.format, is_colour, &mut text)?;
        inputs::write(self.output.as_deref(), text)?;
        Ok(Exit::of_worst(found.worst(), found.is_incomplete(), Severity::Low))
    }
}
