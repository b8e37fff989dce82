//! What differs, for people.

use std::fmt::{Display, Formatter, Result};

use super::{Call, Drift, FileDrift, FileStatus, Part, PartStatus};
use crate::target::Target;

/// The most lines of one part that are shown; JSON has them all.
const LINES: usize = 40;

impl Display for Drift {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.equal {
            writeln!(f, "{}: {} files, as the sources say", self.out, self.files_expected)?;
            return self.not_looked_at(f);
        }
        for call in &self.calls {
            writeln!(f, "{call}\n")?;
        }
        for file in &self.files {
            writeln!(f, "{}/{file}", self.out)?;
        }
        let of = |status| self.files.iter().filter(|file| file.status == status).count();
        writeln!(
            f,
            "{} differs from what the sources say: {} changed, {} missing, {} foreign\n\
             `-` is what the sources say, `+` what is there; every byte counts. `fortem-compile build` \
             writes it anew.",
            self.out,
            of(FileStatus::Changed),
            of(FileStatus::Missing),
            of(FileStatus::Foreign),
        )?;
        self.not_looked_at(f)
    }
}

impl Drift {
    fn not_looked_at(&self, f: &mut Formatter<'_>) -> Result {
        if !self.only_roles.is_empty() {
            let roles = self.only_roles.join(", ");
            writeln!(f, "made for {roles} alone: no other role was looked at")?;
        }
        if self.targets.len() < Target::ALL.len() {
            let targets = self.targets.join(", ");
            writeln!(f, "made of {targets} alone: no other kind of document was looked at")?;
        }
        Ok(())
    }
}

impl Display for FileDrift {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let status = match self.status {
            FileStatus::Missing => "missing",
            FileStatus::Foreign => "foreign: the sources do not make it",
            FileStatus::Changed => "changed",
        };
        write!(f, "{}: {status}", self.file)?;
        self.parts.iter().try_for_each(|part| write!(f, "\n{part}"))
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let status = match self.status {
            PartStatus::Missing => "missing",
            PartStatus::Added => "added",
            PartStatus::Changed => "changed",
            PartStatus::Reordered => "the statements are in another order",
            PartStatus::Rewritten => "the same JSON, written otherwise",
            PartStatus::Unreadable => "cannot be read",
        };
        match &self.sid {
            Some(sid) => write!(f, "  statement {sid}: {status}")?,
            None => write!(f, "  {status}")?,
        }
        for line in self.diff.lines().take(LINES) {
            write!(f, "\n    {line}")?;
        }
        match self.diff.lines().count().saturating_sub(LINES) {
            0 => Ok(()),
            more => write!(f, "\n    … and {more} lines more"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "the documents of `{}` {}:", self.role, self.kind.says())?;
        writeln!(f, "  {} on {}", self.api, self.resource)?;
        match &self.principal {
            Some(tag) => write!(f, "  by a principal tagged `{tag}`")?,
            None => write!(f, "  by a principal without the tag")?,
        }
        for (key, values) in &self.keys {
            write!(f, "\n  with {key} = {}", values.join(", "))?;
        }
        if !self.statements.is_empty() {
            write!(f, "\n  through {}", self.statements.join(", "))?;
        }
        Ok(())
    }
}
