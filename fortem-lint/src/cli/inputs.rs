//! Reading all inputs at once, for commands that look at accounts as a whole.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fortem_compile::escape::one_line;
use fortem_compile::files;

use super::rule_name::nearest;
use crate::environments::Seen;
use crate::input::{self, NotAssessed, Survey};
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

/// Reads files and folders; looks at their environments if `infer`.
pub(super) fn read(paths: &[PathBuf], infer: bool) -> Inputs {
    let (entries, not_assessed) = input::entries(paths);
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
