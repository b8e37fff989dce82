//! Newer or fuller data in place of the built-in reference, or beside it.

use std::error::Error;
use std::path::Path;

use fortem_core::{Problem, SourceFile, files_below};
use jiff::civil::Date;
use serde_json::Value;

use super::generate::{self, Complete};
use super::published::Published;
use super::{DOUBTS, Reference, parse};

/// The file that says when the files of AWS beside it were read.
const DATE_FILE: &str = "date";

impl Reference {
    /// The built-in reference with the services of other data in place of its own or beside them.
    ///
    /// `path` is a file, or a directory with such `.json` files:
    ///
    /// - the complete reference, from which the built-in one is made; its date is in it;
    /// - AWS's file of a service, `https://servicereference.us-east-1.amazonaws.com/v1/sqs/sqs.json`;
    ///   the directory then has a file `date` with the day it was read, `2026-09-26`.
    ///
    /// The date of the whole is that of the oldest data in it.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is no service reference, there is none, or a date is missing.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let mut reference = Self::builtin().map_err(|error| unfit(path, error))?.clone();
        for newer in references(path)? {
            reference.take(newer);
        }
        Ok(reference)
    }

    /// Days from the date of the reference to a day; nothing if its date is none.
    #[must_use]
    pub fn days_old(&self, today: Date) -> Option<i32> {
        Some(day(self.date())?.until(today).ok()?.get_days())
    }

    /// Takes the services of newer data, and drops what it has of them itself.
    fn take(&mut self, newer: Self) {
        self.actions.retain(|name, _| !newer.has_service(service_of(name)));
        self.services.retain(|service| !newer.services.contains(service));
        if self.services.is_empty() || newer.date < self.date {
            self.date = newer.date;
        }
        self.actions.extend(newer.actions);
        self.services.extend(newer.services);
        self.always.extend(newer.always);
        self.key_types.extend(newer.key_types);
    }
}

fn references(path: &Path) -> Result<Vec<Reference>, Problem> {
    if !path.is_dir() {
        return Ok(vec![reference(&SourceFile::read(path)?, || Err(undated(path)))?]);
    }
    let date = || {
        let file = path.join(DATE_FILE);
        let file =
            if file.is_file() { SourceFile::read(&file)? } else { return Err(undated(path)) };
        Ok(file.text().trim().to_owned())
    };
    let files = files_below(path)?;
    let files = files.iter().filter(|file| file.extension().is_some_and(|of| of == "json"));
    let read = files.map(|file| reference(&SourceFile::read(file)?, date));
    let read: Vec<Reference> = read.collect::<Result<_, _>>()?;
    if read.is_empty() {
        let message = format!("no service reference in `{}`", path.display());
        return Err(Problem::new("fortem::reference::nothing", message).help(FORMS));
    }
    Ok(read)
}

/// The reference in a file; one of AWS's own is of the given date.
fn reference(
    file: &SourceFile,
    date: impl Fn() -> Result<String, Problem>,
) -> Result<Reference, Problem> {
    let unfit = |error: &dyn Error| unfit(Path::new(file.path()), error);
    let value: Value = serde_json::from_str(file.text()).map_err(|error| unfit(&error))?;
    let complete: Complete = if value.get("_meta").is_some() {
        serde_json::from_value(value).map_err(|error| unfit(&error))?
    } else {
        let published: Published = serde_json::from_value(value).map_err(|error| unfit(&error))?;
        published.into_complete(date()?)
    };
    if day(&complete.meta.updated).is_none() {
        let message = format!("`{}`: `{}` is no date", file.path(), complete.meta.updated);
        return Err(Problem::new("fortem::reference::date", message)
            .help("write the day, `2026-09-26`, or the time, `2026-09-26T04:46:59Z`"));
    }
    parse::reference(&generate::text(&complete), DOUBTS).map_err(|error| unfit(&error))
}

/// The day of a day or a time.
fn day(date: &str) -> Option<Date> {
    date.split('T').next()?.parse().ok()
}

fn service_of(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

const FORMS: &str = "expected AWS's files of services, \
    https://servicereference.us-east-1.amazonaws.com/v1/sqs/sqs.json, or the complete reference";

fn unfit(path: &Path, error: &dyn Error) -> Problem {
    let message = format!("`{}` is no service reference: {error}", path.display());
    Problem::new("fortem::reference::unfit", message).help(FORMS)
}

fn undated(path: &Path) -> Problem {
    let message = format!("`{}` does not say when it was read", path.display());
    Problem::new("fortem::reference::date", message).help(
        "put AWS's files into a directory with a file `date` that holds the day: date -u +%F > date",
    )
}
