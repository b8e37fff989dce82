//! The environments that a policy speaks of.

use fortem_core::Environment;

/// Environments, those among them that the fleet does not know.
#[derive(Debug, Clone)]
pub enum Reach<'a> {
    /// Every one, known to the fleet or not.
    Everywhere,
    /// These and no others.
    In(Vec<&'a Environment>),
    /// Every one but these: what the fleet does not know is covered.
    Outside(Vec<&'a Environment>),
}

impl Reach<'_> {
    /// Whether an environment of the fleet is covered.
    #[must_use]
    pub fn covers(&self, environment: &Environment) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(inside) => contains(inside, environment),
            Self::Outside(outside) => !contains(outside, environment),
        }
    }

    /// The environments that both cover.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Everywhere, other) | (other, Self::Everywhere) => other.clone(),
            (Self::Outside(left), Self::Outside(right)) => {
                let new = right.iter().filter(|one| !contains(left, one));
                Self::Outside(left.iter().chain(new).copied().collect())
            }
            (Self::In(inside), other) | (other, Self::In(inside)) => {
                Self::In(inside.iter().filter(|one| other.covers(one)).copied().collect())
            }
        }
    }

    /// Whether no environment is covered.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        matches!(self, Self::In(inside) if inside.is_empty())
    }

    /// Whether every environment of the other is covered.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Everywhere) => true,
            (Self::Everywhere, Self::Outside(outside)) => outside.is_empty(),
            (Self::Everywhere | Self::Outside(_), Self::In(_)) => false,
            (Self::In(inside), other) => inside.iter().all(|one| other.covers(one)),
            (Self::Outside(ours), Self::Outside(theirs)) => {
                theirs.iter().all(|one| contains(ours, one))
            }
        }
    }
}

fn contains(environments: &[&Environment], one: &Environment) -> bool {
    environments.iter().any(|environment| environment.name() == one.name())
}
