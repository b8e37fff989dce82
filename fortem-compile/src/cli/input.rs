//! What is read: the policies, and what AWS says of its API actions.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use fortem_compile::reference::Reference;
use fortem_core::{Problems, Source};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// How many days old a service reference may be before it is told.
const OLD: i32 = 180;

/// The arguments that say what is read.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The directory with fleet.toml, roles and guards.
    #[arg(long, value_name = "DIR", default_value = "policies", value_hint = ValueHint::DirPath)]
    policies: PathBuf,
    #[command(flatten)]
    reference: ServiceReference,
}

impl Input {
    pub(super) fn source(&self) -> Result<Source, Problems> {
        Source::load(&self.policies)
    }

    pub(super) fn reference(&self) -> Result<Cow<'static, Reference>, Problems> {
        self.reference.read()
    }
}

/// The argument that names a service reference.
#[derive(Debug, Args)]
pub(super) struct ServiceReference {
    /// Newer or fuller data on AWS's API actions than what is built in: files of AWS's service reference.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    service_reference: Option<PathBuf>,
}

impl ServiceReference {
    /// The built-in service reference, or what is named in its place.
    pub(super) fn read(&self) -> Result<Cow<'static, Reference>, Problems> {
        if let Some(path) = &self.service_reference {
            return Ok(Cow::Owned(Reference::read(path)?));
        }
        let builtin = Reference::builtin();
        let builtin = builtin.map_err(|error| super::fault("the service reference", error))?;
        Ok(Cow::Borrowed(builtin))
    }
}

/// Says so on standard error when a service reference is old. No output depends on it.
pub(super) fn tell_age(reference: &Reference) {
    if let Some(warning) = warning(reference, today()) {
        eprintln!("{warning}");
    }
}

fn warning(reference: &Reference, today: Date) -> Option<String> {
    let days = reference.days_old(today).filter(|days| *days > OLD)?;
    let date = reference.date();
    Some(format!(
        "warning: the service reference is {days} days old ({date}); a newer fortem-compile or \
         --service-reference knows what AWS has added since"
    ))
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use fortem_compile::reference::Reference;

    use super::{OLD, warning};

    #[test]
    fn only_an_old_reference_is_told() {
        let reference = Reference::builtin().unwrap();
        let date: jiff::civil::Date = reference.date().split('T').next().unwrap().parse().unwrap();
        let after = |days: i32| date.checked_add(jiff::Span::new().days(days)).unwrap();
        assert_eq!(warning(reference, after(OLD)), None);
        let old = warning(reference, after(OLD + 1)).unwrap();
        assert!(old.starts_with("warning: the service reference is 181 days old (2026-"), "{old}");
    }
}
