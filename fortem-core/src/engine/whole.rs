//! Cedar over everything: all policies, all links, all entities. Slow, and what the engine has to equal.

use std::collections::HashMap;

use cedar_policy::{
    Authorizer, Decision as Effect, Entities, EntityUid, PolicyId, PolicySet, SlotId,
};

use super::ask::{Known, evaluated, question};
use super::decision::{Applied, Link};
use super::grants::Grants;
use super::operation::{ENVIRONMENT, OperationId};
use super::request::{Detail, Request, RequestError};
use super::state::State;
use crate::fleet::Assignee;

/// What Cedar answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) policies: Vec<Applied>,
}

/// Every policy with every link, and every entity of the fleet.
#[derive(Debug)]
pub(super) struct Whole {
    policies: PolicySet,
    links: HashMap<PolicyId, Applied>,
    entities: Entities,
}

impl Whole {
    pub(super) fn new(state: &State) -> Result<Self, RequestError> {
        let policies = state.rules.policies.clone();
        let mut whole = Self { policies, links: HashMap::new(), entities: Entities::empty() };
        for (name, person) in state.people.sorted() {
            whole.link(state, Some(&Assignee::User(name.to_string())), &person.grants)?;
        }
        for (team, grants) in state.teams.list.iter().zip(&state.teams.grants) {
            whole.link(state, Some(&Assignee::Team(team.name.to_string())), grants)?;
        }
        whole.link(state, None, &state.placed)?;
        let mut known = Known { state, entities: HashMap::new() };
        for (name, _) in state.people.sorted() {
            known.name(&state.uid("User", name)?)?;
        }
        for (_, environment) in state.environments.all() {
            known.name(&state.uid(ENVIRONMENT, &environment.name)?)?;
        }
        for team in &state.teams.list {
            known.name(&state.uid("Team", &team.name)?)?;
        }
        let actions = state.operations.entities.clone();
        let entities = actions.add_entities(known.entities.into_values(), None);
        whole.entities = entities.map_err(refused)?;
        Ok(whole)
    }

    fn link(
        &mut self,
        state: &State,
        assignee: Option<&Assignee>,
        grants: &Grants,
    ) -> Result<(), RequestError> {
        let principal = match assignee {
            Some(Assignee::User(name)) => Some(state.uid("User", name)?),
            Some(Assignee::Team(name)) => Some(state.uid("Team", name)?),
            None => None,
        };
        for grant in grants.as_slice() {
            let Some(rule) = state.rules.get(grant.rule()) else { continue };
            let environment = grant.environment().map(|id| state.environments.name(id));
            let place = environment.map(|name| state.uid(ENVIRONMENT, name)).transpose()?;
            let slots = [(SlotId::principal(), principal.clone()), (SlotId::resource(), place)];
            let slots = slots.into_iter().filter_map(|(slot, entity)| Some((slot, entity?)));
            let link = self.free_id();
            let template = PolicyId::new(&rule.id);
            self.policies.link(template, link.clone(), slots.collect()).map_err(refused)?;
            let assignment =
                Link { assignee: assignee.cloned(), environment: environment.map(str::to_owned) };
            let applied = Applied { policy: rule.id.to_string(), assignment: Some(assignment) };
            self.links.insert(link, applied);
        }
        Ok(())
    }

    /// An id that no policy has.
    fn free_id(&self) -> PolicyId {
        let mut id = format!("link {}", self.links.len());
        while self.policies.policy(&PolicyId::new(&id)).is_some()
            || self.policies.template(&PolicyId::new(&id)).is_some()
        {
            id.push('\'');
        }
        PolicyId::new(id)
    }

    pub(super) fn authorize(
        &self,
        state: &State,
        request: &Request<'_>,
        operation: OperationId,
    ) -> Result<Verdict, RequestError> {
        let Some(known) = state.operations.get(operation) else {
            return Ok(Verdict { allowed: false, policies: Vec::new() });
        };
        let question = question(state, request, known)?;
        let entities = self.entities(state, request)?;
        let answer = Authorizer::new().is_authorized(&question, &self.policies, &entities);
        evaluated(answer.diagnostics())?;
        let name = |id: &PolicyId| match self.links.get(id) {
            Some(applied) => applied.clone(),
            None => Applied { policy: AsRef::<str>::as_ref(id).to_owned(), assignment: None },
        };
        let mut policies: Vec<Applied> = answer.diagnostics().reason().map(name).collect();
        policies.sort();
        Ok(Verdict { allowed: answer.decision() == Effect::Allow, policies })
    }

    /// The fleet, and what comes with the request.
    fn entities(&self, state: &State, request: &Request<'_>) -> Result<Entities, RequestError> {
        let found = state.find(request.principal)?;
        let mut known = Known { state, entities: HashMap::new() };
        known.principal(request, found.teams.as_slice())?;
        known.resource(&request.resource)?;
        for (_, detail) in request.added() {
            if let Detail::Resource(resource) = detail {
                known.resource(resource)?;
            }
        }
        // Teams and environments are those of the fleet already. Only what nothing else is in may be taken out and put
        // back: whatever lies below an entity would lose what is above it.
        let is_brought = |id: &EntityUid| {
            let kind = id.type_name().basename();
            kind != ENVIRONMENT && kind != "Team"
        };
        known.entities.retain(|id, _| is_brought(id));
        let brought: Vec<EntityUid> = known.entities.keys().cloned().collect();
        let rest = self.entities.clone().remove_entities(brought).map_err(refused)?;
        rest.add_entities(known.entities.into_values(), None).map_err(refused)
    }
}

fn refused(error: impl std::fmt::Display) -> RequestError {
    RequestError::Context(error.to_string())
}
