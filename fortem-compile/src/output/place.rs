//! Places as the output names them.

use std::path::Path;

use fortem_core::Source;

/// A path, with or without a line, from the directory that the policies directory is in.
///
/// The same policies give the same output wherever they lie, and however `--policies` names them.
pub(crate) fn shown(source: &Source, location: &str) -> String {
    let fleet = Path::new(source.fleet().file().path());
    let base = fleet.parent().and_then(Path::parent);
    let below = base.and_then(|base| Path::new(location).strip_prefix(base).ok());
    below.map_or_else(|| location.to_owned(), |path| path.display().to_string())
}
