//! Answers as text.

use std::fmt::{Display, Formatter, Result};

use super::action::{ActionAnswer, LeftOut, Step};
use super::call::{CallAnswer, Near, Use};
use super::{Call, Deciding};
use crate::escape::one_line;
use crate::output::OriginEntry;

fn somebody(role: &str, environment: Option<&str>) -> String {
    environment.map_or_else(|| role.to_owned(), |name| format!("{role} in {name}"))
}

fn verdict(allowed: bool) -> &'static str {
    if allowed { "allowed" } else { "not allowed" }
}

impl Display for CallAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let who = somebody(&self.role, self.environment.as_deref());
        writeln!(f, "{who}: {}\n{}", verdict(self.allowed), self.call)?;
        for statement in &self.statements {
            writeln!(f, "by {statement}")?;
        }
        if self.statements.is_empty() {
            writeln!(f, "no statement applies")?;
        }
        for Near { statement, lacks } in &self.near {
            writeln!(f, "{statement} does not apply:")?;
            lacks.iter().try_for_each(|lack| writeln!(f, "  {}", one_line(lack)))?;
        }
        self.unclear.iter().try_for_each(|point| writeln!(f, "AWS leaves open: {point}"))?;
        self.uses.iter().try_for_each(|one| write!(f, "{one}"))?;
        if self.uses.is_empty() {
            writeln!(f, "no action of the vocabulary takes this call")?;
        }
        Ok(())
    }
}

impl Display for Use {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        write!(f, "for {}", actions.join(", "))?;
        match (&self.shows, self.channels.as_slice()) {
            (Some(shows), _) => writeln!(f, ", tied to no environment: it shows {shows}")?,
            (None, channels) => {
                writeln!(f, ", tied to the environment by {}", channels.join(", "))?;
            }
        }
        self.unseen.iter().try_for_each(|unseen| writeln!(f, "  IAM does not see {unseen}"))
    }
}

impl Display for ActionAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let who = somebody(&self.role, self.environment.as_deref());
        writeln!(f, "{who}: {} is {}", self.action, verdict(self.allowed))?;
        if let Some(why) = &self.never {
            writeln!(f, "it is granted to nobody: {why}")?;
        } else if !self.permitted {
            writeln!(f, "the role does not permit it")?;
        }
        if !self.same_as.is_empty() {
            let same: Vec<&str> = self.same_as.iter().map(String::as_str).collect();
            writeln!(f, "IAM cannot tell it from {}", same.join(", "))?;
        }
        self.steps.iter().try_for_each(|step| write!(f, "\n{step}"))?;
        if !self.left_out.is_empty() {
            writeln!(f, "\nleft out:")?;
        }
        let mut left_out = self.left_out.iter();
        left_out.try_for_each(|LeftOut { api, why }| writeln!(f, "  {api}, {why}"))
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.api)?;
        if let Some(name) = &self.resource_type {
            write!(f, " on {name}")?;
        }
        let role = if self.supporting { " (supporting)" } else { "" };
        writeln!(f, "{role}: {}", verdict(self.allowed))?;
        for statement in &self.statements {
            writeln!(f, "  by {statement}")?;
        }
        if self.statements.is_empty() {
            writeln!(f, "  no statement allows it")?;
        }
        writeln!(f, "  tied to the environment by {}", self.channels.join(", "))?;
        if let Some(unseen) = &self.unseen {
            writeln!(f, "  IAM does not see {unseen}")?;
        }
        match &self.example {
            Some(call) => call.lines().try_for_each(|line| writeln!(f, "  {line}")),
            None => Ok(()),
        }
    }
}

impl Call {
    fn lines(&self) -> impl Iterator<Item = String> {
        let first = format!("call: {} on {}", self.api, one_line(&self.resource));
        let keys = self.keys.iter().map(|(key, values)| {
            let values: Vec<&str> =
                values.iter().map(|value| if value.is_empty() { "\"\"" } else { value }).collect();
            format!("  with {} = {}", one_line(key), one_line(&values.join(", ")))
        });
        std::iter::once(first).chain(keys)
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let lines: Vec<String> = self.lines().collect();
        f.write_str(&lines.join("\n"))
    }
}

impl Display for Deciding {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} of {}", self.effect, self.sid, self.file)?;
        for (index, origin) in self.from.iter().enumerate() {
            let before = if index == 0 { ", from" } else { " and" };
            match origin {
                OriginEntry::Policy { policy, location } => {
                    write!(f, "{before} `{policy}` at {location}")?;
                }
                OriginEntry::Integrity { integrity } => {
                    write!(f, "{before} what is always guarded: {integrity}")?;
                }
            }
        }
        Ok(())
    }
}
