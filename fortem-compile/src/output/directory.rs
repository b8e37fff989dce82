//! The output directory: written whole or not at all.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use super::OutputFile;

/// What an output directory may hold.
const OURS: [&str; 13] = [
    "identity",
    "boundary",
    "scp",
    "tag-policy",
    "trust",
    "permission-set",
    "elasticache",
    "config",
    "manifest.json",
    "report.json",
    "report.md",
    "terraform",
    "cloudformation",
];

/// The output directory could not be written; what was there before still is.
#[derive(Debug, Error)]
#[error("cannot write `{}`", path.display())]
pub struct WriteError {
    /// The directory or file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Replaces `directory` by one that holds exactly these files.
///
/// They are written to a new directory beside it, which is then renamed.
///
/// # Errors
///
/// [`WriteError`]; the old directory is left, or put back, as it was. A directory that holds
/// anything but an earlier output is not replaced.
pub fn write(directory: &Path, files: &[OutputFile]) -> Result<(), WriteError> {
    write_as(directory, files, &OURS)
}

/// Replaces `directory` as [`write()`] does; an earlier one may hold what has these names.
///
/// # Errors
///
/// As those of [`write()`].
pub fn write_as(
    directory: &Path,
    files: &[OutputFile],
    contents: &[&str],
) -> Result<(), WriteError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError { path, source }
    };
    refuse_foreign(directory, contents).map_err(failed(directory))?;
    let parent = match directory.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed(parent))?;
    let fresh = TempDir::with_prefix_in(".fortem-", parent).map_err(failed(parent))?;
    for (name, text) in files {
        let path = fresh.path().join(name);
        let folder = path.parent().unwrap_or(fresh.path());
        fs::create_dir_all(folder).map_err(failed(folder))?;
        fs::write(&path, text).map_err(failed(&path))?;
    }
    replace(directory, fresh, parent).map_err(failed(directory))
}

/// Whoever names a directory of their own by mistake keeps it.
fn refuse_foreign(directory: &Path, contents: &[&str]) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let names: io::Result<BTreeSet<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
    let ours = |name: &&OsString| contents.iter().any(|own| *name == own);
    match names?.iter().find(|name| !ours(name)) {
        Some(name) => {
            let message = format!("it holds `{}`, which is not ours", name.display());
            Err(io::Error::other(message))
        }
        None => Ok(()),
    }
}

fn replace(directory: &Path, fresh: TempDir, parent: &Path) -> io::Result<()> {
    let old = TempDir::with_prefix_in(".fortem-", parent)?;
    let kept = old.path().join("old");
    let existed = directory.exists();
    if existed {
        fs::rename(directory, &kept)?;
    }
    let fresh = fresh.keep();
    if let Err(error) = open_to_all(&fresh).and_then(|()| fs::rename(&fresh, directory)) {
        if existed {
            fs::rename(&kept, directory)?;
        }
        fs::remove_dir_all(&fresh)?;
        return Err(error);
    }
    Ok(())
}

/// Temporary directories are private; the output is a directory like any other.
#[cfg(unix)]
fn open_to_all(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) -> io::Result<()> {
    Ok(())
}
