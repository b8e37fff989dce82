//! Calls that change the environment's tag of something that exists.

use super::{Facts, Subject};

/// The condition keys of such a call.
#[derive(Debug)]
pub struct Retagging<'f> {
    tag_key: &'f str,
    request_tag: String,
    // What the tag becomes: the caller's own environment, so that the thing is the caller's.
    own: Option<&'f str>,
}

impl<'f> Retagging<'f> {
    /// A change to the subject's own environment.
    #[must_use]
    pub fn of(subject: &'f Subject<'_>, facts: &'f Facts<'_>) -> Self {
        let own = subject.environment_tag.as_deref();
        Self::to(facts, own.or(subject.environments.first().map(String::as_str)))
    }

    /// A change to a value; to any, if none is given.
    #[must_use]
    pub fn to(facts: &'f Facts<'_>, value: Option<&'f str>) -> Self {
        let tag_key = facts.environments.tag_key();
        Self { tag_key, request_tag: format!("aws:RequestTag/{tag_key}"), own: value }
    }

    /// The keys of a call; one that removes tags sends none.
    #[must_use]
    pub fn keys(&self, action: &str) -> Vec<(&str, Option<&str>)> {
        let removes = action.contains("Untag") || action.contains("Remove");
        let mut keys = vec![("aws:TagKeys", Some(self.tag_key)), ("ecs:CreateAction", None)];
        if removes {
            keys.push((&self.request_tag, None));
        } else if let Some(own) = self.own {
            keys.push((&self.request_tag, Some(own)));
        }
        keys
    }
}
