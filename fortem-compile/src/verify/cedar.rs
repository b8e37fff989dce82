//! What Cedar's own authorizer says: the side that the documents are compared with.
//!
//! A person of one environment has one role there and nothing else. Each action is asked about a
//! resource of each environment, with and without a second factor.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Request, RestrictedExpression, SlotId,
};
use fortem_core::{NAMESPACE, Source};

use super::VerifyError;

const PERSON: &str = "person";
const EVERYTHING: &str = "everything";

/// An action of the vocabulary, an environment that the resource is in or none that is known, and
/// whether there is a second factor.
pub(super) type Question = (&'static str, Option<String>, bool);

/// Question → the policies that apply, by id.
pub(super) type Applying = BTreeMap<Question, BTreeSet<String>>;

/// Cedar, ready to be asked.
pub(super) struct Cedar<'a> {
    source: &'a Source,
    entities: Entities,
    targets: BTreeSet<(&'static str, EntityTypeName)>,
    places: Vec<Option<String>>,
    forbidden: Applying,
    /// Environment of the person → what the roles permit there, guards left aside.
    permitted: BTreeMap<String, Applying>,
}

impl<'a> Cedar<'a> {
    /// Asks about resources of these environments, which the fleet need not know, and of none.
    pub(super) fn new(
        source: &'a Source,
        environments: BTreeSet<String>,
    ) -> Result<Self, VerifyError> {
        let vocabulary = source.vocabulary();
        let targets = vocabulary.schema().request_envs().filter_map(|one| {
            let action = vocabulary.action(one.action().id().unescaped())?;
            Some((action.name(), one.resource().clone()))
        });
        let targets = targets.collect();
        let places: Vec<_> = environments.into_iter().map(Some).chain([None]).collect();
        let entities = entities(source, &targets, &places)?;
        let (forbidden, permitted) = (Applying::new(), BTreeMap::new());
        let mut cedar = Self { source, entities, targets, places, forbidden, permitted };
        cedar.forbidden = cedar.ask(&guards(source)?)?;
        Ok(cedar)
    }

    /// The environments of resources that are asked about; none for a resource of no known one.
    pub(super) fn places(&self) -> &[Option<String>] {
        &self.places
    }

    /// The guards that forbid.
    pub(super) fn forbidding(&self, question: &Question) -> Option<&BTreeSet<String>> {
        self.forbidden.get(question).filter(|guards| !guards.is_empty())
    }

    /// What each role permits a person of an environment, guards left aside.
    pub(super) fn permitted(&mut self, environment: &str) -> Result<&Applying, VerifyError> {
        let permitted = match self.permitted.remove(environment) {
            Some(known) => known,
            None => self.ask(&roles(self.source, environment)?)?,
        };
        Ok(self.permitted.entry(environment.to_owned()).or_insert(permitted))
    }

    /// What has been asked before of a person of an environment.
    pub(super) fn permitted_in(&self, environment: &str) -> Option<&Applying> {
        self.permitted.get(environment)
    }

    fn ask(&self, policies: &PolicySet) -> Result<Applying, VerifyError> {
        let mut applying = Applying::new();
        for second_factor in [false, true] {
            let context = context(second_factor)?;
            for (action, kind) in &self.targets {
                for place in &self.places {
                    let question = (*action, place.clone(), second_factor);
                    let found = self.applying(policies, &question, kind, context.clone())?;
                    applying.entry(question).or_default().extend(found);
                }
            }
        }
        Ok(applying)
    }

    fn applying(
        &self,
        policies: &PolicySet,
        (action, place, _): &Question,
        kind: &EntityTypeName,
        context: Context,
    ) -> Result<Vec<String>, VerifyError> {
        let Some(resource) = resource(kind, place.as_deref())? else {
            return Ok(Vec::new());
        };
        let (person, action) = (uid("User", PERSON)?, uid("Action", action)?);
        let request = Request::new(person, action, resource, context, None).map_err(refused)?;
        let answer = Authorizer::new().is_authorized(&request, policies, &self.entities);
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(refused(error));
        }
        let ids = answer.diagnostics().reason().map(ToString::to_string);
        Ok(ids.filter(|id| id != EVERYTHING).collect())
    }
}

/// The guards, over a policy that permits everything.
fn guards(source: &Source) -> Result<PolicySet, VerifyError> {
    let mut policies = PolicySet::new();
    let id = PolicyId::new(EVERYTHING);
    let everything = Policy::parse(Some(id), "permit (principal, action, resource);");
    policies.add(everything.map_err(refused)?).map_err(refused)?;
    for guard in source.guards() {
        for policy in guard.policy_set().policies() {
            policies.add(policy.new_id(PolicyId::new(guard.id()))).map_err(refused)?;
        }
    }
    Ok(policies)
}

/// Each role, given to the person in one environment.
fn roles(source: &Source, environment: &str) -> Result<PolicySet, VerifyError> {
    let mut policies = PolicySet::new();
    for role in source.roles() {
        for template in role.policy_set().templates() {
            let id = PolicyId::new(format!("template {}", role.id()));
            policies.add_template(template.new_id(id.clone())).map_err(refused)?;
            let slots = HashMap::from([
                (SlotId::principal(), uid("User", PERSON)?),
                (SlotId::resource(), uid("Environment", environment)?),
            ]);
            policies.link(id, PolicyId::new(role.id()), slots).map_err(refused)?;
        }
    }
    Ok(policies)
}

/// The person, the environments with their tiers, and a resource of each type in each place.
fn entities(
    source: &Source,
    targets: &BTreeSet<(&'static str, EntityTypeName)>,
    places: &[Option<String>],
) -> Result<Entities, VerifyError> {
    let mut entities = vec![Entity::new_no_attrs(uid("User", PERSON)?, HashSet::new())];
    for environment in places.iter().flatten() {
        let tier = source.fleet().environment(environment).map(|known| known.tier().as_str());
        let parents = tier.map(|tier| uid("Tier", tier)).transpose()?.into_iter().collect();
        entities.push(Entity::new_no_attrs(uid("Environment", environment)?, parents));
    }
    let kinds: BTreeSet<&EntityTypeName> = targets.iter().map(|(_, kind)| kind).collect();
    for kind in kinds.into_iter().filter(|kind| kind.basename() != "Environment") {
        for place in places {
            let Some(resource) = resource(kind, place.as_deref())? else { continue };
            let parent = place.as_deref().map(|name| uid("Environment", name)).transpose()?;
            entities.push(Entity::new_no_attrs(resource, parent.into_iter().collect()));
        }
    }
    let actions = source.vocabulary().schema().action_entities().map_err(refused)?;
    actions.add_entities(entities, None).map_err(refused)
}

/// A resource of a type in a place; an environment is in itself, and nowhere there is none.
fn resource(kind: &EntityTypeName, place: Option<&str>) -> Result<Option<EntityUid>, VerifyError> {
    match (kind.basename(), place) {
        ("Environment", None) => Ok(None),
        ("Environment", Some(name)) => Ok(Some(uid("Environment", name)?)),
        (kind, Some(name)) => Ok(Some(uid(kind, &format!("of {name}"))?)),
        (kind, None) => Ok(Some(uid(kind, "of no environment")?)),
    }
}

/// What every action may look at; IAM sees nothing of it but the second factor.
fn context(second_factor: bool) -> Result<Context, VerifyError> {
    let pairs = [
        ("mfa", RestrictedExpression::new_bool(second_factor)),
        ("pattern", RestrictedExpression::new_string(String::new())),
        ("cluster", RestrictedExpression::new_entity_uid(uid("Cluster", "of no environment")?)),
    ];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value));
    Context::from_pairs(pairs).map_err(refused)
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, VerifyError> {
    let name: EntityTypeName = format!("{NAMESPACE}::{kind}").parse().map_err(refused)?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn refused(error: impl std::fmt::Display) -> VerifyError {
    VerifyError::Cedar(error.to_string())
}
