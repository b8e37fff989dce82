//! The roles that a fleet file may name, and what an assignment of each has to say.

use std::collections::BTreeMap;

use cedar_policy::{PolicySet, SlotId};

/// The slots of a role: what an assignment of it has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleSlots {
    /// `?principal`: a team or a user.
    pub principal: bool,
    /// `?resource`: environments.
    pub resource: bool,
}

/// A slot of a role that an assignment does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// `?principal` or `?resource`.
    pub(crate) slot: &'static str,
    /// Whether the role has it and the assignment leaves it open; otherwise the assignment fills what is not there.
    pub(crate) is_open: bool,
}

impl RoleSlots {
    /// The first slot by which the role is not assigned as `named`.
    pub(crate) fn unfit(self, named: Self) -> Option<Unfit> {
        let pairs = [
            ("?principal", self.principal, named.principal),
            ("?resource", self.resource, named.resource),
        ];
        let (slot, is_open, _) = pairs.into_iter().find(|(_, own, named)| own != named)?;
        Some(Unfit { slot, is_open })
    }
}

/// The roles that a fleet file may name.
///
/// ```
/// use fortem_core::{RoleSlots, Roles};
///
/// let developer = RoleSlots { principal: true, resource: true };
/// let roles: Roles = [("developer".to_owned(), developer)].into_iter().collect();
/// assert_eq!(roles.slots("developer"), Some(developer));
/// assert_eq!(roles.slots("operator"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Option<BTreeMap<String, RoleSlots>>);

impl Roles {
    /// Any role there may be: a fleet file is read without the policies, so that no role in it is unknown and each
    /// fits its assignments.
    #[must_use]
    pub fn any() -> Self {
        Self(None)
    }

    /// The templates of a policy set, by id.
    #[must_use]
    pub fn of(policies: &PolicySet) -> Self {
        let slots = |template: &cedar_policy::Template| RoleSlots {
            principal: template.slots().any(|slot| *slot == SlotId::principal()),
            resource: template.slots().any(|slot| *slot == SlotId::resource()),
        };
        let id = |template: &cedar_policy::Template| AsRef::<str>::as_ref(template.id()).to_owned();
        policies.templates().map(|one| (id(one), slots(one))).collect()
    }

    /// The slots of a role; `None` if there is no such role, or if it could be any.
    #[must_use]
    pub fn slots(&self, role: &str) -> Option<RoleSlots> {
        self.0.as_ref()?.get(role).copied()
    }

    /// The ids, sorted; `None` if it could be any.
    pub(super) fn ids(&self) -> Option<impl Iterator<Item = &str>> {
        self.0.as_ref().map(|roles| roles.keys().map(String::as_str))
    }
}

impl FromIterator<(String, RoleSlots)> for Roles {
    fn from_iter<T: IntoIterator<Item = (String, RoleSlots)>>(roles: T) -> Self {
        Self(Some(roles.into_iter().collect()))
    }
}
