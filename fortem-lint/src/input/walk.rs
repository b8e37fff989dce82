//! The files of folders, in the order of their names.

use std::fs;
use std::path::{Path, PathBuf};

use super::{NotAssessed, shown, snapshot};

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Standard input.
    Stdin,
    /// A file; `named` if a person named it, and did not only name a folder around it.
    File {
        /// Its path.
        path: PathBuf,
        /// Whether a person named it.
        named: bool,
    },
    /// The folder of a snapshot, which is read as a whole.
    Snapshot {
        /// Its path.
        path: PathBuf,
        /// What findings call it instead of its path, if it is gone after the run.
        name: Option<String>,
    },
}

impl Entry {
    /// The name under which findings show it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "<stdin>".to_owned(),
            Self::Snapshot { name: Some(name), .. } => name.clone(),
            Self::File { path, .. } | Self::Snapshot { path, .. } => shown(path),
        }
    }

    /// How many bytes there are to read, as far as that is known before.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Stdin => 0,
            Self::File { path, .. } => fs::metadata(path).map_or(0, |found| found.len()),
            Self::Snapshot { path, .. } => size_of(path),
        }
    }

    /// Whether a person named it.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !matches!(self, Self::File { named: false, .. })
    }
}

/// The bytes of the files in a folder and in those below it.
fn size_of(folder: &Path) -> u64 {
    let Ok(listed) = fs::read_dir(folder) else { return 0 };
    let sizes = listed.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => size_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// Adds the files at and below a path; what cannot be listed goes to `problems`.
pub fn walk(path: &Path, entries: &mut Vec<Entry>, problems: &mut Vec<NotAssessed>) {
    if path == Path::new("-") {
        entries.push(Entry::Stdin);
    } else if path.is_dir() {
        walk_folder(path, entries, problems);
    } else {
        entries.push(Entry::File { path: path.to_owned(), named: true });
    }
}

fn walk_folder(folder: &Path, entries: &mut Vec<Entry>, problems: &mut Vec<NotAssessed>) {
    if snapshot::is_one(folder) {
        entries.push(Entry::Snapshot { path: folder.to_owned(), name: None });
        return;
    }
    let mut problem = |path: &Path, why: String, incomplete| {
        problems.push(NotAssessed { what: shown(path), why, incomplete });
    };
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) => return problem(folder, format!("cannot be listed: {error}"), true),
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in listed {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => problem(folder, format!("cannot be listed: {error}"), true),
        }
    }
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            problems.push(NotAssessed {
                what: shown(&path),
                why: "is hidden".to_owned(),
                incomplete: false,
            });
        } else if path.is_dir() && path.is_symlink() {
            problems.push(NotAssessed {
                what: shown(&path),
                why: "is a link to a folder; name that folder".to_owned(),
                incomplete: true,
            });
        } else if path.is_dir() {
            walk_folder(&path, entries, problems);
        } else if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            // To open a pipe would wait for whoever writes to it.
            problems.push(NotAssessed {
                what: shown(&path),
                why: "is neither a file nor a folder".to_owned(),
                incomplete: false,
            });
        } else {
            entries.push(Entry::File { path, named: false });
        }
    }
}
