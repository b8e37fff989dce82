//! What follows from a unit: who is subject to which documents, and which calls those allow.

mod candidates;
mod chain;
mod cluster_name;
pub mod condition;
mod directory;
pub(crate) mod inventory;
pub mod matrix;
mod opening;
pub(crate) mod passing;
mod plausible;
pub mod pointer;
pub mod populated;
mod reach;
mod retagging;
mod scope;
mod standing;
mod subject;
mod trust;
mod unread;
mod unreferenced;

use std::sync::OnceLock;

use fortem_compile::reference::Reference;

use crate::catalogue::Catalogue;
use crate::environments::Environments;
use crate::organization::{Organization, TagPolicy};
use crate::unit::Unit;

pub use chain::{Chain, Trusting};
pub use directory::Directory;
pub use inventory::{Region, Use};
pub use matrix::ROLE_CALLS;
pub use opening::{CREATING_CALLS, SCOPED_CALLS, TAG_CALLS, is_of_request, is_of_resource};
pub use reach::{Guard, Reached, ReachedGroup, Target};
pub use retagging::Retagging;
pub use scope::{Scoping, TagOf, tag_of_key};
pub use standing::home_of;
pub(crate) use standing::{ADMINISTRATOR_ACCESS, UNBOUNDED};
pub use subject::{Layer, Subject, Who, compares_with_principal_tag};
pub use trust::{Caller, accepts_session_tags, is_of_people, may_assume, services_of, trusts};
pub use unread::unread;

/// Everything that rules may look at.
#[derive(Debug)]
pub struct Facts<'u> {
    /// The account or file.
    pub unit: &'u Unit,
    /// The environments.
    pub environments: &'u Environments,
    /// The Organization, if it was read.
    pub organization: Option<&'u Organization>,
    /// The API actions that rules ask about.
    pub catalogue: &'static Catalogue,
    /// What AWS says of its API actions.
    pub reference: &'static Reference,
    /// Whoever is subject to policies: users and roles, and for policies that nobody has, whoever may get them.
    pub subjects: Vec<Subject<'u>>,
    directory: OnceLock<Directory>,
    /// What runs in the account, by Region; empty if the input does not tell.
    pub regions: Vec<Region<'u>>,
}

impl<'u> Facts<'u> {
    /// Works out the facts of a unit.
    #[must_use]
    pub fn of(
        unit: &'u Unit,
        environments: &'u Environments,
        organization: Option<&'u Organization>,
        reference: &'static Reference,
    ) -> Self {
        let subjects = subject::all(unit, environments, organization);
        Self {
            unit,
            environments,
            organization,
            catalogue: Catalogue::builtin(),
            reference,
            subjects,
            directory: OnceLock::new(),
            regions: unit
                .resources
                .as_ref()
                .map(|resources| Region::all(resources, &unit.unread))
                .unwrap_or_default(),
        }
    }

    /// The tag policy in effect for the account, where the tree of the Organization does not tell.
    #[must_use]
    pub fn tag_policy_in_effect(&self) -> Option<&'u TagPolicy> {
        self.unit.tag_policy.as_ref().filter(|_| self.organization.is_none())
    }

    /// The users and roles by name.
    pub fn directory(&self) -> &Directory {
        self.directory.get_or_init(|| Directory::of(self))
    }
}
