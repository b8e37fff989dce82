//! Cedar, asked with the whole request about the policies that the table cannot settle.

use std::collections::{HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Diagnostics, Entities, Entity, EntityUid,
    EvaluationError, Request as Question, RestrictedExpression,
};

use super::grants::EnvironmentId;
use super::operation::{ENVIRONMENT, Operation};
use super::people::TeamId;
use super::request::{Detail, Request, RequestError, Resource};
use super::rule::Condition;
use super::state::{Found, State};
use crate::fleet::ContextType;
use crate::identity::Identity;

/// A request as Cedar takes it.
pub(super) struct Asker<'a> {
    state: &'a State,
    request: &'a Request<'a>,
    found: &'a Found<'a>,
    question: Question,
}

/// What Cedar answers about one policy.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) applies: bool,
    /// Why the policy could not be evaluated; it then counts as one that does not apply, as everywhere in Cedar.
    pub(super) error: Option<String>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(
        state: &'a State,
        request: &'a Request<'a>,
        found: &'a Found<'a>,
        operation: &Operation,
    ) -> Result<Self, RequestError> {
        let question = question(state, request, operation)?;
        Ok(Self { state, request, found, question })
    }

    /// Whether a policy applies whose scope is known to.
    pub(super) fn ask(&self, condition: &Condition) -> Result<Asked, RequestError> {
        let entities = self.entities(condition)?;
        let answer = Authorizer::new().is_authorized(&self.question, &condition.policy, &entities);
        let diagnostics = answer.diagnostics();
        evaluated(diagnostics)?;
        Ok(Asked {
            applies: diagnostics.reason().next().is_some(),
            error: diagnostics.errors().next().map(ToString::to_string),
        })
    }

    /// The entities that the conditions of a policy look at.
    fn entities(&self, condition: &Condition) -> Result<Entities, RequestError> {
        let mut known = Known { state: self.state, entities: HashMap::new() };
        if condition.needs_principal {
            known.principal(self.request, self.found.teams.as_slice())?;
        }
        if condition.needs_resource {
            known.resource(&self.request.resource)?;
        }
        for name in &condition.names {
            known.name(name)?;
        }
        for (_, detail) in self.request.added() {
            if let Detail::Resource(resource) = detail {
                known.resource(resource)?;
            }
        }
        let entities = known.entities.into_values();
        let actions = &self.state.operations.entities;
        let base = if condition.needs_actions { actions.clone() } else { Entities::empty() };
        base.add_entities(entities, None).map_err(context_error)
    }
}

/// Cedar passes over a policy that it has no stack for. That says something of the thread, nothing of the request.
pub(super) fn evaluated(diagnostics: &Diagnostics) -> Result<(), RequestError> {
    let is_of_stack = |error: &AuthorizationError| {
        let AuthorizationError::PolicyEvaluationError(error) = error;
        matches!(error.inner(), EvaluationError::RecursionLimit(_))
    };
    if diagnostics.errors().any(is_of_stack) { Err(RequestError::Stack) } else { Ok(()) }
}

/// The request itself, checked against the vocabulary.
pub(super) fn question(
    state: &State,
    request: &Request<'_>,
    operation: &Operation,
) -> Result<Question, RequestError> {
    let principal = state.uid("User", request.principal.id())?;
    let resource = resource_uid(state, &request.resource)?;
    let context = context(state, request)?;
    let schema = Some(state.vocabulary.schema());
    let action = operation.action_uid.clone();
    Question::new(principal, action, resource, context, schema).map_err(context_error)
}

fn context_error(error: impl std::fmt::Display) -> RequestError {
    RequestError::Context(error.to_string())
}

/// The entity of a resource; an environment's is that of its name, however it was spelled.
pub(super) fn resource_uid(
    state: &State,
    resource: &Resource<'_>,
) -> Result<EntityUid, RequestError> {
    let id = match state.place(resource)? {
        Some(id) if resource.kind == ENVIRONMENT => state.environments.name(id),
        _ => resource.id,
    };
    state.uid(resource.kind, id)
}

fn context(state: &State, request: &Request<'_>) -> Result<Context, RequestError> {
    let session = &request.session;
    let mut pairs = vec![
        ("mfa".to_owned(), RestrictedExpression::new_bool(session.mfa)),
        ("now".to_owned(), time(session.now)?),
    ];
    if let Some(address) = session.source_ip {
        pairs.push(("source_ip".to_owned(), RestrictedExpression::new_ip(address.to_string())));
    }
    if let Some(approval) = session.approval {
        let approval = RestrictedExpression::new_string(approval.to_owned());
        pairs.push(("approval".to_owned(), approval));
    }
    let action = state.vocabulary.action(request.action);
    for (name, detail) in request.added() {
        let kind = action.and_then(|action| action.context_type(name));
        pairs.push(((*name).to_owned(), value(state, detail, kind)?));
    }
    Context::from_pairs(pairs).map_err(context_error)
}

fn value(
    state: &State,
    detail: &Detail<'_>,
    kind: Option<ContextType>,
) -> Result<RestrictedExpression, RequestError> {
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    Ok(match detail {
        Detail::Text(one) => match kind {
            Some(ContextType::IpAddr) => RestrictedExpression::new_ip(*one),
            Some(ContextType::DateTime) => RestrictedExpression::new_datetime(*one),
            _ => text(one),
        },
        Detail::Texts(many) => RestrictedExpression::new_set(many.iter().map(|one| text(one))),
        Detail::Number(number) => RestrictedExpression::new_long(*number),
        Detail::Flag(flag) => RestrictedExpression::new_bool(*flag),
        Detail::Resource(resource) => {
            RestrictedExpression::new_entity_uid(resource_uid(state, resource)?)
        }
    })
}

/// A time as Cedar writes it, cut to milliseconds.
fn time(time: SystemTime) -> Result<RestrictedExpression, RequestError> {
    let out_of_range = || RequestError::Context("`now` is out of range".to_owned());
    let milliseconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).map_err(|_| out_of_range())?,
        Err(before) => {
            let before = before.duration().as_nanos().div_ceil(1_000_000);
            -i64::try_from(before).map_err(|_| out_of_range())?
        }
    };
    let time = jiff::Timestamp::from_millisecond(milliseconds).map_err(|_| out_of_range())?;
    let text = time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    Ok(RestrictedExpression::new_datetime(text))
}

/// Entities gathered for a request, each with what it is in.
pub(super) struct Known<'s> {
    pub(super) state: &'s State,
    pub(super) entities: HashMap<EntityUid, Entity>,
}

impl Known<'_> {
    pub(super) fn principal(
        &mut self,
        request: &Request<'_>,
        teams: &[TeamId],
    ) -> Result<(), RequestError> {
        let id = self.state.uid("User", request.principal.id())?;
        let tags = request.principal.identity().into_iter().flat_map(Identity::tags);
        let tags = tags.map(|(key, value)| (key.as_str(), value.as_str()));
        let parents = self.teams(teams)?;
        self.put(id, parents, tags)
    }

    /// The resource, the environment it is in, and that one's tier.
    pub(super) fn resource(&mut self, resource: &Resource<'_>) -> Result<(), RequestError> {
        let id = resource_uid(self.state, resource)?;
        let environment = self.state.place(resource)?.map(|id| self.state.environments.name(id));
        let environment = environment.map(|name| self.state.uid(ENVIRONMENT, name)).transpose()?;
        if let Some(environment) = &environment {
            self.name(environment)?;
        }
        if resource.kind == ENVIRONMENT {
            return Ok(());
        }
        self.put(id, environment.into_iter().collect(), resource.tags.iter().copied())
    }

    /// An environment, team or user that a policy names.
    pub(super) fn name(&mut self, name: &EntityUid) -> Result<(), RequestError> {
        if self.entities.contains_key(name) {
            return Ok(());
        }
        let id = name.id().unescaped();
        let parents = match name.type_name().basename() {
            ENVIRONMENT => {
                let tier = self.state.environments.named(id).map(EnvironmentId::tier);
                let tier = tier.map(|tier| self.state.uid("Tier", tier.as_str())).transpose()?;
                tier.into_iter().collect()
            }
            "Team" => match self.state.teams.find(id).and_then(|id| self.state.teams.get(id)) {
                Some(team) => self.teams(&team.parents)?,
                None => HashSet::new(),
            },
            "User" => match self.state.people.get(id) {
                Some(person) => self.teams(&person.teams)?,
                None => HashSet::new(),
            },
            _ => return Ok(()),
        };
        self.put(name.clone(), parents, [])
    }

    /// The teams, with what they are part of.
    fn teams(&mut self, teams: &[TeamId]) -> Result<HashSet<EntityUid>, RequestError> {
        let mut uids = HashSet::new();
        for team in teams.iter().filter_map(|id| self.state.teams.get(*id)) {
            let id = self.state.uid("Team", &team.name)?;
            self.name(&id)?;
            uids.insert(id);
        }
        Ok(uids)
    }

    fn put<'t>(
        &mut self,
        id: EntityUid,
        parents: HashSet<EntityUid>,
        tags: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<(), RequestError> {
        let tag = |(key, value): (&str, &str)| {
            (key.to_owned(), RestrictedExpression::new_string(value.to_owned()))
        };
        let tags: HashMap<_, _> = tags.into_iter().map(tag).collect();
        let entity = Entity::new_with_tags(id.clone(), [], parents, tags).map_err(context_error)?;
        self.entities.insert(id, entity);
        Ok(())
    }
}
