//! Reading all inputs at once, for commands that look at accounts as a whole.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueHint};
use fortem_compile::escape::one_line;
use fortem_compile::files;

use super::rule_name::nearest;
use crate::environments::Seen;
use crate::input::{self, Entry, NotAssessed, Survey};
use crate::organization::Organization;
use crate::unit::Unit;

/// How many names are told where none is like what was given.
const FEW: usize = 20;

/// What was read.
pub(super) struct Inputs {
    pub(super) units: Vec<Unit>,
    pub(super) organization: Option<Organization>,
    pub(super) not_assessed: Vec<NotAssessed>,
    /// What the inputs say of environments, if that was asked for.
    pub(super) seen: Seen,
}

/// Where accounts are read from.
#[derive(Debug, Args)]
pub(super) struct Accounts {
    /// Files and folders with authorization details, snapshots and the Organization; `-` is standard input. Without any
    /// the account is read through the AWS APIs, if the program was built for that.
    #[arg(required = cfg!(not(feature = "live")), value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,

    #[cfg(feature = "live")]
    #[command(flatten)]
    collecting: super::collecting::Collecting,
}

impl Accounts {
    /// Reads the accounts; looks at their environments if `infer`, and at what runs in Regions only then.
    #[cfg_attr(
        not(feature = "live"),
        expect(clippy::unnecessary_wraps, reason = "only what is read of AWS can fail as a whole")
    )]
    pub(super) fn read(&self, infer: bool) -> Result<Inputs> {
        #[cfg(feature = "live")]
        if self.paths.is_empty() {
            let scratch = tempfile::tempdir().context("cannot make a folder for the snapshot")?;
            let path = scratch.path().join("snapshot");
            if infer {
                self.collecting.run(&path, false, false)?;
            } else {
                self.collecting.run_without_regions(&path)?;
            }
            let name = Some("snapshot".to_owned());
            return Ok(read(vec![Entry::Snapshot { path, name }], Vec::new(), infer));
        }
        let (entries, not_assessed) = input::entries(&self.paths);
        Ok(read(entries, not_assessed, infer))
    }
}

fn read(entries: Vec<Entry>, not_assessed: Vec<NotAssessed>, infer: bool) -> Inputs {
    let mut survey = Survey::of(entries, infer);
    let organization = survey.organization.take();
    let seen = std::mem::take(&mut survey.seen);
    let mut inputs = Inputs { units: Vec::new(), organization, not_assessed, seen };
    for (_, readings) in survey.into_readings() {
        inputs.units.extend(readings.units);
        inputs.not_assessed.extend(readings.not_assessed);
    }
    inputs
}

/// Writes a report to a file, or prints it.
pub(super) fn write(path: Option<&Path>, text: Vec<u8>) -> Result<()> {
    match path {
        Some(path) => files::replace(path, &String::from_utf8(text)?)
            .with_context(|| format!("cannot write {}", path.display())),
        None => stdout().lock().write_all(&text).context("cannot write the report"),
    }
}

/// Says that there is nothing of a name, and what was likely meant.
pub(super) fn tell_unknown(what: &str, name: &str, known: &[&str]) -> Result<()> {
    let name = one_line(name);
    let meant = nearest(&name, known.iter().copied());
    let help = match meant {
        Some(meant) => format!("did you mean `{}`?", one_line(meant)),
        None if known.len() > FEW => "nothing is like it".to_owned(),
        None => format!("there are `{}`", known.join("`, `")),
    };
    writeln!(stderr().lock(), "error: there is no {what} `{name}`; {help}")?;
    Ok(())
}
