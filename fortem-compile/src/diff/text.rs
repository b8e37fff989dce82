//! The comparison as text.

use std::fmt::{Display, Formatter, Result};

use super::blocks::{Block, blocks};
use super::change::{Answer, Example};
use super::{Diff, RoleDiff, Verdict, Which};
use crate::escape::one_line;

impl Display for Diff {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "A: {}\nB: {}\nB is {}", self.a, self.b, summary(self.verdict))?;
        for role in self.roles.iter().filter(|role| role.verdict != Verdict::Equal) {
            write!(f, "\n{role}")?;
        }
        if let Some(assignments) = &self.assignments
            && assignments.verdict() != Verdict::Equal
        {
            writeln!(f, "\nassignments: {}", assignments.verdict().as_str())?;
            assignments.added.iter().try_for_each(|one| writeln!(f, "  only B: {one}"))?;
            assignments.removed.iter().try_for_each(|one| writeln!(f, "  only A: {one}"))?;
        }
        let equal = self.roles.iter().filter(|role| role.verdict == Verdict::Equal);
        let equal: Vec<String> = equal.map(|role| role.owner.to_string()).collect();
        if !equal.is_empty() {
            writeln!(f, "\nequal: {}", equal.join(", "))?;
        }
        for (what, names) in self.remarks() {
            writeln!(f, "\n{what}: {}", names.join(", "))?;
        }
        Ok(())
    }
}

impl Diff {
    /// What else there is to say, and of what.
    pub(super) fn remarks(&self) -> impl Iterator<Item = (&'static str, Vec<&str>)> {
        let remarks = [
            ("other files that differ", &self.differing_files),
            ("not compared, since only one side has them", &self.not_compared),
        ];
        let all = remarks.into_iter().map(|(what, names)| (what, names.iter().map(String::as_str)));
        let all = all.map(|(what, names)| (what, names.collect::<Vec<_>>()));
        all.filter(|(_, names)| !names.is_empty())
    }
}

/// The verdict as the end of a sentence about B.
pub(super) fn summary(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equal => "equal to A: it grants the same and denies the same",
        Verdict::Narrowed => "narrower than A",
        Verdict::Widened => "wider than A",
        Verdict::Both => "wider than A in some respects and narrower in others",
    }
}

/// What stands behind the name of a role that only one side has.
pub(super) fn only_in(role: &RoleDiff) -> &'static str {
    match role.only_in {
        None => "",
        Some(Which::A) => ", a role of A alone",
        Some(Which::B) => ", a role of B alone",
    }
}

impl Display for RoleDiff {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{}: {}{}", self.owner, self.verdict.as_str(), only_in(self))?;
        for block in blocks(self, &str::to_owned) {
            write!(f, "{block}")?;
        }
        Ok(())
    }
}

impl Display for Block<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "  {}, for {}", self.direction.as_str(), self.people)?;
        for line in &self.lines {
            writeln!(f, "    {}: {} ({})", line.actions, line.apis, line.count())?;
        }
        self.examples.iter().try_for_each(|example| write!(f, "{example}"))
    }
}

impl Display for Example {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "    call: {} on {}", self.api, one_line(&self.resource))?;
        for (key, values) in &self.keys {
            writeln!(f, "      with {key} = {}", one_line(&shown(values)))?;
        }
        let unclear = if self.unclear { ", as far as AWS says" } else { "" };
        writeln!(f, "      A: {}\n      B: {}{unclear}", self.a, self.b)
    }
}

/// Values, an empty one in quotes.
pub(super) fn shown(values: &[String]) -> String {
    let shown = values.iter().map(|value| if value.is_empty() { "\"\"" } else { value });
    shown.collect::<Vec<_>>().join(", ")
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.outcome.as_str())?;
        if self.statements.is_empty() {
            Ok(())
        } else {
            write!(f, " by {}", self.statements.join(", "))
        }
    }
}
