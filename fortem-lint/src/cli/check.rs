//! `fortem-lint check`.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use fortem_compile::reference::Reference;

use super::colour::Colour;
use super::{fix, fleet, rule_name, terms};
use crate::audit::Audit;
use crate::baseline::Baseline;
use crate::check::{Report, Selection};
use crate::date;
use crate::environments::Environments;
use crate::exit::{Exit, TABLE};
use crate::finding::{Persona, Severity};
use crate::input::{self, Entry, NotAssessed, Readings, Survey};
use crate::report::{self, Format, Style};
use crate::unit::Unit;
use fortem_compile::escape::one_line;
use fortem_compile::files;

const JUDGED: &str = "What is judged";
const REPORT: &str = "The report";

#[derive(Debug, Args)]
#[command(after_help = TABLE)]
pub(super) struct Check {
    /// Files and folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    judging: Judging,
}

impl Check {
    pub(super) fn run(self, colour: Colour) -> Result<Exit> {
        let (entries, problems) = input::entries(&self.paths);
        let paths: Vec<_> = self.paths.iter().map(|path| path.display().to_string()).collect();
        self.judging.run(&paths.join(", "), entries, problems, colour)
    }
}

/// How inputs are judged, and how that is reported.
#[derive(Debug, Args)]
pub(super) struct Judging {
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

    /// The file that the report is written to; a file that is there is replaced once the report is whole.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::FilePath, help_heading = REPORT)]
    output: Option<PathBuf>,

    /// Rules to run: ids, beginnings of ids, or names.
    #[arg(long, value_name = "RULE", value_parser = rule_name::some, value_delimiter = ',', help_heading = JUDGED)]
    select: Vec<String>,

    /// Rules not to run.
    #[arg(long, value_name = "RULE", value_parser = rule_name::some, value_delimiter = ',', help_heading = JUDGED)]
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

impl Judging {
    /// Whether nothing but findings is to be told.
    #[cfg(feature = "live")]
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Judges the entries of `what` and reports, with `problems` that were met on the way to them.
    pub(super) fn run(
        self,
        what: &str,
        entries: Vec<Entry>,
        problems: Vec<NotAssessed>,
        colour: Colour,
    ) -> Result<Exit> {
        let reference = Reference::builtin().map_err(|error| anyhow::anyhow!("{error}"))?;
        let Some(terms) = self.terms.read(colour)? else { return Ok(Exit::Usage) };
        let is_declared = self.source.is_some() || self.fleet.is_some();
        let mut survey = Survey::of(entries, !is_declared);
        let organization = survey.organization.take();
        let environments = match (&self.source, &self.fleet) {
            (Some(path), _) => Environments::of_source(&fleet::source(path)?)
                .with_context(|| format!("cannot compile `{}`", path.display()))?,
            (None, Some(path)) => Environments::of_fleet(&fleet::read(path)?),
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
        let mut is_something = organization.is_some();
        let mut taken = Vec::new();
        let found = std::iter::once(Ok((Units::default(), Vec::new(), problems)));
        let readings = survey.into_readings().map(|(batch, readings)| {
            let Readings { mut inputs, mut units, not_assessed, .. } = readings;
            is_something |= !units.is_empty();
            if self.fixing.fix {
                let entries = batch.entries();
                taken.extend(self.fixing.run(&audit, entries, &mut inputs, &mut units)?);
            }
            anyhow::Ok((Units { units, are_last: batch.is_last() }, inputs, not_assessed))
        });
        let mut report = audit.run_each(found.chain(readings))?;
        let is_told = report.not_assessed.iter().any(|one| one.incomplete);
        report.not_assessed.extend(nothing_to_judge(what, is_something || is_told));
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
            colour: colour.is_wanted(self.output.is_none() && stdout().is_terminal()),
            quiet: self.quiet,
            statistics: self.statistics,
        };
        if !self.format.tells_gaps() || self.quiet {
            tell_gaps(report)?;
        }
        if let Some(path) = &self.output {
            let mut text = Vec::new();
            report::write(report, self.format, style, &mut text)?;
            return files::replace(path, &String::from_utf8(text)?)
                .with_context(|| format!("cannot write {}", path.display()));
        }
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

/// That there is nothing to judge is no clean result.
fn nothing_to_judge(what: &str, is_something: bool) -> Option<NotAssessed> {
    (!is_something).then(|| NotAssessed {
        what: what.to_owned(),
        why: "holds nothing that can be judged".to_owned(),
        incomplete: true,
    })
}

/// Says what was not judged, where the report has no room for it.
fn tell_gaps(report: &Report) -> Result<()> {
    let mut out = stderr().lock();
    for gap in report.not_assessed.iter().filter(|one| one.incomplete) {
        writeln!(out, "not assessed: {}", one_line(&gap.to_string()))?;
    }
    Ok(())
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
