//! Files replaced as a whole, or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::Path;

/// Gives a file a new text: it is written beside and renamed, so that no reader sees half of it. Permissions stay, and
/// a link stays a link.
///
/// # Errors
///
/// Those of the file system; the file is then as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    let temporary = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
    let temporary = path.with_file_name(temporary);
    let permissions = fs::metadata(&path).ok().map(|metadata| metadata.permissions());
    let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    let written = write(&mut file, text, permissions);
    drop(file);
    let result = written.and_then(|()| fs::rename(&temporary, &path));
    if result.is_err() {
        // What is wrong is told by the result; a leftover is only untidy.
        let _ = fs::remove_file(&temporary);
    }
    result
}

fn write(file: &mut fs::File, text: &str, permissions: Option<Permissions>) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}
