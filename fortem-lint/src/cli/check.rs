//! `fortem-lint check`.

use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use fortem_compile::reference::Reference;
use fortem_core::Source as FleetSource;

use super::colour::Colour;
use crate::check::{Selection, check};
use crate::date;
use crate::environments::Environments;
use crate::exit::Exit;
use crate::finding::{Persona, Severity};
use crate::input;
use crate::report::{self, Format, Style};

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// The folder with `fleet.toml`, or that file: environments, tiers, aliases and the tag key. Without it they are
    /// guessed from the input.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    fleet: Option<PathBuf>,

    /// The folder with the Cedar source: its fleet file, and the roles with which deployed policies of the same names
    /// are compared.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "fleet")]
    source: Option<PathBuf>,

    /// The format of the report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Rules to run: ids, beginnings of ids, or names.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    select: Vec<String>,

    /// Rules not to run.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,

    /// The mildest severity that is reported.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    min_severity: Option<Severity>,

    /// The mildest severity that the exit code tells.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Severity::Low)]
    fail_on: Severity,

    /// Whose rules: those of the persona and of all before it.
    #[arg(long, value_enum, default_value_t = Persona::Regular)]
    persona: Persona,

    /// The day or time (UTC) of which the inputs tell; reports repeat it.
    #[arg(long, value_name = "DATE", value_parser = date::parse, required_if_eq("format", "ocsf"))]
    date: Option<String>,

    /// Counts the findings of each rule at the end of the text.
    #[arg(long)]
    statistics: bool,

    /// One line of text a finding, and nothing else.
    #[arg(short, long)]
    quiet: bool,

    /// Tells findings by the exit code in SARIF too, where they are otherwise left to the reader.
    #[arg(long)]
    exit_code: bool,
}

impl Check {
    pub(super) fn run(self, colour: Colour) -> Result<Exit> {
        let reference = Reference::builtin().map_err(|error| anyhow::anyhow!("{error}"))?;
        let (entries, mut not_assessed) = input::entries(&self.paths);
        let read = input::read_all(&entries);
        let organization = read.organization.as_ref();
        not_assessed.extend(read.not_assessed);
        let environments = match (&self.source, &self.fleet) {
            (Some(path), _) => Environments::of_source(&load(path)?)
                .with_context(|| format!("cannot compile `{}`", path.display()))?,
            (None, Some(path)) => Environments::of_fleet(load(path)?.fleet()),
            (None, None) => {
                Environments::inferred(read.units.iter().chain(organization.map(|one| &one.unit)))
            }
        };
        let selection = Selection {
            select: self.select,
            ignore: self.ignore,
            min_severity: self.min_severity,
            persona: Some(self.persona),
            access: self.format.shows_access(),
        };
        let mut report = check(&read.units, &environments, organization, reference, &selection);
        report.inputs = read.inputs;
        not_assessed.append(&mut report.not_assessed);
        report.not_assessed = not_assessed;
        report.date = self.date;
        let style = Style {
            colour: colour.is_wanted(stdout().is_terminal()),
            quiet: self.quiet,
            statistics: self.statistics,
        };
        let mut out = std::io::BufWriter::new(stdout().lock());
        report::write(&report, self.format, style, &mut out).context("cannot write the report")?;
        out.flush().context("cannot write the report")?;
        if self.format == Format::Sarif && !self.exit_code {
            report.findings.clear();
        }
        Ok(Exit::of(&report, self.fail_on))
    }
}

/// The source in the folder of a fleet file.
fn load(path: &std::path::Path) -> Result<FleetSource> {
    let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    FleetSource::load(folder).map_err(|problems| {
        anyhow::anyhow!(
            "{}",
            problems.as_slice().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        )
    })
}
