//! Who has which role where: what two fleet files say of it.

use std::collections::BTreeSet;
use std::fmt;

use fortem_core::{Assignee, Fleet};
use serde::Serialize;

use super::{Side, Verdict};

/// Somebody has a role in an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Assigned {
    /// The role.
    pub role: String,
    /// The environment; none for a role that says itself where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The team or user.
    pub assignee: String,
}

impl Assigned {
    pub(super) fn all(fleet: &Fleet) -> BTreeSet<Self> {
        let mut all = BTreeSet::new();
        for one in fleet.assignments() {
            let assignee = match one.assignee() {
                Some(Assignee::Team(team)) => format!("team {team}"),
                Some(Assignee::User(user)) => format!("user {user}"),
                None => "whoever the role names".to_owned(),
            };
            let mut places: Vec<_> = one.environments().map(|name| Some(name.to_owned())).collect();
            if places.is_empty() {
                places.push(None);
            }
            all.extend(places.into_iter().map(|environment| Self {
                role: one.role().to_owned(),
                environment,
                assignee: assignee.clone(),
            }));
        }
        all
    }
}

impl fmt::Display for Assigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, environment, assignee } = self;
        write!(f, "{assignee} has `{role}`")?;
        environment.iter().try_for_each(|name| write!(f, " in `{name}`"))
    }
}

/// The assignments that only one side has.
#[derive(Debug, Clone, Serialize)]
pub struct AssignmentChanges {
    /// Those of B alone.
    pub added: Vec<Assigned>,
    /// Those of A alone.
    pub removed: Vec<Assigned>,
}

impl AssignmentChanges {
    /// What changed, if both sides say who has which role.
    pub(super) fn between(a: &Side, b: &Side, role: Option<&str>) -> Option<Self> {
        let (a, b) = (a.assignments()?, b.assignments()?);
        let only = |of: &BTreeSet<Assigned>, other: &BTreeSet<Assigned>| {
            let all = of.difference(other);
            all.filter(|one| role.is_none_or(|role| one.role == role)).cloned().collect()
        };
        Some(Self { added: only(b, a), removed: only(a, b) })
    }

    pub(super) fn verdict(&self) -> Verdict {
        Verdict::of(!self.added.is_empty(), !self.removed.is_empty())
    }
}
