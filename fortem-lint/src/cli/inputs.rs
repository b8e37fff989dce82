//! Reading all inputs at once, for commands that look at accounts as a whole.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fortem_compile::escape::one_line;
use fortem_compile::files;

use super::rule_name::nearest;
use crate::input::{self, NotAssessed, Survey};
use crate::organization::Organization;
use crate::unit::Unit;

/// What was read.
pub(super) struct Inputs {
    pub(super) units: Vec<Unit>,
    pub(super) organization: Option<Organization>,
    pub(super) not_assessed: Vec<NotAssessed>,
}

/// Reads files and folders.
pub(super) fn read(paths: &[PathBuf]) -> Inputs {
    let (entries, not_assessed) = input::entries(paths);
    let mut survey = Survey::of(entries, false);
    let organization = survey.organization.take();
    let mut inputs = Inputs { units: Vec::new(), organization, not_assessed };
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
        None => format!("there are `{}`", known.join("`, `")),
    };
    writeln!(stderr().lock(), "error: there is no {what} `{name}`; {help}")?;
    Ok(())
}
