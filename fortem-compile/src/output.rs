//! The files of the output, and what is known of each.

mod directory;
mod manifest;
mod place;

use serde_json::Error;

use fortem_core::Source;

pub use self::directory::{WriteError, write};
pub(crate) use self::manifest::only_roles;
pub use self::manifest::{
    DocumentEntry, FileEntry, Manifest, OriginEntry, StatementEntry, manifest,
};
pub(crate) use self::place::shown;
use crate::Identity;
use crate::compile::Compiled;
use crate::emit::{Document, MANAGED_POLICY_LIMIT};
use crate::report::report;
use crate::statement::Statement;

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
    pub statements: &'a [Statement],
}

/// How large a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters, counted as the quota counts them.
    pub characters: usize,
    /// The quota.
    pub limit: usize,
}

impl<'a> Artifact<'a> {
    fn identity(identity: Identity<'a>, index: usize, document: &'a Document) -> Self {
        Self {
            file: identity.file(index),
            text: document.to_json(),
            role: Some(identity.role),
            environment: identity.environment,
            size: Some(Size { characters: document.characters(), limit: MANAGED_POLICY_LIMIT }),
            statements: document.statements(),
        }
    }

    /// `identity`, `boundary`, `scp` and so on: the first folder of its path.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.file.split('/').next().unwrap_or_default()
    }
}

/// Every document, sorted by path.
#[must_use]
pub fn artifacts<'a>(compiled: &'a Compiled) -> Vec<Artifact<'a>> {
    let identities = compiled.documents.iter();
    let mut all: Vec<Artifact> = identities
        .flat_map(|(identity, documents)| {
            let numbered = documents.iter().enumerate();
            numbered.map(|(index, document)| Artifact::identity(*identity, index, document))
        })
        .collect();
    all.sort_by(|a, b| a.file.cmp(&b.file));
    all
}

/// Every file of a compilation: the documents, `manifest.json`, `report.json` and `report.md`.
///
/// # Errors
///
/// When the report or the manifest cannot be written as JSON.
pub fn files(source: &Source, compiled: &Compiled) -> Result<Vec<OutputFile>, Error> {
    let report = report(source, compiled);
    let artifacts = artifacts(compiled);
    let others = vec![
        ("report.json".to_owned(), serde_json::to_string_pretty(&report)? + "\n"),
        ("report.md".to_owned(), report.to_string()),
    ];
    let manifest = manifest(source, compiled, &artifacts, &others);
    let manifest = (MANIFEST.to_owned(), serde_json::to_string_pretty(&manifest)? + "\n");
    let documents = artifacts.into_iter().map(|one| (one.file, one.text));
    Ok(documents.chain([manifest]).chain(others).collect())
}

/// The identity documents alone, sorted by path.
#[must_use]
pub fn documents(compiled: &Compiled) -> Vec<OutputFile> {
    artifacts(compiled).into_iter().map(|one| (one.file, one.text)).collect()
}
