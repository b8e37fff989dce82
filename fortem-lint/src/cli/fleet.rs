//! Reading the fleet file, alone or with the Cedar source beside it.

use std::path::Path;

use anyhow::{Context, Result};
use fortem_core::{Fleet, Problems, Roles, Source, SourceFile};

/// The source in the folder of a fleet file.
pub(super) fn source(path: &Path) -> Result<Source> {
    let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    Source::load(folder).map_err(|problems| told(&problems))
}

/// A fleet file, or that of a folder. The roles that it assigns need not lie beside it: whether there are such roles is
/// asked when they are compiled.
pub(super) fn read(path: &Path) -> Result<Fleet> {
    let path = if path.is_dir() { path.join("fleet.toml") } else { path.to_owned() };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    let file = SourceFile::new(path.display().to_string(), text);
    Fleet::parse(&file, &Roles::any()).map_err(|problems| told(&problems))
}

fn told(problems: &Problems) -> anyhow::Error {
    let problems = problems.as_slice().iter().map(ToString::to_string);
    anyhow::anyhow!("{}", problems.collect::<Vec<_>>().join("\n"))
}
