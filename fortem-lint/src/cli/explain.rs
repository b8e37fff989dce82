//! `fortem-lint explain` and `fortem-lint rules`.

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use clap::Args;

use crate::exit::Exit;
use crate::rules;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The id or name of a rule.
    rule: String,
}

#[derive(Debug, Args)]
pub(super) struct Rules {}

impl Explain {
    pub(super) fn run(self) -> Result<Exit> {
        let Some(rule) = rules::find(&self.rule) else { bail!("there is no rule `{}`", self.rule) };
        writeln!(stdout(), "{:#?}", rule.meta())?;
        Ok(Exit::Clean)
    }
}

impl Rules {
    pub(super) fn run(self) -> Result<Exit> {
        for rule in rules::all() {
            let meta = rule.meta();
            writeln!(
                stdout(),
                "{} {:<28} {:<9} {}",
                meta.id,
                meta.name,
                meta.severity,
                meta.summary
            )?;
        }
        Ok(Exit::Clean)
    }
}
