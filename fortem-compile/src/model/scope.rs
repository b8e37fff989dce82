//! The scope of a policy: whom it is attached to or speaks of, and where.

use std::sync::Arc;

use cedar_policy::pst::{
    BinaryOp, EntityOrSlot, EntityType, Expr, Literal, PrincipalConstraint, ResourceConstraint, Var,
};
use fortem_core::{Assignee, Policy, Problem, Source};

use super::Reader;
use super::alternative::Alternative;
use super::atom::Atoms;
use super::entity;
use super::expression::conjunction;
use super::refusal::Refusal;

/// Whom a role's documents are attached to is said by its assignments, or by the policy itself. A slot that stands for
/// a person cannot be filled with a team.
pub(super) fn attached(source: &Source, policy: &Policy) -> Result<(), Problem> {
    let only_people = policy.template().principal
        == PrincipalConstraint::Eq(EntityOrSlot::Slot(cedar_policy::pst::SlotId::Principal));
    let assigned = source.fleet().assignments().iter().filter(|one| one.role() == policy.id());
    let to_team =
        |one: &&fortem_core::Assignment| matches!(one.assignee(), Some(Assignee::Team(_)));
    match assigned.filter(|_| only_people).find(to_team) {
        None => Ok(()),
        Some(one) => {
            let message =
                format!("`{}` is given to a team, and only a person can have it", policy.id());
            let label = format!("assigned at {}:{}", source.fleet().file().path(), one.line());
            Err(Problem::new("fortem::model::unsupported_scope", message)
                .at(policy.file(), policy.header_span(), label)
                .help("write `principal in ?principal`, which is a team's members as well"))
        }
    }
}

/// Whom a guard speaks of.
pub(super) fn who<'a>(
    reader: &Reader<'a, '_>,
    policy: &Policy,
) -> Result<Vec<Alternative<'a>>, Problem> {
    let (kind, named, is_equal) = match &policy.template().principal {
        PrincipalConstraint::Any => (None, None, false),
        PrincipalConstraint::Is(kind) => (Some(kind), None, false),
        PrincipalConstraint::Eq(one) => (None, Some(one), true),
        PrincipalConstraint::In(one) => (None, Some(one), false),
        PrincipalConstraint::IsIn(kind, one) => (Some(kind), Some(one), false),
    };
    let op = if is_equal { BinaryOp::Eq } else { BinaryOp::In };
    scope(reader, policy, (Var::Principal, op), kind.map(name), named)
}

/// Whether the environment is `?resource`, and what else the scope says of the resource.
pub(super) fn place<'a>(
    reader: &Reader<'a, '_>,
    policy: &Policy,
) -> Result<(bool, Vec<Alternative<'a>>), Problem> {
    let (kind, named, is_equal) = match &policy.template().resource {
        ResourceConstraint::Any => (None, None, false),
        ResourceConstraint::Is(kind) => (Some(kind), None, false),
        ResourceConstraint::Eq(one) => (None, Some(one), true),
        ResourceConstraint::In(one) => (None, Some(one), false),
        ResourceConstraint::IsIn(kind, one) => (Some(kind), Some(one), false),
    };
    let is_slot = matches!(named, Some(EntityOrSlot::Slot(_)));
    let named = named.filter(|_| !is_slot);
    let found = scope(reader, policy, (Var::Resource, BinaryOp::In), kind.map(name), named)?;
    if !is_equal {
        return Ok((is_slot, found));
    }
    // `==` an environment is the environment itself, not what is in it.
    let itself = scope(reader, policy, (Var::Resource, BinaryOp::Eq), Some("Environment"), None)?;
    Ok((is_slot, conjunction(&found, &itself)))
}

fn name(kind: &EntityType) -> &str {
    kind.0.id.as_str()
}

fn scope<'a>(
    reader: &Reader<'a, '_>,
    policy: &Policy,
    (of, op): (Var, BinaryOp),
    kind: Option<&str>,
    named: Option<&EntityOrSlot>,
) -> Result<Vec<Alternative<'a>>, Problem> {
    let atoms = Atoms { source: reader.source, keys: reader.keys };
    let of = Expr::Var(of);
    let mut found = vec![Alternative::always()];
    let refused = |refusal: Refusal| refusal.problem(policy, policy.span());
    if let Some(kind) = kind {
        let is = entity::is(&atoms, &of, &of, kind, true).map_err(refused)?;
        found = conjunction(&found, &is);
    }
    if let Some(EntityOrSlot::Entity(entity)) = named {
        let entity = Arc::new(Expr::Literal(Literal::EntityUID(entity.clone())));
        let (left, right) = (Arc::new(of.clone()), Arc::clone(&entity));
        let whole = Expr::BinaryOp { op, left, right };
        let within = match op {
            BinaryOp::Eq => entity::equal(&atoms, &whole, &of, &entity, true),
            _ => entity::within(&atoms, &whole, &of, &entity, true),
        };
        let within = within.map_err(refused)?;
        found = conjunction(&found, &within);
    }
    if found.is_empty() {
        let problem = Problem::new("fortem::model::never_holds", "the scope can never hold");
        return Err(super::at_policy(problem, policy, "this policy").help(
            "a policy that never applies is a mistake; remove it, or name something that exists",
        ));
    }
    Ok(found)
}

/// A role without environments.
pub(super) fn everywhere(policy: &Policy) -> Problem {
    let message =
        format!("`{}` permits in every environment, and where there is none", policy.id());
    let problem = Problem::new("fortem::model::unsupported_scope", message);
    super::at_policy(problem, policy, "this role").help(
        "write `resource in ?resource` and say in fleet.toml where the role holds, or name environments or a tier: \
         `resource in Fortem::Tier::\"nonproduction\"`",
    )
}
