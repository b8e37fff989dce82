//! The principals there are: one for each value of the environment's tags that anything tells apart.

use std::collections::BTreeSet;

use fortem_core::{Environment, Fleet, Mode, Policy, RoleSlots, Roles};

use super::VerifyError;
use super::environments::Environments;
use super::plain::Bound;
use crate::domain::{self, Languages};
use crate::iam::{Condition, Context, Statement};

/// A principal, as far as its environment goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Principal {
    /// The key of the tag that holds the environment, and its value; none for a principal without the tag.
    tag: Option<(String, String)>,
    /// The environment that the documents are for.
    bound: Option<String>,
}

impl Principal {
    /// The environment in which the principal has the role: an empty tag assigns none.
    pub(super) fn environment(&self) -> Option<&str> {
        let tagged = self.tag.as_ref().map(|(_, value)| value.as_str());
        self.bound.as_deref().or(tagged.filter(|tag| !tag.is_empty()))
    }

    /// The value of the tag; none for a principal without.
    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_ref().map(|(_, value)| value.as_str())
    }

    /// The condition keys that the principal brings to a call.
    pub(super) fn context(&self) -> Context {
        let mut context = Context::default();
        if let Some((key, value)) = &self.tag {
            context.insert(key, value.as_str());
        }
        context
    }
}

/// How the environment of those who have a role is known to documents for an environment, or for all.
pub(super) fn bound<'b>(fleet: &Fleet, role: &Policy, environment: Option<&'b str>) -> Bound<'b> {
    let slots = Roles::of(role.policy_set()).slots(role.id());
    let is_assigned = slots.is_some_and(|RoleSlots { resource, .. }| resource);
    match (environment, fleet.mode_of(role.id())) {
        (Some(environment), _) => Bound::To(environment),
        (None, _) if !is_assigned => Bound::ToNone,
        (None, Mode::Slots) => Bound::BySlot,
        (None, _) => Bound::ByTag,
    }
}

/// The keys of the tags that hold the environment of a principal.
pub(super) fn own_keys(fleet: &Fleet, bound: Bound) -> Vec<String> {
    let key = format!("aws:PrincipalTag/{}", fleet.tag_key());
    match bound {
        Bound::ByTag => vec![key],
        Bound::BySlot => (1..=fleet.slots()).map(|slot| format!("{key}{slot}")).collect(),
        Bound::To(_) | Bound::ToNone => Vec::new(),
    }
}

/// The principals that statements tell apart.
///
/// Of several tags one is filled at a time: each statement goes by one of them at most, so that what several tags allow
/// is what each allows.
pub(super) fn principals(
    fleet: &Fleet,
    role: &str,
    bound: Bound,
    environments: &Environments,
    statements: &[Statement],
    languages: &mut Languages,
) -> Result<Vec<Principal>, VerifyError> {
    let keys = own_keys(fleet, bound);
    if let Bound::To(environment) = bound {
        return Ok(vec![Principal { tag: None, bound: Some(environment.to_owned()) }]);
    }
    if keys.len() > 1 {
        one_slot_a_statement(role, &keys, statements)?;
    }
    let mut all = vec![Principal { tag: None, bound: None }];
    for key in keys {
        let nobody = Context::default();
        let conditions = statements.iter().flat_map(Statement::conditions);
        let own = conditions.filter(|one| one.key().eq_ignore_ascii_case(&key));
        let compared: Vec<_> = own.flat_map(|one| one.comparisons(&nobody)).collect();
        let mut tags = domain::values(&key, &compared, languages)?;
        let known = fleet.environments().iter();
        tags.extend(known.flat_map(Environment::spellings).map(str::to_owned));
        tags.retain(|tag| !environments.is_represented(tag));
        tags.extend([environments.unknown().to_owned(), String::new()]);
        let tagged = tags.into_iter().map(|tag| Some((key.clone(), tag)));
        all.extend(tagged.map(|tag| Principal { tag, bound: None }));
    }
    Ok(all)
}

fn one_slot_a_statement(
    role: &str,
    keys: &[String],
    statements: &[Statement],
) -> Result<(), VerifyError> {
    let keys: BTreeSet<String> = keys.iter().map(|key| key.to_lowercase()).collect();
    let several = statements.iter().find(|statement| {
        let asked = statement.conditions().iter().map(|one| one.key().to_lowercase());
        let variables = statement.conditions().iter().flat_map(Condition::variables);
        let variables = variables.chain(statement.resource_variables()).map(str::to_lowercase);
        let own: BTreeSet<String> =
            asked.chain(variables).filter(|key| keys.contains(key)).collect();
        let most = usize::from(statement.effect() == crate::iam::Effect::Allow);
        own.len() > most
    });
    match several {
        None => Ok(()),
        Some(one) => Err(VerifyError::Slots { role: role.to_owned(), statement: one.name() }),
    }
}
