//! Questions about entities: who, which action, which resource, and where.

use std::collections::BTreeSet;

use cedar_policy::pst::{EntityUID, Expr, Literal, Var};
use fortem_core::{Environment, Fleet};

use super::alternative::Alternative;
use super::atom::{Atoms, refuse_entity, unsayable, unseen};
use super::comparison::{Comparison, Test};
use super::expression::{all_of, conjunction};
use super::reach::Reach;
use super::refusal::Refusal;
use super::value;
use crate::context::MEMBER;

type Alternatives<'a> = Result<Vec<Alternative<'a>>, Refusal>;

/// The principal, the action or the resource of a request.
pub(super) fn variable(expression: &Expr) -> Option<Var> {
    match expression {
        Expr::Var(variable @ (Var::Principal | Var::Action | Var::Resource)) => {
            Some(variable.clone())
        }
        _ => None,
    }
}

/// The entity that is named.
pub(super) fn constant(expression: &Expr) -> Option<&EntityUID> {
    match expression {
        Expr::Literal(Literal::EntityUID(entity)) => Some(entity),
        _ => None,
    }
}

fn kind_of(entity: &EntityUID) -> &str {
    entity.ty.0.id.as_str()
}

/// Whether an entity is of a type.
pub(super) fn is<'a>(
    atoms: &Atoms<'a, '_>,
    whole: &Expr,
    of: &Expr,
    kind: &str,
    holds: bool,
) -> Alternatives<'a> {
    match variable(of) {
        Some(Var::Resource) => Ok(is_kind(atoms, kind, holds)),
        Some(Var::Principal) => Ok(truth((kind == "User") == holds)),
        Some(Var::Action) => Ok(truth((kind == "Action") == holds)),
        _ => Err(unseen(if matches!(of, Expr::Var(_)) { whole } else { of })),
    }
}

fn is_kind<'a>(atoms: &Atoms<'a, '_>, kind: &str, holds: bool) -> Vec<Alternative<'a>> {
    let mut kinds = atoms.kinds();
    kinds.retain(|one| (*one == kind) == holds);
    some(Alternative { kinds: Some(kinds), ..Alternative::always() })
}

/// Whether an entity is in another, or in one of a set.
pub(super) fn within<'a>(
    atoms: &Atoms<'a, '_>,
    whole: &Expr,
    of: &Expr,
    within: &Expr,
    holds: bool,
) -> Alternatives<'a> {
    let entities = match value::members(within) {
        Some(members) => members.into_iter().map(constant).collect(),
        None => constant(within).map(|one| vec![one]),
    };
    let entities = entities.ok_or_else(|| unsayable(whole))?;
    match variable(of) {
        Some(Var::Resource) => {
            Ok(some(Alternative::reaching(places(atoms, whole, &entities, holds)?)))
        }
        Some(Var::Principal) => {
            let each = entities.iter().map(|entity| person_in(atoms, whole, entity, holds));
            let each: Vec<_> = each.collect::<Result<_, _>>()?;
            Ok(if holds { each.concat() } else { all_of(each) })
        }
        Some(Var::Action) => Ok(is_action(atoms, &entities, true, holds)),
        _ => Err(unseen(of)),
    }
}

fn places<'a>(
    atoms: &Atoms<'a, '_>,
    whole: &Expr,
    entities: &[&EntityUID],
    holds: bool,
) -> Result<Reach<'a>, Refusal> {
    let fleet = atoms.source.fleet();
    let mut named: Vec<&Environment> = Vec::new();
    for entity in entities {
        match environments(fleet, entity) {
            Some(found) => named.extend(found),
            None if matches!(kind_of(entity), "Environment" | "Tier") => {
                return Err(unknown_environment(fleet, whole, entity));
            }
            None => return Err(refuse_entity(whole, entity)),
        }
    }
    named.sort_by_key(|one| one.name());
    named.dedup_by_key(|one| one.name());
    Ok(if holds { Reach::In(named) } else { Reach::Outside(named) })
}

/// The environments that a tier or environment entity stands for.
pub(super) fn environments<'a>(
    fleet: &'a Fleet,
    entity: &EntityUID,
) -> Option<Vec<&'a Environment>> {
    let id = entity.eid.as_str();
    match kind_of(entity) {
        "Environment" => Some(vec![fleet.environment(id)?]),
        "Tier" => {
            let all = fleet.environments().iter();
            Some(all.filter(|environment| environment.tier().as_str() == id).collect())
        }
        _ => None,
    }
}

fn unknown_environment(fleet: &Fleet, whole: &Expr, entity: &EntityUID) -> Refusal {
    let names: Vec<_> = fleet.environments().iter().map(|e| format!("`{}`", e.name())).collect();
    Refusal::new(
        whole,
        format!("asks for `{entity}`, which the fleet does not have"),
        format!("the environments are {}", names.join(", ")),
    )
}

/// Whether the person is somebody, or in a team: whoever is in a team within it is in it too.
pub(super) fn person_in<'a>(
    atoms: &Atoms<'a, '_>,
    whole: &Expr,
    entity: &EntityUID,
    holds: bool,
) -> Alternatives<'a> {
    let name = entity.eid.as_str();
    let tests = match kind_of(entity) {
        "User" => vec![is_person(atoms, whole, name)?],
        "Team" => {
            let teams = teams_within(atoms.source.fleet(), name);
            let teams = teams.ok_or_else(|| unknown_team(atoms, whole, name))?;
            let member = |team: &str| {
                let key = atoms.keys.team(team).ok_or_else(|| no_team_tag(whole))?;
                let member = Comparison::Equals(BTreeSet::from([MEMBER.to_owned()]));
                Ok(Test::new(key, member))
            };
            teams.into_iter().map(member).collect::<Result<_, Refusal>>()?
        }
        _ => return Ok(truth(!holds)),
    };
    Ok(if holds {
        tests.into_iter().map(Alternative::test).collect()
    } else {
        let tests = tests.iter().map(Test::negated).collect();
        vec![Alternative { tests, ..Alternative::always() }]
    })
}

fn is_person(atoms: &Atoms, whole: &Expr, name: &str) -> Result<Test, Refusal> {
    value::printable(whole, name)?;
    let key = atoms.keys.user().ok_or_else(|| {
        Refusal::new(
            whole,
            "asks who the person is, and IAM sees only the role they assumed",
            "if sessions carry the person's id as a tag, name it in fleet.toml: user_tag_key = \"User\"; or give the \
             person a role of their own",
        )
    })?;
    Ok(Test::new(key, Comparison::Equals(BTreeSet::from([name.to_owned()]))))
}

/// The team and all that are within it; nothing for one that the fleet does not have.
fn teams_within<'f>(fleet: &'f Fleet, name: &str) -> Option<BTreeSet<&'f str>> {
    let team = fleet.teams().iter().find(|team| team.name() == name)?;
    let mut found = BTreeSet::from([team.name()]);
    loop {
        let inner = fleet.teams().iter().filter(|team| team.teams().any(|one| found.contains(one)));
        let larger: BTreeSet<&str> =
            inner.map(fortem_core::Team::name).chain(found.iter().copied()).collect();
        if larger.len() == found.len() {
            return Some(found);
        }
        found = larger;
    }
}

fn unknown_team(atoms: &Atoms, whole: &Expr, name: &str) -> Refusal {
    let teams: Vec<String> =
        atoms.source.fleet().teams().iter().map(|team| format!("`{}`", team.name())).collect();
    Refusal::new(
        whole,
        format!("asks for the team `{name}`, which the fleet does not have"),
        format!("the teams are {}", teams.join(", ")),
    )
}

fn no_team_tag(whole: &Expr) -> Refusal {
    Refusal::new(
        whole,
        "asks who is in a team, and IAM sees only the role they assumed",
        "if sessions carry a tag for each team of the person, with the value `true`, name its key in fleet.toml: \
         team_tag_key = \"Team/{team}\"",
    )
}

fn is_action<'a>(
    atoms: &Atoms<'a, '_>,
    entities: &[&EntityUID],
    with_groups: bool,
    holds: bool,
) -> Vec<Alternative<'a>> {
    let vocabulary = atoms.source.vocabulary();
    let names = entities.iter().flat_map(|entity| {
        let members = vocabulary.members(&entity.eid);
        // A group is no action that is ever asked for.
        members.into_iter().filter(move |one| with_groups || *one == entity.eid.as_str())
    });
    let names: BTreeSet<&str> = names.collect();
    let all = vocabulary.actions().map(fortem_core::Action::name);
    let actions: BTreeSet<&str> = all.filter(|one| names.contains(one) == holds).collect();
    some(Alternative { actions: Some(actions), ..Alternative::always() })
}

/// Whether an entity is another one.
pub(super) fn equal<'a>(
    atoms: &Atoms<'a, '_>,
    whole: &Expr,
    left: &Expr,
    right: &Expr,
    holds: bool,
) -> Alternatives<'a> {
    let ((Some(of), Some(entity), _, _) | (_, _, Some(of), Some(entity))) =
        (variable(left), constant(right), variable(right), constant(left))
    else {
        return Err(unsayable(whole));
    };
    match of {
        Var::Action => Ok(is_action(atoms, &[entity], false, holds)),
        // Nobody is a team.
        Var::Principal if kind_of(entity) == "User" => person_in(atoms, whole, entity, holds),
        Var::Principal => Ok(truth(!holds)),
        _ if kind_of(entity) == "Environment" => {
            let kind = is_kind(atoms, "Environment", holds);
            let place = some(Alternative::reaching(places(atoms, whole, &[entity], holds)?));
            Ok(if holds { conjunction(&kind, &place) } else { [kind, place].concat() })
        }
        _ => Err(refuse_entity(whole, entity)),
    }
}

/// Whether any of some entities is one of a set.
pub(super) fn among<'a>(
    atoms: &Atoms<'a, '_>,
    whole: &Expr,
    set: &[&EntityUID],
    values: &[&Expr],
    holds: bool,
) -> Alternatives<'a> {
    let mut each = Vec::new();
    for value in values {
        for entity in set {
            let entity = Expr::Literal(Literal::EntityUID((*entity).clone()));
            each.push(equal(atoms, whole, value, &entity, holds)?);
        }
    }
    Ok(if holds { each.concat() } else { all_of(each) })
}

fn truth<'a>(holds: bool) -> Vec<Alternative<'a>> {
    if holds { vec![Alternative::always()] } else { Vec::new() }
}

fn some(one: Alternative<'_>) -> Vec<Alternative<'_>> {
    if one.is_impossible() { Vec::new() } else { vec![one] }
}
