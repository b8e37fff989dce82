//! Whether an output directory is what the sources say, byte for byte; and if not, what it allows that it
//! should not.
//!
//! The sources are compiled anew, as the manifest of the directory says that they were. What is found in
//! the directory is compared file by file, policies by statement. Identity documents that differ are then
//! read as IAM would read them and compared with Cedar ([`crate::verify`]), so that a change that widens
//! them is shown as a call that they let through.

mod calls;
mod change;
mod found;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fortem_core::{Problem, Problems, Source};
use serde::Serialize;
use thiserror::Error;

pub use self::calls::Call;
pub use self::change::{Part, PartStatus};
use self::found::Found;
use crate::compile::{CompileError, Compiled, compile_by};
use crate::output::{self, OutputError, OutputFile};
use crate::reference::Reference;
use crate::target::targets;

/// How an output directory differs from its sources; `Display` writes it for people, `serde` as JSON.
#[derive(Debug, Serialize)]
pub struct Drift {
    /// The version of this shape.
    pub version: u32,
    /// Whether nothing differs.
    pub equal: bool,
    /// The directory, as it was named.
    pub out: String,
    /// How many files the sources make.
    pub files_expected: usize,
    /// The roles that the directory was made for; none stands for all. Other roles were not looked at.
    pub only_roles: Vec<String>,
    /// The kinds of document that the directory was made for.
    pub targets: Vec<&'static str>,
    /// The files that differ, by path.
    pub files: Vec<FileDrift>,
    /// Calls on which the identity documents, as they are in the directory, differ from Cedar.
    pub calls: Vec<Call>,
    /// What could not be read or compared.
    #[serde(serialize_with = "calls::as_messages")]
    pub problems: Vec<Problem>,
}

/// One file that differs.
#[derive(Debug, Serialize)]
pub struct FileDrift {
    /// Path below the directory.
    pub file: String,
    /// In which way it differs.
    pub status: FileStatus,
    /// What differs: the statements of a policy, or the text of anything else.
    pub parts: Vec<Part>,
}

/// In which way a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// The sources make it, and it is not there.
    Missing,
    /// It is there, and the sources do not make it.
    Foreign,
    /// Its bytes are others.
    Changed,
}

/// Why a directory could not be compared with its sources.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The sources are not compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The directory is not there, or cannot be read.
    #[error(transparent)]
    Directory(#[from] Problems),
    /// There would be no output.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Compares a directory with what the sources make, by a service reference.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fortem_compile::deploy::Format;
/// use fortem_compile::reference::Reference;
/// use fortem_compile::target::{Target, targets};
/// use fortem_compile::{check, compile, output};
/// use fortem_core::Source;
///
/// let (source, reference) = (Source::load("../policies")?, Reference::builtin()?);
/// let compiled = compile(&source, &["operator".to_owned()])?;
/// let targets = targets(&source, &compiled, &[Target::Identity])?;
/// let files = output::files(&source, &compiled, &targets, &[Format::Json])?;
/// let out = tempfile::tempdir()?;
/// output::write(out.path(), &files)?;
/// assert!(check::check(&source, reference, out.path())?.equal);
///
/// let path = out.path().join("identity/operator.json");
/// let text = std::fs::read_to_string(&path)?;
/// std::fs::write(&path, text.replace("\"ecs:StopTask\"", "\"ecs:*\""))?;
/// let drift = check::check(&source, reference, out.path())?;
/// assert_eq!(drift.files[0].file, "identity/operator.json");
/// assert_eq!(drift.calls[0].role, "operator");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`CheckError`]: what `build` would refuse too, or a directory that cannot be listed. A file that cannot
/// be read is a difference.
pub fn check(
    source: &Source,
    reference: &Reference,
    directory: &Path,
) -> Result<Drift, CheckError> {
    let built = Found::read(directory)?.built();
    let known = |role: &String| source.roles().any(|one| one.id() == role);
    let only: Vec<String> = built.only_roles.into_iter().filter(known).collect();
    compare(source, &compile_by(source, reference, &only)?, directory)
}

/// The same for a source that is compiled already.
///
/// # Errors
///
/// [`CheckError`], as for [`check`].
pub fn compare(
    source: &Source,
    compiled: &Compiled,
    directory: &Path,
) -> Result<Drift, CheckError> {
    let found = Found::read(directory)?;
    let built = found.built();
    let targets = targets(source, compiled, &built.targets()).map_err(CompileError::from)?;
    let expected = output::files(source, compiled, &targets, &built.formats())?;
    let files = differing(&expected, &found);
    let changed: BTreeSet<&str> = files.iter().map(|one| one.file.as_str()).collect();
    let mut problems = Vec::new();
    let calls = calls::calls(source, compiled, &found, &changed, &mut problems);
    Ok(Drift {
        version: 1,
        equal: files.is_empty(),
        out: directory.display().to_string(),
        files_expected: expected.len(),
        only_roles: output::only_roles(compiled),
        targets: targets.chosen.iter().map(|target| target.as_str()).collect(),
        files,
        calls,
        problems,
    })
}

/// The files that differ, by path.
fn differing(expected: &[OutputFile], found: &Found) -> Vec<FileDrift> {
    let mut files: BTreeMap<&str, FileDrift> = BTreeMap::new();
    let put = |file: &str, status, parts| FileDrift { file: file.to_owned(), status, parts };
    for (file, text) in expected {
        let drift = match found.bytes(file) {
            None => put(file, FileStatus::Missing, Vec::new()),
            Some(Ok(bytes)) if bytes == text.as_bytes() => continue,
            Some(Ok(bytes)) => put(file, FileStatus::Changed, change::parts(text, bytes)),
            Some(Err(error)) => put(file, FileStatus::Changed, vec![Part::unreadable(error)]),
        };
        files.insert(file, drift);
    }
    let ours: BTreeSet<&str> = expected.iter().map(|(file, _)| file.as_str()).collect();
    for file in found.paths().filter(|path| !ours.contains(path)) {
        files.insert(file, put(file, FileStatus::Foreign, Vec::new()));
    }
    files.into_values().collect()
}
