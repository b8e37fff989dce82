//! Names that a misspelled one may have meant.

/// The name most like a misspelled one, if any is much like it.
///
/// ```
/// use fortem_core::nearest;
///
/// assert_eq!(nearest("stopTusk", ["runTask", "stopTask"]), Some("stopTask"));
/// assert_eq!(nearest("wait", ["runTask", "stopTask"]), None);
/// ```
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |known: &str| strsim::damerau_levenshtein(name, known);
    let near = names.into_iter().min_by_key(|known| (alike(known), *known))?;
    (alike(near) * 3 <= name.chars().count()).then_some(near)
}
