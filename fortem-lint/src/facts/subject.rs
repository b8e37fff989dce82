//! Who is subject to which documents.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use fortem_compile::iam::{Condition, Context, Document, DocumentKind, Effect, Statement};

use super::Facts;
use super::cluster_name::ClusterName;
use super::scope::tag_of_key;
use super::standing::home_of;
use crate::catalogue::{Call, Calls};
use crate::environments::{Environment, Environments};
use crate::organization::Organization;
use crate::unit::{Boundary, Group, Owner, Policy, Principal, Unit};

/// Whoever is subject to a set of policies.
#[derive(Debug)]
pub struct Subject<'u> {
    /// Who it is.
    pub who: Who<'u>,
    /// Identity policies; an Allow here is needed.
    pub identity: Vec<&'u Policy>,
    /// Layers of which each must allow a call too: SCPs by level, and the boundary.
    pub limits: Vec<Layer<'u>>,
    /// The environments it belongs to: by its tag, or where it has none, those that its policies name.
    pub environments: Vec<String>,
    /// The value that `aws:PrincipalTag/…` of the environment has; none if the principal has no such tag.
    pub environment_tag: Option<String>,
    // The environment to which the principal itself belongs, by its tag or name.
    home: Option<String>,
    // Whether ways to an environment other than production are looked for.
    looks_aside: bool,
    // What the identity policies allow at first sight.
    allowed: Calls,
    // What its policies and limits deny at first sight.
    denied: Calls,
    // The condition keys that every call of the subject has.
    pub(super) always: OnceLock<Context>,
    cluster_name: OnceLock<Option<ClusterName>>,
    partition: OnceLock<Box<str>>,
}

/// Who is subject to the policies.
#[derive(Debug, Clone, Copy)]
pub enum Who<'u> {
    /// A user or role of the account.
    Principal(&'u Principal),
    /// Whoever may get a policy that nobody has: a file, an unattached policy, or that of a group without members.
    Anyone,
}

/// Documents of which one must allow a call.
#[derive(Debug)]
pub struct Layer<'u> {
    /// What they are, for evidence.
    pub name: String,
    /// The documents.
    pub policies: Vec<&'u Policy>,
}

/// All subjects of a unit, principals in the order of the input, then stand-ins.
pub(super) fn all<'u>(
    unit: &'u Unit,
    environments: &Environments,
    organization: Option<&'u Organization>,
) -> Vec<Subject<'u>> {
    let scps = unit.account.as_deref().zip(organization);
    let scps = scps.and_then(|(account, of)| of.control_policies(account)).unwrap_or_default();
    let mut used = BTreeSet::new();
    let mut subjects = Vec::with_capacity(unit.principals.len());
    for principal in unit.principals.iter().filter(|one| !one.is_service_linked()) {
        used.extend(principal.identity.iter().copied());
        subjects.push(of_principal(unit, principal, &scps, environments));
    }
    for index in stand_ins(unit, &used) {
        subjects.push(of_policies(unit, &[index], &scps, environments));
    }
    subjects
}

/// The identity policies that no principal has.
fn stand_ins(unit: &Unit, used: &BTreeSet<usize>) -> Vec<usize> {
    let identity = unit.policies.iter().enumerate().filter(|(index, policy)| {
        let in_force = policy.version.as_ref().is_none_or(|version| version.is_default);
        let aws_owned = matches!(&policy.owner, Owner::Managed(arn) if arn.contains(":iam::aws:"));
        policy.document.kind() == DocumentKind::Identity
            && in_force
            && !used.contains(index)
            && (!aws_owned || unit.principals.is_empty())
            && !unit.principals.iter().any(|one| one.boundary == Some(Boundary::Known(*index)))
    });
    identity.map(|(index, _)| index).collect()
}

fn of_principal<'u>(
    unit: &'u Unit,
    principal: &'u Principal,
    scps: &[Vec<&'u Policy>],
    environments: &Environments,
) -> Subject<'u> {
    let identity = policies(unit, &principal.identity);
    let mut limits = layers(scps);
    if let Some(Boundary::Known(index)) = &principal.boundary {
        let policies = policies(unit, &[*index]);
        limits.push(Layer { name: "permissions boundary".to_owned(), policies });
    }
    let environment_tag = principal.tag(environments.tag_key()).map(str::to_owned);
    Subject::new(Who::Principal(principal), identity, limits, environment_tag, environments)
}

fn of_policies<'u>(
    unit: &'u Unit,
    indexes: &[usize],
    scps: &[Vec<&'u Policy>],
    environments: &Environments,
) -> Subject<'u> {
    let identity = policies(unit, indexes);
    // Whoever gets a policy with `${aws:PrincipalTag/…}` is meant to have that tag.
    let uses_tag =
        identity.iter().any(|policy| compares_with_principal_tag(&policy.document, environments));
    let own = environments.all().iter().rev().find(|one| !one.is_production);
    let tag = own.filter(|_| uses_tag).map(|one| one.name.clone());
    let tag = tag.or_else(|| uses_tag.then(|| "own".to_owned()));
    Subject::new(Who::Anyone, identity, layers(scps), tag, environments)
}

fn policies<'u>(unit: &'u Unit, indexes: &[usize]) -> Vec<&'u Policy> {
    indexes.iter().filter_map(|index| unit.policy(*index)).collect()
}

fn layers<'u>(scps: &[Vec<&'u Policy>]) -> Vec<Layer<'u>> {
    let levels = scps.iter().enumerate();
    levels
        .map(|(at, policies)| Layer {
            name: format!("SCPs of level {}", at + 1),
            policies: policies.clone(),
        })
        .collect()
}

/// Whether a document compares anything with the principal's environment tag.
#[must_use]
pub fn compares_with_principal_tag(document: &Document, environments: &Environments) -> bool {
    let key = format!("aws:principaltag/{}", environments.tag_key().to_lowercase());
    document.statements().iter().any(|statement| {
        statement.resource_variables().any(|variable| variable == key)
            || statement
                .conditions()
                .iter()
                .any(|one| one.variables().any(|variable| variable == key))
    })
}

impl<'u> Subject<'u> {
    fn new(
        who: Who<'u>,
        identity: Vec<&'u Policy>,
        limits: Vec<Layer<'u>>,
        environment_tag: Option<String>,
        environments: &Environments,
    ) -> Self {
        let allowed = identity.iter().fold(Calls::default(), |all, one| all.or(one.allowed));
        let limiting = limits.iter().flat_map(|layer| &layer.policies);
        let denying = identity.iter().chain(limiting);
        let denied = denying.fold(Calls::default(), |all, one| all.or(one.denied));
        let own = match &environment_tag {
            Some(tag) => {
                vec![environments.meant_by(tag).map_or(tag.clone(), |one| one.name.clone())]
            }
            None => named_by(&identity, environments),
        };
        let home = match who {
            Who::Principal(principal) => {
                home_of(environments, principal).map(|one| one.name.clone())
            }
            Who::Anyone => None,
        };
        let always = OnceLock::new();
        Self {
            who,
            identity,
            limits,
            environments: own,
            environment_tag,
            home,
            looks_aside: false,
            allowed,
            denied,
            always,
            cluster_name: OnceLock::new(),
            partition: OnceLock::new(),
        }
    }

    /// Whoever has one policy and the environment's tag, and is subject to nothing else.
    #[must_use]
    pub fn of_policy(policy: &'u Policy, tag: &str, environments: &Environments) -> Self {
        Self::new(Who::Anyone, vec![policy], Vec::new(), Some(tag.to_owned()), environments)
    }

    /// Whoever is in a group and has nothing else.
    #[must_use]
    pub fn of_group(facts: &Facts<'u>, group: &'u Group) -> Self {
        let scps = facts.unit.account.as_deref().zip(facts.organization);
        let scps = scps.and_then(|(account, of)| of.control_policies(account)).unwrap_or_default();
        of_policies(facts.unit, &group.identity, &scps, facts.environments)
    }

    /// The name of the environment to which the principal itself belongs, by its tag or name.
    pub(super) fn home_name(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// The principal, if it is one.
    #[must_use]
    pub fn principal(&self) -> Option<&'u Principal> {
        match self.who {
            Who::Principal(principal) => Some(principal),
            Who::Anyone => None,
        }
    }

    /// Whether some Allow statement covers the action, conditions and resources aside.
    #[must_use]
    pub fn may_call(&self, call: Call) -> bool {
        self.allowed.contains(call)
    }

    /// Whether some Allow statement covers one of the actions, conditions and resources aside.
    #[must_use]
    pub fn may_call_any(&self, calls: &Calls) -> bool {
        self.allowed.meets(calls)
    }

    /// How clusters are called, if its policies tell.
    pub(super) fn cluster_name(&self, environments: &Environments) -> Option<&ClusterName> {
        let name = || ClusterName::of(self.all_policies(), environments);
        self.cluster_name.get_or_init(name).as_ref()
    }

    /// The partition of AWS that its ARN or its policies name; the commercial Regions where they leave it open.
    pub(super) fn partition(&self) -> &str {
        self.partition.get_or_init(|| {
            let own = self.principal().map(|principal| principal.arn.as_str());
            let policies = self.all_policies().map(|policy| &policy.document);
            let statements = policies.flat_map(Document::statements);
            let written = statements.flat_map(|one| {
                let values = one.conditions().iter().flat_map(Condition::values);
                one.resources().iter().chain(values).map(String::as_str)
            });
            let named = |arn: &'u str| {
                let partition = arn.strip_prefix("arn:")?.split(':').next()?;
                let is_open = partition.is_empty() || partition.contains(['*', '?', '$']);
                (!is_open).then_some(partition)
            };
            own.into_iter().chain(written).find_map(named).unwrap_or("aws").into()
        })
    }

    /// Whether some Deny statement covers the action, conditions and resources aside.
    #[must_use]
    pub fn is_denied(&self, call: Call) -> bool {
        self.denied.contains(call)
    }

    /// The Allow statements of the identity policies that cover an action.
    pub fn grants(&self, call: Call) -> impl Iterator<Item = (&'u Policy, &'u Statement)> {
        let policies = self.identity.iter().copied().filter(move |one| one.allowed.contains(call));
        policies.flat_map(move |policy| {
            let covering = policy.statements().filter(move |(statement, covered)| {
                statement.effect() == Effect::Allow && covered.contains(call)
            });
            covering.map(move |(statement, _)| (policy, statement))
        })
    }

    /// The value of the environment tag on what is its own; none if it is meant for no environment in particular.
    #[must_use]
    pub fn own_tag(&self) -> Option<&str> {
        self.environment_tag.as_deref().or_else(|| self.environments.first().map(String::as_str))
    }

    /// The environment that ways out of the subject's own are looked for to: production, if that is not its own.
    #[must_use]
    pub fn foreign<'f>(&self, facts: &'f Facts<'_>) -> Option<&'f Environment> {
        if self.looks_aside {
            return facts.environments.beside(&self.environments);
        }
        facts.environments.foreign_to(&self.environments)
    }

    /// The same subject with ways to another environment than production in view, if it belongs to some environment and
    /// there is such another, or must be. Without a Deny what is open there is open in production too.
    #[must_use]
    pub fn looking_aside(&self, facts: &Facts<'_>) -> Option<Self> {
        let environments = facts.environments;
        let is_guarded = self.denied.meets(&self.denied);
        if !is_guarded || !self.is_scoped() || !self.foreign(facts)?.is_production {
            return None;
        }
        let beside = environments.beside(&self.environments)?;
        // A policy with the caller's tag is for several environments, known here or not.
        let is_general = || {
            let mut documents = self.identity.iter().map(|policy| &policy.document);
            documents.any(|one| compares_with_principal_tag(one, environments))
        };
        let is_wanted = environments.named(&beside.name).is_some() || is_general();
        is_wanted.then(|| Self { looks_aside: true, ..self.same() })
    }

    /// The same without the tag that says which environment it belongs to.
    #[must_use]
    pub fn without_tag(&self) -> Self {
        Self { environment_tag: None, always: OnceLock::new(), ..self.same() }
    }

    fn same(&self) -> Self {
        let limits = self.limits.iter();
        let limits = limits
            .map(|one| Layer { name: one.name.clone(), policies: one.policies.clone() })
            .collect();
        Self {
            identity: self.identity.clone(),
            limits,
            environments: self.environments.clone(),
            environment_tag: self.environment_tag.clone(),
            home: self.home.clone(),
            always: self.always.clone(),
            cluster_name: self.cluster_name.clone(),
            partition: self.partition.clone(),
            ..*self
        }
    }

    /// Whether the policies are meant for some environments only.
    #[must_use]
    pub fn is_scoped(&self) -> bool {
        !self.environments.is_empty()
    }
}

/// The environments that Allow statements name in tags they ask for, or in ARNs. Production is not what a policy is
/// meant for if most of its statements name another environment.
fn named_by(identity: &[&Policy], environments: &Environments) -> Vec<String> {
    // Each environment with the number of statements that name it, in the order of the text.
    let mut named: Vec<(&Environment, usize)> = Vec::new();
    let statements = identity.iter().flat_map(|policy| policy.document.statements());
    for statement in statements.filter(|one| one.effect() == Effect::Allow) {
        let mut of_statement = named_in_statement(statement, environments);
        of_statement.sort_by(|a, b| a.name.cmp(&b.name));
        of_statement.dedup_by(|a, b| a.name == b.name);
        for environment in of_statement {
            match named.iter_mut().find(|(known, _)| known.name == environment.name) {
                Some((_, number)) => *number += 1,
                None => named.push((environment, 1)),
            }
        }
    }
    let other = named.iter().filter(|(one, _)| !one.is_production).map(|(_, number)| *number).max();
    let is_meant = |one: &Environment, number: usize| {
        !one.is_production || other.is_none_or(|other| MOST * number > other)
    };
    let meant = named.into_iter().filter(|(one, number)| is_meant(one, *number));
    meant.map(|(one, _)| one.name.clone()).collect()
}

/// How many statements about other environments outweigh one about production.
const MOST: usize = 3;

fn named_in_statement<'e>(
    statement: &Statement,
    environments: &'e Environments,
) -> Vec<&'e Environment> {
    let mut named = Vec::new();
    if statement.is_not_resource() {
        return named;
    }
    for condition in statement.conditions().iter().filter(|one| !one.is_negated()) {
        let is_environment = tag_of_key(condition.key())
            .is_some_and(|(_, key)| key.eq_ignore_ascii_case(environments.tag_key()));
        let values = condition.values().iter().filter(|_| is_environment);
        named.extend(values.filter_map(|value| environments.meant_by(value)));
        if condition.key().eq_ignore_ascii_case("ecs:cluster") {
            named.extend(condition.values().iter().flat_map(|one| environments.named_in(one)));
        }
    }
    named.extend(statement.resources().iter().flat_map(|one| environments.named_in(one)));
    named
}

impl<'u> Layer<'u> {
    /// The Allow statements that cover an action.
    pub(super) fn grants(&self, call: Call) -> impl Iterator<Item = &'u Statement> {
        let covering = self.policies.iter().flat_map(|policy| policy.statements());
        let allows = covering
            .filter(move |(one, covered)| one.effect() == Effect::Allow && covered.contains(call));
        allows.map(|(one, _)| one)
    }
}
