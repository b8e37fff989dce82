//! The Organization: accounts, organizational units, and the policies on them.

/// The tree of an Organization, as far as it was read.
#[derive(Debug, Default)]
pub struct Organization {}

impl Organization {
    /// The service control policies on the way from the root to an account, one list a level; none if the account is
    /// not in the tree or SCPs do not bind it.
    #[must_use]
    pub fn control_policies(&self, _account: &str) -> Option<Vec<Vec<&crate::unit::Policy>>> {
        None
    }
}
