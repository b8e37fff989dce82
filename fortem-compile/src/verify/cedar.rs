//! What Cedar's own authorizer says: the side that the documents are compared with.
//!
//! A person of one environment has one role there and nothing else. Each action is asked about a resource of each type
//! and environment, under each circumstance.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::rc::Rc;

use cedar_policy::pst::{
    self, EntityOrSlot, EntityType, EntityUID, PrincipalConstraint, ResourceConstraint,
    StaticPolicy, Template,
};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Request, RestrictedExpression,
};
use fortem_core::{NAMESPACE, Policy as SourcePolicy, Source};

use super::VerifyError;
use super::circumstances::Circumstance;
use crate::context::{ContextKeys, MEMBER};
use crate::reference::ValueType;

const PERSON: &str = "person";
const EVERYTHING: &str = "everything";

/// What a request is for: an action of the vocabulary, a type of resource, and the environment that the resource is in,
/// or none that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Target {
    pub(super) action: Rc<str>,
    pub(super) kind: Rc<str>,
    pub(super) place: Option<String>,
}

/// Target → the guards that forbid it.
pub(super) type Forbidden = BTreeMap<Target, BTreeSet<String>>;

/// The targets that a role permits.
pub(super) type Permitted = BTreeSet<Target>;

/// Cedar, ready to be asked.
pub(super) struct Cedar<'a> {
    source: &'a Source,
    keys: ContextKeys<'a>,
    /// Key in lower case → as policies write it.
    spellings: BTreeMap<String, String>,
    targets: Vec<(Rc<str>, EntityTypeName)>,
    places: Vec<Option<String>>,
    /// The actions and their groups.
    actions: Entities,
    guards: Option<Rc<Scoped>>,
    /// Role and environment → the role as somebody has it there.
    roles: HashMap<(String, Option<String>), Option<Rc<Scoped>>>,
    /// What was asked about last.
    world: Option<(Circumstance, Rc<World>)>,
    forbidden: HashMap<Circumstance, Rc<Forbidden>>,
    permitted: HashMap<(String, Option<String>, Circumstance), Rc<Permitted>>,
    /// Each answer once, so that equal ones are the same.
    distinct: (HashSet<Rc<Forbidden>>, HashSet<Rc<Permitted>>),
}

/// Policies, and what they can apply to at all: whatever their clauses say and whoever calls, they apply to nothing but
/// what they apply to without both, which no circumstance changes.
struct Scoped {
    policies: PolicySet,
    reached: Vec<(Rc<str>, EntityTypeName, Option<String>)>,
}

impl<'a> Cedar<'a> {
    /// Asks about resources of these environments, which the fleet need not know, and of none.
    pub(super) fn new(
        source: &'a Source,
        keys: ContextKeys<'a>,
        spellings: BTreeMap<String, String>,
        environments: BTreeSet<String>,
    ) -> Result<Self, VerifyError> {
        let vocabulary = source.vocabulary();
        let targets = vocabulary.schema().request_envs().filter_map(|one| {
            let action = vocabulary.action(one.action().id().unescaped())?;
            Some((Rc::from(action.name()), one.resource().clone()))
        });
        let targets: BTreeSet<(Rc<str>, EntityTypeName)> = targets.collect();
        let places = environments.into_iter().map(Some).chain([None]).collect();
        Ok(Self {
            source,
            keys,
            spellings,
            targets: targets.into_iter().collect(),
            places,
            actions: vocabulary.schema().action_entities().map_err(refused)?,
            guards: None,
            roles: HashMap::new(),
            world: None,
            forbidden: HashMap::new(),
            permitted: HashMap::new(),
            distinct: Default::default(),
        })
    }

    /// What can be asked: each action with the type of its resource.
    pub(super) fn targets(&self) -> impl Iterator<Item = (&Rc<str>, &str)> {
        self.targets.iter().map(|(action, kind)| (action, kind.basename()))
    }

    /// The environments of resources that are asked about; none for a resource of no known one.
    pub(super) fn places(&self) -> &[Option<String>] {
        &self.places
    }

    /// What guards forbid under a circumstance.
    pub(super) fn forbidden(&mut self, when: &Circumstance) -> Result<Rc<Forbidden>, VerifyError> {
        if let Some(known) = self.forbidden.get(when) {
            return Ok(Rc::clone(known));
        }
        let guards = self.guards()?;
        let world = self.world(when)?;
        let mut found = Forbidden::new();
        for (action, kind, place) in &guards.reached {
            let applying = world.applying(&guards.policies, action, kind, place.as_deref())?;
            if !applying.is_empty() {
                found.insert(target(action, kind, place.as_ref()), applying);
            }
        }
        let found = once(&mut self.distinct.0, found);
        self.forbidden.insert(when.clone(), Rc::clone(&found));
        Ok(found)
    }

    /// What a role permits to somebody who has it in an environment, guards left aside.
    pub(super) fn permitted(
        &mut self,
        role: &SourcePolicy,
        environment: Option<&str>,
        when: &Circumstance,
    ) -> Result<Rc<Permitted>, VerifyError> {
        let asked = (role.id().to_owned(), environment.map(str::to_owned), when.clone());
        if let Some(known) = self.permitted.get(&asked) {
            return Ok(Rc::clone(known));
        }
        let Some(role) = self.held(role, environment)? else {
            return Ok(once(&mut self.distinct.1, Permitted::new()));
        };
        let world = self.world(when)?;
        let mut found = Permitted::new();
        for (action, kind, place) in &role.reached {
            if !world.applying(&role.policies, action, kind, place.as_deref())?.is_empty() {
                found.insert(target(action, kind, place.as_ref()));
            }
        }
        let found = once(&mut self.distinct.1, found);
        self.permitted.insert(asked, Rc::clone(&found));
        Ok(found)
    }

    /// The guards, and what they can apply to.
    fn guards(&mut self) -> Result<Rc<Scoped>, VerifyError> {
        if let Some(known) = &self.guards {
            return Ok(Rc::clone(known));
        }
        let whole = over_everything(self.source, Template::clone)?;
        let scopes = over_everything(self.source, without_clauses)?;
        let guards = Rc::new(self.scoped(whole, &scopes)?);
        self.guards = Some(Rc::clone(&guards));
        Ok(guards)
    }

    /// The role for whoever has it, in the environment it is assigned in: documents are attached to those people alone.
    /// Nothing if nobody can have it without an environment.
    fn held(
        &mut self,
        role: &SourcePolicy,
        environment: Option<&str>,
    ) -> Result<Option<Rc<Scoped>>, VerifyError> {
        let asked = (role.id().to_owned(), environment.map(str::to_owned));
        if let Some(known) = self.roles.get(&asked) {
            return Ok(known.clone());
        }
        let template = held(role, environment)?;
        let held = if template.is_static() {
            let scope = without_clauses(&template);
            let only =
                |template| PolicySet::from_policies([named(template, role.id())?]).map_err(refused);
            Some(Rc::new(self.scoped(only(template)?, &only(scope)?)?))
        } else {
            None
        };
        self.roles.insert(asked, held.clone());
        Ok(held)
    }

    fn scoped(&mut self, policies: PolicySet, scopes: &PolicySet) -> Result<Scoped, VerifyError> {
        let world = self.world(&Circumstance::new())?;
        let mut reached = Vec::new();
        for (action, kind) in &self.targets {
            for place in &self.places {
                if !world.applying(scopes, action, kind, place.as_deref())?.is_empty() {
                    reached.push((Rc::clone(action), kind.clone(), place.clone()));
                }
            }
        }
        Ok(Scoped { policies, reached })
    }

    /// Everything there is under a circumstance.
    fn world(&mut self, when: &Circumstance) -> Result<Rc<World>, VerifyError> {
        if let Some((_, known)) = self.world.as_ref().filter(|(last, _)| last == when) {
            return Ok(Rc::clone(known));
        }
        let world = Rc::new(self.new_world(when)?);
        self.world = Some((when.clone(), Rc::clone(&world)));
        Ok(world)
    }

    fn new_world(&self, when: &Circumstance) -> Result<World, VerifyError> {
        let person = match self.keys.user().and_then(|key| when.get(&key.to_lowercase())) {
            Some(id) => uid("User", id)?,
            None => uid("User", PERSON)?,
        };
        let mut entities = self.people(&person, when)?;
        entities.extend(self.environments()?);
        entities.extend(self.resources(when)?);
        let entities = self.actions.clone().add_entities(entities, None).map_err(refused)?;
        Ok(World { person, entities, context: self.context(when)? })
    }

    /// The person with tags and teams, and the teams.
    fn people(&self, person: &EntityUid, when: &Circumstance) -> Result<Vec<Entity>, VerifyError> {
        let fleet = self.source.fleet();
        let mut entities = Vec::new();
        let mut parents = HashSet::new();
        for team in fleet.teams() {
            let within: Result<HashSet<_>, _> =
                team.teams().map(|name| uid("Team", name)).collect();
            entities.push(Entity::new_no_attrs(uid("Team", team.name())?, within?));
            let key = self.keys.team(team.name()).map(|key| key.to_lowercase());
            if key.and_then(|key| when.get(&key)).is_some_and(|value| value == MEMBER) {
                parents.insert(uid("Team", team.name())?);
            }
        }
        let tags = self.tags("aws:principaltag/", when);
        entities.push(Entity::new_with_tags(person.clone(), [], parents, tags).map_err(refused)?);
        Ok(entities)
    }

    /// The environments with their tiers.
    fn environments(&self) -> Result<Vec<Entity>, VerifyError> {
        let fleet = self.source.fleet();
        let of = |name: &String| {
            let tier = fleet.environment(name).map(|known| known.tier().as_str());
            let parents = tier.map(|tier| uid("Tier", tier)).transpose()?.into_iter().collect();
            Ok(Entity::new_no_attrs(uid("Environment", name)?, parents))
        };
        self.places.iter().flatten().map(of).collect()
    }

    /// A resource of each type in each place, with the tags that the circumstance gives.
    fn resources(&self, when: &Circumstance) -> Result<Vec<Entity>, VerifyError> {
        let kinds: BTreeSet<&EntityTypeName> = self.targets.iter().map(|(_, kind)| kind).collect();
        let mut entities = Vec::new();
        for kind in kinds.into_iter().filter(|kind| kind.basename() != "Environment") {
            for place in &self.places {
                let Some(resource) = resource(kind, place.as_deref())? else { continue };
                let parent = place.as_deref().map(|name| uid("Environment", name)).transpose()?;
                let tags = self.tags("aws:resourcetag/", when);
                let parents: HashSet<EntityUid> = parent.into_iter().collect();
                entities.push(Entity::new_with_tags(resource, [], parents, tags).map_err(refused)?);
            }
        }
        Ok(entities)
    }

    /// The tags under a circumstance, in the spelling in which policies ask for them.
    fn tags(&self, prefix: &str, when: &Circumstance) -> Vec<(String, RestrictedExpression)> {
        let own = when.iter().filter(|(key, _)| key.starts_with(prefix));
        own.filter_map(|(key, value)| {
            let tag = self.spellings.get(key)?.get(prefix.len()..)?;
            Some((tag.to_owned(), RestrictedExpression::new_string(value.clone())))
        })
        .collect()
    }

    /// The context under a circumstance. What IAM sees nothing of has some value; no policy that compiles asks for it.
    fn context(&self, when: &Circumstance) -> Result<Context, VerifyError> {
        let mut pairs = BTreeMap::from([
            ("mfa", RestrictedExpression::new_bool(false)),
            ("pattern", RestrictedExpression::new_string(String::new())),
            ("cluster", RestrictedExpression::new_entity_uid(uid("Cluster", "of no environment")?)),
        ]);
        for (attribute, key) in self.keys.attributes() {
            let value = when.get(&key.to_lowercase());
            pairs.extend(value.and_then(|value| Some((attribute, self.value(key, value)?))));
        }
        Context::from_pairs(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)))
            .map_err(refused)
    }

    fn value(&self, key: &str, value: &str) -> Option<RestrictedExpression> {
        Some(match self.keys.value_type(key) {
            ValueType::String | ValueType::Arn => {
                RestrictedExpression::new_string(value.to_owned())
            }
            ValueType::Bool => RestrictedExpression::new_bool(value == "true"),
            ValueType::Numeric => RestrictedExpression::new_long(value.parse().ok()?),
            ValueType::Date => RestrictedExpression::new_datetime(value),
            ValueType::IpAddress => RestrictedExpression::new_ip(value),
        })
    }
}

/// The entities and the context of requests.
struct World {
    person: EntityUid,
    entities: Entities,
    context: Context,
}

impl World {
    /// The policies that apply, by id.
    fn applying(
        &self,
        policies: &PolicySet,
        action: &str,
        kind: &EntityTypeName,
        place: Option<&str>,
    ) -> Result<BTreeSet<String>, VerifyError> {
        let Some(resource) = resource(kind, place)? else {
            return Ok(BTreeSet::new());
        };
        let action = uid("Action", action)?;
        let context = self.context.clone();
        let request =
            Request::new(self.person.clone(), action, resource, context, None).map_err(refused)?;
        let answer = Authorizer::new().is_authorized(&request, policies, &self.entities);
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(refused(error));
        }
        let ids = answer.diagnostics().reason().map(ToString::to_string);
        Ok(ids.filter(|id| id != EVERYTHING).collect())
    }
}

/// The same as an earlier one, if it is equal.
pub(super) fn once<T: Eq + Hash>(known: &mut HashSet<Rc<T>>, new: T) -> Rc<T> {
    if let Some(known) = known.get(&new) {
        return Rc::clone(known);
    }
    let new = Rc::new(new);
    known.insert(Rc::clone(&new));
    new
}

fn target(action: &Rc<str>, kind: &EntityTypeName, place: Option<&String>) -> Target {
    Target { action: Rc::clone(action), kind: kind.basename().into(), place: place.cloned() }
}

/// The role with its slots filled in as far as they can be.
fn held(role: &SourcePolicy, environment: Option<&str>) -> Result<Template, VerifyError> {
    let mut template: Template = role.template().clone();
    template.principal = PrincipalConstraint::Any;
    if let Some(environment) = environment {
        let environment = EntityOrSlot::Entity(environment_uid(environment)?);
        template.resource = match template.resource {
            ResourceConstraint::In(EntityOrSlot::Slot(_)) => ResourceConstraint::In(environment),
            ResourceConstraint::Eq(EntityOrSlot::Slot(_)) => ResourceConstraint::Eq(environment),
            ResourceConstraint::IsIn(kind, EntityOrSlot::Slot(_)) => {
                ResourceConstraint::IsIn(kind, environment)
            }
            other => other,
        };
    }
    Ok(template)
}

/// The guards as they are read, over a policy that permits everything.
fn over_everything(
    source: &Source,
    read: impl Fn(&Template) -> Template,
) -> Result<PolicySet, VerifyError> {
    let everything = "permit (principal, action, resource);";
    let everything = Policy::parse(Some(PolicyId::new(EVERYTHING)), everything);
    let mut policies = PolicySet::new();
    policies.add(everything.map_err(refused)?).map_err(refused)?;
    for guard in source.guards() {
        policies.add(named(read(guard.template()), guard.id())?).map_err(refused)?;
    }
    Ok(policies)
}

/// What the policy can apply to at all: whoever calls, since teams depend on the circumstance as well.
fn without_clauses(policy: &Template) -> Template {
    let Template { id, effect, action, resource, .. } = policy.clone();
    Template::new(id, effect, PrincipalConstraint::Any, action, resource)
}

fn named(template: Template, id: &str) -> Result<Policy, VerifyError> {
    let body = StaticPolicy::try_from(template).map_err(refused)?;
    let policy = Policy::from_pst(pst::Policy::Static(body)).map_err(refused)?;
    Ok(policy.new_id(PolicyId::new(id)))
}

fn environment_uid(name: &str) -> Result<EntityUID, VerifyError> {
    let ty = pst::Name::qualified([NAMESPACE], "Environment").map_err(refused)?;
    Ok(EntityUID { ty: EntityType(ty), eid: name.into() })
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

fn uid(kind: &str, id: &str) -> Result<EntityUid, VerifyError> {
    let name: EntityTypeName = format!("{NAMESPACE}::{kind}").parse().map_err(refused)?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn refused(error: impl std::fmt::Display) -> VerifyError {
    VerifyError::Cedar(error.to_string())
}
