//! What the policies mean, in terms that can be lowered; what cannot is refused here.

mod clause;

use std::collections::BTreeSet;

use cedar_policy::pst::{
    ActionConstraint, EntityOrSlot, EntityUID, PrincipalConstraint, ResourceConstraint, SlotId,
};
use fortem_core::{Environment, Fleet, Policy, PolicyKind, Problem, Problems, Source, Vocabulary};

use self::clause::Atom;

/// The roles and guards of a source, understood.
#[derive(Debug)]
pub struct Model<'a> {
    /// The roles, by id.
    pub roles: Vec<Role<'a>>,
    /// The guards, by id.
    pub guards: Vec<Guard<'a>>,
}

/// A template: some actions, in the environment that an assignment names.
#[derive(Debug)]
pub struct Role<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The actions it permits, groups resolved.
    pub actions: BTreeSet<&'a str>,
    /// `Some(true)`: only with a second factor; `Some(false)`: only without.
    pub mfa: Option<bool>,
}

/// A `forbid` for everybody.
#[derive(Debug)]
pub struct Guard<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The actions it forbids; `None`: every one.
    pub actions: Option<BTreeSet<&'a str>>,
    /// The environments it forbids them in.
    pub reach: Reach<'a>,
    /// `Some(false)`: only without a second factor; `Some(true)`: only with.
    pub mfa: Option<bool>,
}

/// The environments that a guard covers.
#[derive(Debug, Clone)]
pub enum Reach<'a> {
    /// Every one, known to the fleet or not.
    Everywhere,
    /// These and no others.
    In(Vec<&'a Environment>),
    /// Every one but these: what the fleet does not know is covered.
    Outside(Vec<&'a Environment>),
}

impl Guard<'_> {
    /// Whether the guard forbids the action in the environment, whatever the session.
    #[must_use]
    pub fn forbids(&self, action: &str, environment: &Environment) -> bool {
        let named = |environments: &[&Environment]| {
            environments.iter().any(|named| named.name() == environment.name())
        };
        let reached = match &self.reach {
            Reach::Everywhere => true,
            Reach::In(environments) => named(environments),
            Reach::Outside(environments) => !named(environments),
        };
        let covered = self.actions.as_ref().is_none_or(|actions| actions.contains(action));
        reached && covered && self.mfa.is_none()
    }
}

/// Understands every policy of a source.
///
/// # Errors
///
/// A problem for each construct that cannot be lowered, at its clause or policy.
pub fn build(source: &Source) -> Result<Model<'_>, Problems> {
    let mut model = Model { roles: Vec::new(), guards: Vec::new() };
    let mut problems = Vec::new();
    for policy in source.policies() {
        match policy.kind() {
            PolicyKind::Role => collect(role(source, policy), &mut model.roles, &mut problems),
            PolicyKind::Guard => collect(guard(source, policy), &mut model.guards, &mut problems),
            PolicyKind::Other => problems.push(neither_role_nor_guard(policy)),
        }
    }
    Problems::unless(problems, model)
}

fn collect<T>(built: Result<T, Problem>, into: &mut Vec<T>, problems: &mut Vec<Problem>) {
    match built {
        Ok(built) => into.push(built),
        Err(problem) => problems.push(problem),
    }
}

fn role<'a>(source: &'a Source, policy: &'a Policy) -> Result<Role<'a>, Problem> {
    let template = policy.template();
    let principal = PrincipalConstraint::In(EntityOrSlot::Slot(SlotId::Principal));
    if template.principal != principal {
        return Err(unsupported(policy, &format!("`principal {}` in a role", template.principal))
            .help("write `principal in ?principal`: who has the role is said in fleet.toml"));
    }
    let resource = ResourceConstraint::In(EntityOrSlot::Slot(SlotId::Resource));
    if template.resource != resource {
        return Err(unsupported(policy, &format!("`resource {}` in a role", template.resource))
            .help("write `resource in ?resource`: where the role holds is said in fleet.toml"));
    }
    let mut mfa = None;
    for (atom, span) in clause::atoms(policy)? {
        match atom {
            Atom::Mfa(wanted) if mfa.is_none_or(|earlier| earlier == wanted) => mfa = Some(wanted),
            Atom::Mfa(_) => return Err(clause::never_holds(policy, span)),
            Atom::In(..) => {
                return Err(clause::refused(policy, span, "an environment or tier in a role")
                    .help("say it in a guard, which holds for every role"));
            }
        }
    }
    let actions = actions(source.vocabulary(), policy).unwrap_or_else(|| all(source.vocabulary()));
    Ok(Role { policy, actions, mfa })
}

fn guard<'a>(source: &'a Source, policy: &'a Policy) -> Result<Guard<'a>, Problem> {
    let template = policy.template();
    if template.principal != PrincipalConstraint::Any {
        return Err(unsupported(policy, &format!("`principal {}` in a guard", template.principal))
            .help("write `principal`: a guard holds for everybody"));
    }
    let fleet = source.fleet();
    let mut reach = match &template.resource {
        ResourceConstraint::Any => Reach::Everywhere,
        ResourceConstraint::In(EntityOrSlot::Entity(entity)) => {
            Reach::In(environments(fleet, entity).ok_or_else(|| unknown(policy, fleet, entity))?)
        }
        other => {
            return Err(unsupported(policy, &format!("`resource {other}` in a guard"))
                .help("write `resource`, or `resource in` a tier or environment"));
        }
    };
    let mut mfa = None;
    for (atom, span) in clause::atoms(policy)? {
        match atom {
            Atom::Mfa(wanted) if mfa.is_none_or(|earlier| earlier == wanted) => mfa = Some(wanted),
            Atom::Mfa(_) => return Err(clause::never_holds(policy, span)),
            Atom::In(entity, inside) if matches!(reach, Reach::Everywhere) => {
                let named =
                    environments(fleet, &entity).ok_or_else(|| unknown(policy, fleet, &entity))?;
                reach = if inside { Reach::In(named) } else { Reach::Outside(named) };
            }
            Atom::In(..) => {
                return Err(clause::refused(policy, span, "a second environment or tier")
                    .help("write one guard for each"));
            }
        }
    }
    Ok(Guard { policy, actions: actions(source.vocabulary(), policy), reach, mfa })
}

/// The actions a policy names, groups resolved; `None` when it names none and so means every one.
fn actions<'a>(vocabulary: &'a Vocabulary, policy: &Policy) -> Option<BTreeSet<&'a str>> {
    let named = match &policy.template().action {
        ActionConstraint::Any => return None,
        ActionConstraint::Eq(entity) => std::slice::from_ref(entity),
        ActionConstraint::In(entities) => entities.as_slice(),
    };
    Some(named.iter().flat_map(|entity| vocabulary.members(&entity.eid)).collect())
}

fn all(vocabulary: &Vocabulary) -> BTreeSet<&str> {
    vocabulary.actions().map(fortem_core::Action::name).collect()
}

/// The environments that a tier or environment entity stands for.
fn environments<'a>(fleet: &'a Fleet, entity: &EntityUID) -> Option<Vec<&'a Environment>> {
    let id = entity.eid.as_str();
    match entity.ty.0.id.as_str() {
        "Environment" => Some(vec![fleet.environment(id)?]),
        "Tier" => {
            let all = fleet.environments().iter();
            Some(all.filter(|environment| environment.tier().as_str() == id).collect())
        }
        _ => None,
    }
}

fn unknown(policy: &Policy, fleet: &Fleet, entity: &EntityUID) -> Problem {
    let names: Vec<_> = fleet.environments().iter().map(|e| format!("`{}`", e.name())).collect();
    let message = format!("`{entity}` is no tier and no environment of the fleet");
    at_policy(Problem::new("fortem::model::unknown_environment", message), policy, "this guard")
        .help(format!("the environments are {}", names.join(", ")))
}

fn unsupported(policy: &Policy, what: &str) -> Problem {
    let message = format!("cannot compile {what}");
    at_policy(Problem::new("fortem::model::unsupported_scope", message), policy, "this policy")
}

fn neither_role_nor_guard(policy: &Policy) -> Problem {
    let message = format!("`{}` is neither a role nor a guard", policy.id());
    at_policy(Problem::new("fortem::model::unsupported_policy", message), policy, "this policy")
        .help("a role is a `permit` with ?principal and ?resource, a guard a `forbid` without them")
}

fn at_policy(problem: Problem, policy: &Policy, label: &str) -> Problem {
    problem.at(policy.file(), policy.header_span(), label)
}
