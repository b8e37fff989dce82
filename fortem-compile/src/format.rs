//! Cedar policies as Cedar's own formatter lays them out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cedar_policy::PolicySet;
use cedar_policy_formatter::{Config, policies_str_to_pretty};
use fortem_core::{Problem, Problems, SourceFile, cedar_comments, files_below, parse_cedar};

/// The text of a file of policies, laid out anew: the same policies, every comment kept.
///
/// ```
/// use fortem_compile::format::format;
/// use fortem_core::SourceFile;
///
/// let text = "// Nobody.\nforbid(principal,action,resource);";
/// let formatted = format(&SourceFile::new("a.cedar", text))?;
/// assert_eq!(formatted, "// Nobody.\nforbid (principal, action, resource);\n");
/// # Ok::<(), fortem_core::Problems>(())
/// ```
///
/// # Errors
///
/// When the text does not parse, or when the formatter would change a policy or lose a comment.
pub fn format(file: &SourceFile) -> Result<String, Problems> {
    let before = parse_cedar(file)?;
    // The formatter puts an empty line before comments that no policy follows.
    if before.is_empty() {
        return Ok(file.text().to_owned());
    }
    let formatted = policies_str_to_pretty(file.text(), &Config::default())
        .map_err(|error| unsound(file, &error.to_string()))?;
    let after = parse_cedar(&SourceFile::new(file.path(), formatted.as_str()))?;
    // The formatter looks at policies without slots only, and not at comments.
    if !same(&before, &after) {
        return Err(unsound(file, "a policy would not be the same"));
    }
    if comments(file.text()) != comments(&formatted) {
        return Err(unsound(file, "a comment would be lost"));
    }
    Ok(formatted)
}

/// The files themselves, and every `.cedar` file below the directories; sorted.
///
/// # Errors
///
/// When a directory cannot be read, or has no such file.
pub fn cedar_files(paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Problem> {
    let mut files = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_in(path)?);
        } else {
            files.insert(path.clone());
        }
    }
    Ok(files)
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut files = files_below(directory)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "cedar"));
    if files.is_empty() {
        let message = format!("no `.cedar` file in `{}`", directory.display());
        return Err(Problem::new("fortem::format::nothing", message));
    }
    Ok(files)
}

fn same(before: &PolicySet, after: &PolicySet) -> bool {
    let trees = (before.clone().to_pst(), after.clone().to_pst());
    matches!(trees, (Ok(before), Ok(after)) if before == after)
}

/// The comments without the white space behind them, sorted: the formatter may move one.
fn comments(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = cedar_comments(text).map(str::trim_end).collect();
    found.sort_unstable();
    found
}

fn unsound(file: &SourceFile, why: &str) -> Problems {
    let message = format!("`{}` cannot be formatted: {why}", file.path());
    Problem::new("fortem::format::unsound", message)
        .help("it was left as it is; lay this file out by hand")
        .into()
}
