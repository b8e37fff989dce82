//! The snapshot: what was read from accounts, as plain JSON in a directory.

/// What runs in one account.
#[derive(Debug, Default)]
pub struct Resources {}

impl Resources {
    /// Calls `visit` with key and value of every tag.
    pub fn each_tag(&self, _visit: impl FnMut(&str, &str)) {}
}
