//! `fortem-lint check`.

use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use fortem_compile::reference::Reference;
use fortem_core::Source as FleetSource;

use super::colour::Colour;
use super::{fix, terms};
use crate::audit::Audit;
use crate::baseline::Baseline;
use crate::check::{Report, Selection};
use crate::date;
use crate::environments::Environments;
use crate::exit::{Exit, TABLE};
use crate::files;
use crate::finding::{Persona, Severity};
use crate::input::{self, Readings, Survey};
use crate::report::{self, Format, Style};
use crate::unit::Unit;

const JUDGED: &str = "What is judged";
const REPORT: &str = "The report";

#[derive(Debug, Args)]
#[command(after_help = TABLE)]
pub(super) struct Check {
    /// Files and folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    /// The folder with `fleet.toml`, or that file: environments, tiers, aliases and the tag key. Without it they are
    /// guessed from the input.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = JUDGED)]
    fleet: Option<PathBuf>,

    /// The folder with the Cedar source: its fleet file, and the roles with which deployed policies of the same names
    /// are compared.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "fleet", help_heading = JUDGED)]
    source: Option<PathBuf>,

    /// The format of the report.
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = REPORT)]
    format: Format,

    /// Rules to run: ids, beginnings of ids, or names.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = JUDGED)]
    select: Vec<String>,

    /// Rules not to run.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = JUDGED)]
    ignore: Vec<String>,

    /// The mildest severity that is reported.
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = REPORT)]
    min_severity: Option<Severity>,

    /// The mildest severity that the exit code tells.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Severity::Low, help_heading = REPORT)]
    fail_on: Severity,

    /// Whose rules: those of the persona and of all before it.
    #[arg(long, value_enum, default_value_t = Persona::Regular, help_heading = JUDGED)]
    persona: Persona,

    /// The day or time (UTC) of which the inputs tell; reports repeat it.
    #[arg(long, value_name = "DATE", value_parser = date::parse, required_if_eq("format", "ocsf"), help_heading = JUDGED)]
    date: Option<String>,

    /// Counts the findings of each rule at the end of the text.
    #[arg(long, help_heading = REPORT)]
    statistics: bool,

    /// One line of text a finding, and nothing else.
    #[arg(short, long, help_heading = REPORT)]
    quiet: bool,

    /// Tells findings by the exit code in SARIF too, where they are otherwise left to the reader.
    #[arg(long, help_heading = REPORT)]
    exit_code: bool,

    #[command(flatten)]
    terms: terms::Accepting,

    #[command(flatten)]
    fixing: fix::Fixing,
}

impl Check {
    pub(super) fn run(self, colour: Colour) -> Result<Exit> {
        let reference = Reference::builtin().map_err(|error| anyhow::anyhow!("{error}"))?;
        let Some(terms) = self.terms.read(colour)? else { return Ok(Exit::Usage) };
        let (entries, problems) = input::entries(&self.paths);
        let is_declared = self.source.is_some() || self.fleet.is_some();
        let mut survey = Survey::of(entries, !is_declared);
        let organization = survey.organization.take();
        let environments = match (&self.source, &self.fleet) {
            (Some(path), _) => Environments::of_source(&load(path)?)
                .with_context(|| format!("cannot compile `{}`", path.display()))?,
            (None, Some(path)) => Environments::of_fleet(load(path)?.fleet()),
            (None, None) => std::mem::take(&mut survey.seen).conclude(),
        };
        let selection = self.selection();
        let audit = Audit {
            environments: &environments,
            organization: organization.as_ref(),
            reference,
            selection: &selection,
            today: terms.today,
            ignores: terms.ignores.as_ref(),
            baseline: terms.baseline.as_ref(),
        };
        let mut taken = Vec::new();
        let found = std::iter::once(Ok((Units::default(), Vec::new(), problems)));
        let readings = survey.into_readings().map(|(batch, readings)| {
            let Readings { mut inputs, mut units, not_assessed, .. } = readings;
            if self.fixing.fix {
                let entries = batch.entries();
                taken.extend(self.fixing.run(&audit, entries, &mut inputs, &mut units)?);
            }
            anyhow::Ok((Units { units, are_last: batch.is_last() }, inputs, not_assessed))
        });
        let mut report = audit.run_each(found.chain(readings))?;
        report.date.clone_from(&self.date);
        if self.fixing.fix {
            fix::tell_refused(&report, &taken)?;
        }
        self.write(&report, colour)?;
        let exit = self.exit(&mut report);
        std::mem::forget(report);
        Ok(exit)
    }

    fn selection(&self) -> Selection {
        Selection {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            min_severity: self.min_severity,
            persona: Some(self.persona),
            access: self.format.shows_access(),
        }
    }

    /// Writes the report, and the baseline if one is asked for.
    fn write(&self, report: &Report, colour: Colour) -> Result<()> {
        if let Some(path) = &self.terms.write_baseline {
            let text = Baseline::of(report).to_text()?;
            files::replace(path, &text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        if self.fixing.dry_run {
            return Ok(());
        }
        let style = Style {
            colour: colour.is_wanted(stdout().is_terminal()),
            quiet: self.quiet,
            statistics: self.statistics,
        };
        let mut out = std::io::BufWriter::with_capacity(1 << 18, stdout().lock());
        report::write(report, self.format, style, &mut out).context("cannot write the report")?;
        out.flush().context("cannot write the report")
    }

    fn exit(&self, report: &mut Report) -> Exit {
        let left_to_reader = self.format == Format::Sarif && !self.exit_code;
        if left_to_reader || self.terms.write_baseline.is_some() {
            report.findings.clear();
        }
        Exit::of(report, self.fail_on)
    }
}

/// Units that are given back, but for the last: the process ends, and to give back a large account piece by piece takes
/// as long as to judge some of its rules.
#[derive(Default)]
struct Units {
    units: Vec<Unit>,
    are_last: bool,
}

impl AsRef<[Unit]> for Units {
    fn as_ref(&self) -> &[Unit] {
        &self.units
    }
}

impl Drop for Units {
    fn drop(&mut self) {
        if self.are_last {
            std::mem::forget(std::mem::take(&mut self.units));
        }
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
