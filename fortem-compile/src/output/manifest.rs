//! `manifest.json`: which sources the output comes from, and each statement from which line.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Digest, Policy, Source};
use serde::Serialize;

use super::place::shown;
use super::{Artifact, OutputFile};
use crate::compile::Compiled;
use crate::deploy::Format;
use crate::statement::{Origin, Statement};
use crate::target::Targets;

/// The manifest; `serde` writes it as JSON.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// The version of this shape.
    pub version: u32,
    /// The version of the compiler.
    pub compiler: &'static str,
    /// The date of the service reference, RFC 3339.
    pub service_reference: String,
    /// The roles that were asked for; none stands for all.
    pub only_roles: Vec<String>,
    /// The targets that were asked for.
    pub targets: Vec<&'static str>,
    /// The formats that were asked for.
    pub formats: Vec<&'static str>,
    /// The fleet file and the Cedar files, by path.
    pub sources: Vec<FileEntry>,
    /// The documents, by path; with `json` among the formats each is a file.
    pub documents: Vec<DocumentEntry>,
    /// The other files of the output, by path.
    pub other_files: Vec<FileEntry>,
}

/// A file and the digest of its bytes.
#[derive(Debug, Serialize)]
pub struct FileEntry {
    /// The path: of a source from the directory that the policies directory is in, of an output from the
    /// output directory.
    pub file: String,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: Digest,
}

/// One document.
#[derive(Debug, Serialize)]
pub struct DocumentEntry {
    /// Path and digest.
    #[serde(flatten)]
    pub file: FileEntry,
    /// `identity`, `boundary`, `scp` and so on.
    pub kind: String,
    /// The role it is for; none for a document that is for all.
    pub role: Option<String>,
    /// The one environment it is for; none for a document that serves every environment.
    pub environment: Option<String>,
    /// Characters, counted as the quota counts them; none where there is no quota.
    pub size: Option<usize>,
    /// The quota.
    pub limit: Option<usize>,
    /// The statements, in the order they are written.
    pub statements: Vec<StatementEntry>,
}

/// One statement.
#[derive(Debug, Serialize)]
pub struct StatementEntry {
    /// The statement id.
    pub sid: String,
    /// What it comes from: several where statements were merged.
    pub from: Vec<OriginEntry>,
}

/// What a statement comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum OriginEntry {
    /// A role or guard.
    Policy {
        /// Its id.
        policy: String,
        /// Path and line.
        location: String,
    },
    /// An integrity guard, which no policy asked for.
    Integrity {
        /// What it prevents.
        integrity: String,
    },
}

/// Ties the documents of some targets, and the other files of the output, to their source.
#[must_use]
pub fn manifest(
    source: &Source,
    compiled: &Compiled,
    targets: &Targets,
    formats: &[Format],
    files: &[OutputFile],
) -> Manifest {
    let documents: BTreeSet<&str> = targets.artifacts.iter().map(|one| one.file.as_str()).collect();
    let others = files.iter().filter(|(file, _)| !documents.contains(file.as_str()));
    Manifest {
        version: 1,
        compiler: env!("CARGO_PKG_VERSION"),
        service_reference: compiled.world().reference.date().to_owned(),
        only_roles: only_roles(compiled),
        sources: sources(source),
        targets: targets.chosen.iter().map(|target| target.as_str()).collect(),
        documents: targets.artifacts.iter().map(|one| document(source, one)).collect(),
        formats: formats.iter().map(|format| format.as_str()).collect(),
        other_files: others.map(|(file, text)| FileEntry::new(file.clone(), text)).collect(),
    }
}

impl FileEntry {
    fn new(file: String, text: &str) -> Self {
        Self { file, sha256: Digest::of(text.as_bytes()) }
    }
}

/// The roles that were compiled, if not all.
pub(crate) fn only_roles(compiled: &Compiled) -> Vec<String> {
    let built: BTreeSet<&str> = compiled.documents.keys().map(|identity| identity.role).collect();
    if compiled.model.roles.iter().all(|role| built.contains(role.policy.id())) {
        return Vec::new();
    }
    built.into_iter().map(str::to_owned).collect()
}

fn sources(source: &Source) -> Vec<FileEntry> {
    let cedar = source.policies().iter().map(Policy::file);
    let all = cedar.chain([source.fleet().file()]).chain(source.lowering());
    let texts: BTreeMap<&str, &str> = all.map(|file| (file.path(), file.text())).collect();
    texts.into_iter().map(|(path, text)| FileEntry::new(shown(source, path), text)).collect()
}

fn document(source: &Source, artifact: &Artifact) -> DocumentEntry {
    DocumentEntry {
        file: FileEntry::new(artifact.file.clone(), &artifact.text),
        kind: artifact.kind().to_owned(),
        role: artifact.role.map(str::to_owned),
        environment: artifact.environment.map(str::to_owned),
        size: artifact.size.map(|size| size.characters),
        limit: artifact.size.map(|size| size.limit),
        statements: artifact.statements.iter().map(|one| statement(source, one)).collect(),
    }
}

fn statement(source: &Source, statement: &Statement) -> StatementEntry {
    StatementEntry { sid: statement.sid().to_owned(), from: origins(source, statement) }
}

/// What a statement comes from.
pub(crate) fn origins(source: &Source, statement: &Statement) -> Vec<OriginEntry> {
    let origin = |origin: &Origin| match origin {
        Origin::Policy { id, location } => {
            OriginEntry::Policy { policy: id.clone(), location: shown(source, location) }
        }
        Origin::Integrity { why } => OriginEntry::Integrity { integrity: why.clone() },
    };
    statement.origins().iter().map(origin).collect()
}
