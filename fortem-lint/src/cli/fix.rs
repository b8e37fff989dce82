//! `fortem-lint check --fix`.

use std::io::{self, Write, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use similar::TextDiff;

use crate::audit::Audit;
use crate::check::Report;
use crate::input::{self, Entry, Input, Kind};
use crate::repair::{self, Outcome, Repair, Repairs};
use crate::unit::Unit;
use fortem_compile::escape::one_line;
use fortem_compile::files;

#[derive(Debug, Args)]
#[command(next_help_heading = "Corrections")]
pub(super) struct Fixing {
    /// Corrects policy documents where that is mechanical and grants nothing new; says what was corrected, and what was
    /// not and why. Dumps, plans and templates are never rewritten. The report is that of the corrected files.
    #[arg(long)]
    pub(super) fix: bool,

    /// Makes corrections too that may grant more, such as an Allow that was dead by a mistake.
    #[arg(long, requires = "fix")]
    unsafe_fixes: bool,

    /// Shows the corrections as a diff instead of a report, and writes nothing.
    #[arg(long, requires = "fix", conflicts_with = "write_baseline")]
    pub(super) dry_run: bool,
}

const MARK: &str = "\u{feff}";

impl Fixing {
    /// Corrects the policies among the inputs, in their files and in `units`; gives the names of those it can correct.
    pub(super) fn run(
        &self,
        audit: &Audit<'_>,
        entries: &[Entry],
        inputs: &mut [Input],
        units: &mut [Unit],
    ) -> Result<Vec<String>> {
        let judge = |unit: &Unit| {
            let name = unit.sources.first().map_or("", |source| source.name());
            let report = audit.run(std::slice::from_ref(unit), Vec::new(), Vec::new());
            report.findings.into_iter().filter(|one| one.file == name).collect()
        };
        let repairs = Repairs {
            judge: &judge,
            environments: audit.environments,
            unsafe_fixes: self.unsafe_fixes,
        };
        let mut taken = Vec::new();
        for (entry, input) in entries.iter().zip(inputs) {
            let Entry::File { path, .. } = entry else { continue };
            if input.kind != Kind::Policy {
                continue;
            }
            let text =
                input::read_text(entry).with_context(|| format!("cannot read {}", input.file))?;
            let (mark, text) = match text.strip_prefix(MARK) {
                Some(rest) => (MARK, rest),
                None => ("", text.as_str()),
            };
            if !repair::takes(&input.file, text) {
                continue;
            }
            taken.push(input.file.clone());
            let (corrected, made) = repairs.make(&input.file, text);
            tell(&made, self.dry_run)?;
            if corrected != text {
                self.put(path, text, &format!("{mark}{corrected}"), input, units)?;
            }
        }
        Ok(taken)
    }

    /// Puts a corrected text in its place: into the file, and into what is judged.
    fn put(
        &self,
        path: &Path,
        before: &str,
        text: &str,
        input: &mut Input,
        units: &mut [Unit],
    ) -> Result<()> {
        if self.dry_run {
            let after = text.trim_start_matches(MARK);
            let diff = TextDiff::from_lines(before, after);
            let name = one_line(&input.file);
            write!(stdout(), "{}", diff.unified_diff().header(&name, &name))?;
        } else {
            files::replace(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mut reading = input::of_text(&input.file, text.to_owned(), true);
        let is_it = |unit: &&mut Unit| {
            unit.sources.first().is_some_and(|source| source.name() == input.file)
        };
        if let (Some(old), Some(new)) = (units.iter_mut().find(is_it), reading.units.pop()) {
            *old = new;
        }
        *input = reading.input;
        Ok(())
    }
}

/// Says which inputs have findings and are not corrected, since they are of another kind; of the files that were taken
/// each correction has been told.
pub(super) fn tell_refused(report: &Report, taken: &[String]) -> Result<()> {
    for input in report.inputs.iter().filter(|input| !taken.contains(&input.file)) {
        // The findings of a snapshot are in the files of its folder.
        let is_of = |file: &str| {
            file.strip_prefix(&input.file)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let number = report.findings.iter().filter(|one| is_of(&one.file)).count();
        let why = match number {
            0 => continue,
            _ if input.file == Entry::Stdin.name() => "standard input cannot be rewritten",
            _ => repair::refusal(input.kind),
        };
        let findings = if number == 1 { "finding" } else { "findings" };
        writeln!(io::stderr(), "not fixed: {}: {number} {findings}: {why}", one_line(&input.file))?;
    }
    Ok(())
}

fn tell(repairs: &[Repair], dry_run: bool) -> Result<()> {
    let mut out = io::stderr().lock();
    let fixed = if dry_run { "would fix" } else { "fixed" };
    for repair in repairs {
        let Repair { rule, pointer, description, .. } = repair;
        let place = format!("{} {pointer}: {rule}: {description}", one_line(&repair.file));
        match &repair.outcome {
            Outcome::Made => writeln!(out, "{fixed}: {place}")?,
            Outcome::MadeWider(call) => {
                writeln!(out, "{fixed}: {place}; it now grants {}", one_line(call))?;
            }
            Outcome::Refused(why) => writeln!(out, "not fixed: {place}: {}", one_line(why))?,
        }
    }
    Ok(())
}
