//! Policies without the part of their scope that the index has looked up already.

use cedar_policy::pst::{
    ActionConstraint, EntityOrSlot, EntityType, EntityUID, PrincipalConstraint, ResourceConstraint,
    StaticPolicy, Template,
};
use cedar_policy::{Policy, PolicySet, pst};
use smol_str::SmolStr;

use super::circumstance::is_of;

/// Whom a policy, or a link of it, can apply to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everybody.
    Everyone,
    /// One person.
    User(SmolStr),
    /// Whoever is in a team.
    Team(SmolStr),
    /// Whom it is assigned to: a person, or everybody in a team.
    Assignee,
    /// The person it is assigned to; nobody if it is assigned to a team.
    AssigneeOnly,
    /// Nobody.
    Nobody,
}

impl Reach {
    pub(super) fn of(principal: &PrincipalConstraint) -> Self {
        match principal {
            PrincipalConstraint::Any => Self::Everyone,
            PrincipalConstraint::Is(kind) if is_user(kind) => Self::Everyone,
            PrincipalConstraint::Is(_) => Self::Nobody,
            PrincipalConstraint::IsIn(kind, _) if !is_user(kind) => Self::Nobody,
            PrincipalConstraint::Eq(EntityOrSlot::Slot(_)) => Self::AssigneeOnly,
            PrincipalConstraint::In(EntityOrSlot::Slot(_))
            | PrincipalConstraint::IsIn(_, EntityOrSlot::Slot(_)) => Self::Assignee,
            PrincipalConstraint::Eq(EntityOrSlot::Entity(uid)) if is_of(uid, "Team") => {
                Self::Nobody
            }
            PrincipalConstraint::Eq(EntityOrSlot::Entity(uid))
            | PrincipalConstraint::In(EntityOrSlot::Entity(uid))
            | PrincipalConstraint::IsIn(_, EntityOrSlot::Entity(uid)) => Self::named(uid),
        }
    }

    fn named(uid: &EntityUID) -> Self {
        if is_of(uid, "User") {
            Self::User(uid.eid.clone())
        } else if is_of(uid, "Team") {
            Self::Team(uid.eid.clone())
        } else {
            Self::Nobody
        }
    }
}

fn is_user(kind: &EntityType) -> bool {
    kind.0.id.as_str() == "User"
}

/// The one environment that the scope of a policy without slots names.
pub(super) fn place(resource: &ResourceConstraint) -> Option<&str> {
    match resource {
        ResourceConstraint::Eq(EntityOrSlot::Entity(uid))
        | ResourceConstraint::In(EntityOrSlot::Entity(uid))
        | ResourceConstraint::IsIn(_, EntityOrSlot::Entity(uid))
            if is_of(uid, "Environment") =>
        {
            Some(uid.eid.as_str())
        }
        _ => None,
    }
}

/// The policy for whoever the index has found and, where it has slots, in the environment it was linked to.
pub(super) fn for_those_found(
    template: &Template,
    environment: &EntityType,
) -> Result<PolicySet, String> {
    let resource = match &template.resource {
        ResourceConstraint::In(EntityOrSlot::Slot(_)) => ResourceConstraint::Any,
        ResourceConstraint::IsIn(kind, EntityOrSlot::Slot(_)) => {
            ResourceConstraint::Is(kind.clone())
        }
        // A link names an environment, and nothing but that environment is equal to it.
        ResourceConstraint::Eq(EntityOrSlot::Slot(_)) => {
            ResourceConstraint::Is(environment.clone())
        }
        other => other.clone(),
    };
    let mut loose = template.clone();
    (loose.principal, loose.resource) = (PrincipalConstraint::Any, resource);
    policy(loose)
}

/// The conditions alone, with a resource that the scope names: the rest of the scope is settled by index and table.
pub(super) fn conditions_only(template: &Template) -> Result<PolicySet, String> {
    let mut loose = template.clone();
    loose.principal = PrincipalConstraint::Any;
    loose.action = ActionConstraint::Any;
    loose.resource = match loose.resource {
        ResourceConstraint::Eq(EntityOrSlot::Entity(uid)) if is_one_of_many(&uid) => {
            ResourceConstraint::Eq(EntityOrSlot::Entity(uid))
        }
        ResourceConstraint::In(EntityOrSlot::Entity(uid))
        | ResourceConstraint::IsIn(_, EntityOrSlot::Entity(uid))
            if is_one_of_many(&uid) =>
        {
            ResourceConstraint::In(EntityOrSlot::Entity(uid))
        }
        _ => ResourceConstraint::Any,
    };
    policy(loose)
}

/// The scope alone: a resource that is named counts as any of its type.
pub(super) fn scope_only(
    template: &Template,
    environment: &EntityType,
) -> Result<PolicySet, String> {
    let mut loose = template.clone();
    loose.resource = match loose.resource {
        ResourceConstraint::Eq(EntityOrSlot::Entity(uid)) if !is_of(&uid, "Environment") => {
            ResourceConstraint::Is(uid.ty)
        }
        ResourceConstraint::In(EntityOrSlot::Entity(uid)) if is_one_of_many(&uid) => {
            ResourceConstraint::Is(uid.ty)
        }
        ResourceConstraint::IsIn(kind, EntityOrSlot::Entity(uid)) if is_one_of_many(&uid) => {
            ResourceConstraint::Is(kind)
        }
        other => other,
    };
    let loose = loose.try_with_clauses([]).map_err(|error| error.to_string())?;
    for_those_found(&loose, environment)
}

fn is_one_of_many(uid: &EntityUID) -> bool {
    !is_of(uid, "Environment") && !is_of(uid, "Tier")
}

fn policy(template: Template) -> Result<PolicySet, String> {
    let body = StaticPolicy::try_from(template).map_err(|error| error.to_string())?;
    let policy = pst::Policy::Static(body);
    let policy = Policy::from_pst(policy).map_err(|error| error.to_string())?;
    PolicySet::from_policies([policy]).map_err(|error| error.to_string())
}

/// The type of a name of the vocabulary.
pub(super) fn entity_type(namespace: &str, kind: &str) -> Result<EntityType, String> {
    let name = pst::Name::qualified([namespace], kind).map_err(|error| error.to_string())?;
    Ok(EntityType(name))
}
