//! The principals there are: one for each value of the environment's tag that anything tells apart.

use crate::iam::Context;

/// A principal, as far as its tag goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Principal {
    /// The value of the environment's tag; none for a principal without the tag.
    pub(super) tag: Option<String>,
}

impl Principal {
    /// Whether the tag assigns an environment: an empty one is none.
    pub(super) fn environment(&self) -> Option<&str> {
        self.tag.as_deref().filter(|tag| !tag.is_empty())
    }

    /// The condition keys that the principal brings to a call.
    pub(super) fn context(&self, key: &str) -> Context {
        let mut context = Context::default();
        if let Some(tag) = &self.tag {
            context.insert(key, tag.as_str());
        }
        context
    }
}
