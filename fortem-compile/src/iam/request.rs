//! One authorization check: an API action on a resource, with the condition keys of the call.

use std::sync::Arc;

use super::arn::{Colons, Resource};

/// What a condition key holds: one value, or a list when the key is multivalued (IAM User Guide, "Single-valued vs.
/// multivalued context keys").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// The value of a single-valued key.
    One(String),
    /// The values of a multivalued key, however many the call has.
    Many(Vec<String>),
}

impl Values {
    /// The values as a list.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl From<&str> for Values {
    fn from(value: &str) -> Self {
        Self::One(value.to_owned())
    }
}

impl From<String> for Values {
    fn from(value: String) -> Self {
        Self::One(value)
    }
}

impl From<Vec<String>> for Values {
    fn from(values: Vec<String>) -> Self {
        Self::Many(values)
    }
}

/// The condition keys of a call; names are compared without regard to case, tag keys after the slash included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    // INVARIANT: keys are in lower case and sorted, no key twice. They are shared, since contexts are often copied.
    keys: Vec<(Arc<str>, Values)>,
}

impl Context {
    /// Sets a key, replacing what it held under any spelling; gives back what it held.
    pub fn insert(&mut self, key: &str, values: impl Into<Values>) -> Option<Values> {
        let (key, values) = (folded(key), values.into());
        match self.place(&key) {
            Ok(place) => Some(std::mem::replace(&mut self.keys.get_mut(place)?.1, values)),
            Err(place) => {
                self.keys.insert(place, (key.into(), values));
                None
            }
        }
    }

    /// Removes a key under any spelling; gives back what it held.
    pub fn remove(&mut self, key: &str) -> Option<Values> {
        self.place(&folded(key)).ok().map(|place| self.keys.remove(place).1)
    }

    /// The values of a key, absent when the call has none: an empty list counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Values> {
        self.get_folded(&folded(key))
    }

    /// Like [`Self::get`], for a key already in lower case.
    pub(super) fn get_folded(&self, key: &str) -> Option<&Values> {
        let (_, values) = self.keys.get(self.place(key).ok()?)?;
        Some(values).filter(|values| !values.as_slice().is_empty())
    }

    /// The keys with their values, sorted by key, keys in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.keys.iter().map(|(key, values)| (&**key, values))
    }

    /// Where a key is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.keys.binary_search_by(|(known, _)| (**known).cmp(key))
    }
}

/// The spelling under which a condition key is looked up.
pub(super) fn folded(key: &str) -> String {
    key.to_lowercase()
}

/// One authorization check of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    // INVARIANT: in lower case, as action names have no case.
    action: String,
    resource: String,
    // INVARIANT: those of `resource`.
    colons: Colons,
    context: Context,
}

impl Request {
    /// A check of an API action (`ecs:UpdateService`) on a resource: an ARN, or `*` where the action has none.
    #[must_use]
    pub fn new(action: &str, resource: &str) -> Self {
        Self {
            action: action.to_ascii_lowercase(),
            resource: resource.to_owned(),
            colons: Colons::of(resource),
            context: Context::default(),
        }
    }

    /// The API action in lower case.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The resource's ARN, or `*`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    pub(super) fn divided_resource(&self) -> Resource<'_> {
        Resource { text: &self.resource, colons: self.colons }
    }

    /// The condition keys.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The condition keys, to fill them.
    pub fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn key_names_have_no_case_and_an_empty_list_is_absent() {
        let mut context = Context::default();
        context.insert("aws:ResourceTag/Environment", "staging");
        context.insert("aws:TagKeys", Vec::new());
        assert!(context.get("AWS:resourcetag/ENVIRONMENT").is_some());
        assert!(context.get("aws:TagKeys").is_none());
        context.insert("aws:resourceTag/environment", "prod");
        assert_eq!(context.remove("aws:ResourceTag/Environment"), Some("prod".into()));
        assert!(context.get("aws:ResourceTag/Environment").is_none());
    }
}
