//! What Cedar says: the role linked for one class of principals, and the guards.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::pst::{
    ActionConstraint, Clause, Effect, EntityType, EntityUID, Name, Policy as Linked, PolicyID,
    SlotId,
};
use cedar_policy::{Policy as CedarPolicy, PolicySet};
use fortem_core::{NAMESPACE, Policy, PolicyKind, Source, Vocabulary};

use super::error::ProveError;
use super::holder::Holder;
use super::text::{all, any, not};

/// The team that stands for whoever the role is given to.
pub(super) const ASSIGNEE: &str = "?principal";

/// Guards, and the role where the holder has it.
pub(super) fn policies(
    source: &Source,
    role: &Policy,
    holder: &Holder,
) -> Result<PolicySet, ProveError> {
    let mut set = PolicySet::new();
    for policy in linked(source, role, holder)? {
        let id = policy.body().id.to_string();
        let policy = CedarPolicy::from_pst(policy).map_err(ProveError::translation(&id))?;
        set.add(policy).map_err(ProveError::translation(&id))?;
    }
    Ok(set)
}

/// The environments that policies name.
pub(super) fn environments(policies: &PolicySet) -> BTreeSet<String> {
    let named = policies.policies().flat_map(CedarPolicy::entity_literals);
    let named = named.filter(|entity| entity.type_name().basename() == "Environment");
    named.map(|entity| entity.id().unescaped().to_owned()).collect()
}

/// Whether the role permits the action to the holder, guards aside.
pub(super) fn may_permit(source: &Source, role: &Policy, holder: &Holder, action: &str) -> bool {
    let named = &role.template().action;
    holder.environment().is_some() && covers(source.vocabulary(), named, action)
}

/// The expression that role and guards permit another action to the holder.
pub(super) fn permits(
    source: &Source,
    role: &Policy,
    holder: &Holder,
    action: &str,
) -> Result<String, ProveError> {
    let linked = linked(source, role, holder)?;
    let about =
        linked.iter().filter(|policy| covers(source.vocabulary(), &policy.body().action, action));
    let (permits, forbids): (Vec<&Linked>, Vec<&Linked>) =
        about.partition(|policy| policy.body().effect == Effect::Permit);
    let some = |policies: Vec<&Linked>| any(policies.into_iter().map(applies));
    Ok(all([some(permits), not(&some(forbids))]))
}

/// Guards and role with their slots filled.
fn linked(source: &Source, role: &Policy, holder: &Holder) -> Result<Vec<Linked>, ProveError> {
    let environment = holder.environment();
    let own = source.policies().iter().filter(|policy| match policy.kind() {
        PolicyKind::Role => policy.id() == role.id() && environment.is_some(),
        PolicyKind::Guard | PolicyKind::Grant | PolicyKind::Other => true,
    });
    let slots = HashMap::from([
        (SlotId::Principal, entity("Team", ASSIGNEE)?),
        (SlotId::Resource, entity("Environment", environment.unwrap_or_default())?),
    ]);
    let link = |policy: &Policy| {
        let named = policy.template().clone().with_id(PolicyID(policy.id().into()));
        let linked = named.link(&slots);
        Ok(Linked::Static(linked.map_err(ProveError::translation(policy.id()))?))
    };
    own.map(link).collect()
}

fn entity(kind: &str, id: &str) -> Result<EntityUID, ProveError> {
    let name = Name::qualified([NAMESPACE], kind).map_err(ProveError::translation(kind))?;
    Ok(EntityUID { ty: EntityType::from_name(name), eid: id.into() })
}

fn covers(vocabulary: &Vocabulary, named: &ActionConstraint, action: &str) -> bool {
    let named = match named {
        ActionConstraint::Any => return true,
        ActionConstraint::Eq(entity) => std::slice::from_ref(entity),
        ActionConstraint::In(entities) => entities.as_slice(),
    };
    named.iter().any(|entity| vocabulary.members(&entity.eid).contains(action))
}

/// The policy applies, whatever the action.
fn applies(policy: &Linked) -> String {
    let scope = |variable: &str, constraint: String| match constraint.as_str() {
        "" => "true".to_owned(),
        constraint => format!("{variable} {constraint}"),
    };
    let template = policy.body();
    let principal = scope("principal", template.principal.to_string());
    let resource = scope("resource", template.resource.to_string());
    let clauses = template.clauses().iter().map(|clause| match clause {
        Clause::When(expression) => format!("({expression})"),
        Clause::Unless(expression) => not(&expression.to_string()),
    });
    all([principal, resource].into_iter().chain(clauses))
}
