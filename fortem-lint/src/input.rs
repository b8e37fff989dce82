//! Files and folders in, units out. What a file is, its content says.

mod assembly;
mod authorization;
mod batch;
mod cloudformation;
mod inventory;
mod organization;
mod pages;
mod policy;
mod recognise;
mod snapshot;
mod terraform;
mod walk;

use std::fmt;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;
use thiserror::Error;

use crate::organization::Organization;
use crate::source::{Source, digest};
use crate::unit::Unit;

pub use batch::{Batch, Survey};
pub use recognise::{Kind, read_text};
pub use walk::{Entry, walk};

/// The largest input that is read, in bytes.
pub const LIMIT: u64 = 512 << 20;

/// An input that was looked at, for the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// The path as it was found, or `<stdin>`.
    pub file: String,
    /// What it is.
    pub kind: Kind,
    /// SHA-256 of the content, in hexadecimal; empty if it could not be read.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Something that was not judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotAssessed {
    /// What: a file, an account, a part of a file.
    pub what: String,
    /// Why, in one sentence.
    pub why: String,
    /// Whether the result is incomplete by it; a file that is no input of ours is only counted.
    pub incomplete: bool,
}

/// What one input gave.
#[derive(Debug)]
pub struct Reading {
    /// The input.
    pub input: Input,
    /// What is to be judged.
    pub units: Vec<Unit>,
    /// The tree of an Organization, if it is one.
    pub organization: Option<Organization>,
    /// What could not be read.
    pub not_assessed: Vec<NotAssessed>,
    /// Whether it is a page of authorization details that goes on in another file.
    pub is_truncated: bool,
}

/// Why an input cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The operating system refuses.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Nothing of this size is judged.
    #[error("is larger than {} MiB", LIMIT >> 20)]
    TooLarge,
    /// The bytes are no text.
    #[error("is not UTF-8: byte {offset} begins no character")]
    NotUtf8 {
        /// Of the first byte at fault, from zero.
        offset: usize,
    },
    /// What some shells write instead of UTF-8.
    #[error(
        "is UTF-16, as Windows PowerShell writes what it redirects; convert it to UTF-8, there with \
         `| Out-File -Encoding utf8`"
    )]
    Utf16,
    /// JSON that is cut off or otherwise wrong.
    #[error("is not JSON: {message}, at line {line}, column {column}")]
    Json {
        /// What is wrong.
        message: String,
        /// The line, from one.
        line: usize,
        /// The column, from one.
        column: usize,
    },
    /// JSON of a known kind with something missing or out of place.
    #[error("is {kind}, but {message}")]
    Shape {
        /// What it is.
        kind: Kind,
        /// What is wrong.
        message: String,
    },
    /// JSON or another text of no known kind.
    #[error("is none of the inputs that can be judged")]
    Unknown,
}

impl InputError {
    fn json(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Self::Json { message, line: error.line(), column: error.column() }
    }
}

/// Reads one file, or standard input, into what is to be judged.
///
/// It never fails: what cannot be read is in [`Reading::not_assessed`].
#[must_use]
pub fn read(entry: &Entry) -> Reading {
    if let Entry::Snapshot { path, .. } = entry {
        return snapshot::read(path, &entry.name());
    }
    let name = entry.name();
    match read_text(entry) {
        Ok(text) => of_text(&name, text, entry.is_named()),
        Err(error) => unread(&name, &error, true),
    }
}

/// What several inputs gave together.
#[derive(Debug, Default)]
pub struct Readings {
    /// The inputs.
    pub inputs: Vec<Input>,
    /// What is to be judged.
    pub units: Vec<Unit>,
    /// The tree of the Organization, if one of the inputs is.
    pub organization: Option<Organization>,
    /// What could not be read.
    pub not_assessed: Vec<NotAssessed>,
    // The input that is the Organization, and the files that are pages or whole authorization details.
    organization_of: Option<String>,
    pages: Vec<pages::Page>,
}

fn second_organization(what: String) -> NotAssessed {
    let why = "is a second Organization; check it by itself".to_owned();
    NotAssessed { what, why, incomplete: true }
}

/// Reads entries; of several Organizations the first one is taken.
#[must_use]
pub fn read_all(entries: &[Entry]) -> Readings {
    let mut all = Readings::default();
    let mut readings: Vec<Reading> = entries.par_iter().map(read).collect();
    all.pages = pages::of(entries, &readings);
    pages::join(&mut readings);
    for reading in readings {
        all.units.extend(reading.units);
        all.not_assessed.extend(reading.not_assessed);
        if all.organization.is_none() {
            all.organization_of = reading.organization.as_ref().map(|_| reading.input.file.clone());
            all.organization = reading.organization;
        } else if reading.organization.is_some() {
            all.not_assessed.push(second_organization(reading.input.file.clone()));
        }
        all.inputs.push(reading.input);
    }
    all
}

/// What a text is, and what is to be judged of it. `named` tells that a person named the file, and did not only find it
/// in a folder.
#[must_use]
pub fn of_text(name: &str, text: String, named: bool) -> Reading {
    let bytes = text.len() as u64;
    let sha256 = digest(&text);
    let (text, marked) = match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest.to_owned(), true),
        None => (text, false),
    };
    match recognise::units(Source::new(name, text)) {
        Ok(recognise::Recognised { kind, units, organization, mut not_assessed, is_truncated }) => {
            if marked {
                let why =
                    "begins with a byte order mark, which AWS refuses; it was left out".to_owned();
                not_assessed.push(NotAssessed { what: name.to_owned(), why, incomplete: false });
            }
            Reading {
                input: Input { file: name.to_owned(), kind, sha256, bytes },
                units,
                organization,
                not_assessed,
                is_truncated,
            }
        }
        Err(error) => {
            let incomplete = named || !matches!(error, InputError::Unknown);
            let mut reading = unread(name, &error, incomplete);
            reading.input = Input { file: name.to_owned(), kind: Kind::Unknown, sha256, bytes };
            reading
        }
    }
}

fn unread(name: &str, error: &InputError, incomplete: bool) -> Reading {
    let input =
        Input { file: name.to_owned(), kind: Kind::Unknown, sha256: String::new(), bytes: 0 };
    let not_assessed =
        vec![NotAssessed { what: name.to_owned(), why: error.to_string(), incomplete }];
    Reading { input, units: Vec::new(), organization: None, not_assessed, is_truncated: false }
}

/// The first of some names, and how many more there are.
pub(crate) fn some(names: &[String]) -> String {
    const NAMED: usize = 3;
    let first = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        1 => format!("{first} and another"),
        more => format!("{first} and {more} others"),
    }
}

/// A path as findings show it: with `/` between its parts on every system.
fn shown(path: &std::path::Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

impl fmt::Display for NotAssessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.why)
    }
}

/// Paths that a person named, as entries: files, folders' files, or standard input for `-`.
#[must_use]
pub fn entries(paths: &[PathBuf]) -> (Vec<Entry>, Vec<NotAssessed>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        walk(path, &mut entries, &mut problems);
    }
    (entries, problems)
}
