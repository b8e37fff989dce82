//! Who has the role: by the tag of the session, and by the assignment in Cedar.

use std::fmt;

use fortem_core::Fleet;

/// A class of principals that IAM and Cedar treat alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    // INVARIANT: in lower case.
    key: String,
    tag: Option<String>,
    /// Whether the tag names an environment that the role is assigned in.
    assigned: bool,
}

impl Holder {
    pub(super) fn of(tag_key: &str, tag: Option<&str>, assigned: bool) -> Self {
        let key = format!("aws:principaltag/{}", tag_key.to_lowercase());
        Self { key, tag: tag.map(str::to_owned), assigned }
    }

    /// Somebody of each environment, of one that the fleet does not know, with an empty tag, and with
    /// none.
    pub(super) fn all(fleet: &Fleet) -> Vec<Self> {
        let of = |tag, assigned| Self::of(fleet.tag_key(), tag, assigned);
        let known =
            fleet.environments().iter().map(|environment| of(Some(environment.name()), true));
        let unknown = unknown_environment(fleet);
        known.chain([of(Some(&unknown), true), of(Some(""), false), of(None, false)]).collect()
    }

    /// The condition key that the policy variable of the environment names, in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The value of the principal's environment tag.
    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The environment the role is assigned in; none: it is not assigned.
    pub(super) fn environment(&self) -> Option<&str> {
        self.tag().filter(|_| self.assigned)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag() {
            None => f.write_str("somebody without the environment's tag"),
            Some("") => f.write_str("somebody whose environment tag is empty"),
            Some(environment) => write!(f, "somebody of `{environment}`"),
        }
    }
}

/// A name that no environment of the fleet has, in no spelling.
fn unknown_environment(fleet: &Fleet) -> String {
    let mut name = "unknown".to_owned();
    while fleet.environments().iter().any(|known| known.spellings().any(|one| one == name)) {
        name.push('-');
    }
    name
}
