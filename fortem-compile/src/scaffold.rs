//! A fleet to begin with: `templates/` and the vocabulary, written to a directory that has none of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fortem_core::{Problem, Vocabulary};

/// Path and text of a template.
macro_rules! templates {
    ($($path:literal,)*) => {
        [$(($path, include_str!(concat!("../templates/", $path))),)*]
    };
}

const TEMPLATES: [(&str, &str); 8] = templates![
    ".github/workflows/fortem.yml",
    ".pre-commit-config.yaml",
    "policies/fleet.toml",
    "policies/guards/never-prod.cedar",
    "policies/roles/developer.cedar",
    "policies/roles/exec.cedar",
    "policies/roles/log-viewer.cedar",
    "policies/roles/operator.cedar",
];

/// The files of the scaffold: paths below its directory, and texts.
///
/// ```
/// let mut files = fortem_compile::scaffold::files();
/// assert!(files.any(|(path, _)| path == "policies/fleet.toml"));
/// ```
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEMPLATES.into_iter().chain([("policies/fortem.cedarschema", Vocabulary::text())])
}

/// Writes the scaffold below a directory, which need not be there; answers with the files.
///
/// # Errors
///
/// When files of it are there already, or one cannot be written; then no file is left behind.
pub fn write(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let paths = files().map(|(path, _)| directory.join(path));
    let taken: Vec<_> = paths.filter(|path| path.symlink_metadata().is_ok()).collect();
    if !taken.is_empty() {
        return Err(are_taken(&taken));
    }
    let mut written = Vec::new();
    for (path, text) in files() {
        let path = directory.join(path);
        if let Err(error) = create(&path, text, &mut written) {
            // What is wrong is told by the error; a leftover is only untidy.
            for path in &written {
                let _ = fs::remove_file(path);
            }
            let message = format!("cannot write `{}`: {error}", path.display());
            return Err(Problem::new("fortem::output::unwritable", message));
        }
    }
    Ok(written)
}

fn create(path: &Path, text: &str, written: &mut Vec<PathBuf>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    written.push(path.to_owned());
    file.write_all(text.as_bytes())
}

fn are_taken(paths: &[PathBuf]) -> Problem {
    let names: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    Problem::new("fortem::scaffold::taken", format!("already there: {}", names.join(", ")))
        .help("nothing was written; name another directory, and take from it what you need")
}
