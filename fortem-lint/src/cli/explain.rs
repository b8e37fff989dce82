//! `fortem-lint explain` and `fortem-lint rules`.

use std::io::{self, IsTerminal, Write, stdout};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::colour::Colour;
use super::rule_name;
use crate::exit::Exit;
use crate::rules::{self, Rule, page};

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The id or name of a rule: `FL110`, `runtask-no-cluster`.
    #[arg(value_parser = rule_name::one)]
    rule: String,
}

#[derive(Debug, Args)]
pub(super) struct Rules {
    /// The format of the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// A format of the list of rules.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ListFormat {
    /// One line a rule.
    Text,
    /// Everything that is known of each rule.
    Json,
    /// A table with links to the pages of the rules.
    Md,
}

impl Explain {
    pub(super) fn run(self, colour: Colour) -> Result<Exit> {
        let Some(rule) = rules::find(&self.rule) else {
            bail!("there is no rule `{}`; `fortem-lint rules` lists them", self.rule)
        };
        let styled = colour.is_wanted(stdout().is_terminal());
        write!(stdout(), "{}", page::text(rule.meta(), styled))?;
        Ok(Exit::Clean)
    }
}

impl Rules {
    pub(super) fn run(self) -> Result<Exit> {
        let (rules, mut out) = (rules::all(), io::BufWriter::new(stdout().lock()));
        match self.format {
            ListFormat::Text => write_lines(rules, &mut out)?,
            ListFormat::Md => write!(out, "{}", page::index(rules))?,
            ListFormat::Json => {
                let all: Vec<_> = rules.iter().map(|rule| rule.meta()).collect();
                serde_json::to_writer_pretty(&mut out, &all).map_err(io::Error::from)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(Exit::Clean)
    }
}

fn write_lines(rules: &[&'static dyn Rule], out: &mut dyn Write) -> io::Result<()> {
    for meta in rules.iter().map(|rule| rule.meta()) {
        writeln!(out, "{}  {:<36}  {:<13}  {}", meta.id, meta.name, meta.severity, meta.summary)?;
    }
    Ok(())
}
