//! The files of the output, and what is known of each.

mod directory;
mod manifest;
mod place;

use fortem_core::{Problems, Source};
use thiserror::Error;

pub use self::directory::{WriteError, write, write_as};
pub use self::manifest::{
    DocumentEntry, FileEntry, Manifest, OriginEntry, StatementEntry, manifest,
};
pub(crate) use self::manifest::{only_roles, origins};
pub(crate) use self::place::shown;
use crate::Identity;
use crate::compile::Compiled;
use crate::deploy::{self, Format};
use crate::emit::Document;
use crate::quota::Size;
use crate::report::report;
use crate::statement::Statement;
use crate::target::Targets;

/// A file of the output: its path below the output directory, and its text.
pub type OutputFile = (String, String);

/// The name of the manifest in the output directory.
pub const MANIFEST: &str = "manifest.json";

/// A document: a file that is attached to something in AWS, and what is known of it.
#[derive(Debug, Clone)]
pub struct Artifact<'a> {
    /// Path below the output directory; its first folder says what kind of document it is.
    pub file: String,
    /// The text.
    pub text: String,
    /// The role it is for.
    pub role: Option<&'a str>,
    /// The one environment it is for.
    pub environment: Option<&'a str>,
    /// Size and quota.
    pub size: Option<Size>,
    /// Its statements, in the order they are written.
    pub statements: Vec<Statement>,
}

impl<'a> Artifact<'a> {
    /// A document that is for all, of what kind its first folder says.
    pub(crate) fn new(file: impl Into<String>, text: String) -> Self {
        let (role, environment, statements) = (None, None, Vec::new());
        Self { file: file.into(), text, role, environment, size: None, statements }
    }

    pub(crate) fn for_identity(self, identity: Identity<'a>) -> Self {
        Self { role: Some(identity.role), environment: identity.environment, ..self }
    }

    pub(crate) fn with_statements(self, document: &Document) -> Self {
        Self { statements: document.statements().to_vec(), ..self }
    }

    /// `identity`, `boundary`, `scp` and so on: the first folder of its path.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.file.split('/').next().unwrap_or_default()
    }
}

/// Why there is no output.
#[derive(Debug, Error)]
pub enum OutputError {
    /// Something would have a name that AWS does not take.
    #[error(transparent)]
    Refused(#[from] Problems),
    /// The report or the manifest cannot be written as JSON.
    #[error("the report cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Every file of a compilation: the documents in some formats, `manifest.json`, `report.json` and
/// `report.md`.
///
/// # Errors
///
/// [`OutputError`].
pub fn files(
    source: &Source,
    compiled: &Compiled,
    targets: &Targets,
    formats: &[Format],
) -> Result<Vec<OutputFile>, OutputError> {
    let report = report(source, compiled, targets);
    let mut files = deploy::files(source, &targets.artifacts, formats)?;
    let reports = [
        ("report.json".to_owned(), serde_json::to_string_pretty(&report)? + "\n"),
        ("report.md".to_owned(), report.to_string()),
    ];
    files.extend(reports);
    let manifest = manifest(source, compiled, targets, formats, &files);
    files.push((MANIFEST.to_owned(), serde_json::to_string_pretty(&manifest)? + "\n"));
    files.sort();
    Ok(files)
}

/// The identity documents alone, sorted by path.
#[must_use]
pub fn documents(compiled: &Compiled) -> Vec<OutputFile> {
    let all = compiled.documents.iter().flat_map(|(identity, documents)| {
        let numbered = documents.iter().enumerate();
        numbered.map(|(index, document)| (identity.file(index), document.to_json()))
    });
    let mut all: Vec<OutputFile> = all.collect();
    all.sort();
    all
}
