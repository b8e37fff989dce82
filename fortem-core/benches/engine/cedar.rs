//! Cedar's own authorizer.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityUid, PolicyId, PolicySet,
    Request, RestrictedExpression, SlotId,
};
use fortem_core::Vocabulary;
use fortem_core_benches::{Size, assignments, environment, is_production, policies, user};

use super::Question;

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind = format!("Fortem::{kind}").parse().expect("a type");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

fn within(id: EntityUid, parent: EntityUid) -> Entity {
    Entity::new_no_attrs(id, HashSet::from([parent]))
}

fn link(policies: &mut PolicySet, role: &str, who: EntityUid, place: &str, number: usize) {
    let slots = HashMap::from([
        (SlotId::principal(), who),
        (SlotId::resource(), uid("Environment", place)),
    ]);
    let id = PolicyId::new(format!("link {number}"));
    policies.link(PolicyId::new(role), id, slots).expect("a link");
}

fn context(mfa: bool) -> Context {
    Context::from_pairs([("mfa".to_owned(), RestrictedExpression::new_bool(mfa))])
        .expect("a context")
}

fn request(who: &str, action: &str, resource: EntityUid, mfa: bool) -> Request {
    let (who, action) = (uid("User", who), uid("Action", action));
    Request::new(who, action, resource, context(mfa), None).expect("a request")
}

fn with_actions(entities: Vec<Entity>) -> Entities {
    let actions = Vocabulary::builtin().schema().action_entities().expect("the actions");
    actions.add_entities(entities, None).expect("entities")
}

fn is_allowed(request: &Request, policies: &PolicySet, entities: &Entities) -> bool {
    Authorizer::new().is_authorized(request, policies, entities).decision() == Decision::Allow
}

/// Only the policies and entities that matter to one question, and the request: all built beforehand.
pub(crate) struct Slice {
    policies: PolicySet,
    entities: Entities,
    request: Request,
}

impl Slice {
    pub(crate) fn of_developer((who, place): &Question) -> Self {
        let mut slice = policies();
        for role in ["exec", "log-viewer", "operator"] {
            slice.remove_template(PolicyId::new(role)).expect("a role");
        }
        link(&mut slice, "developer", uid("User", who), place, 0);
        let number = place.trim_start_matches("env-").parse().expect("a number");
        let tier = if is_production(number) { "production" } else { "nonproduction" };
        let service = uid("Service", "orders-api");
        let entities = with_actions(vec![
            within(service.clone(), uid("Environment", place)),
            within(uid("Environment", place), uid("Tier", tier)),
        ]);
        Self { policies: slice, entities, request: request(who, "restartService", service, false) }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        is_allowed(&self.request, &self.policies, &self.entities)
    }
}

/// The role `exec` given to one person, and the guard; the request is built for each question.
pub(crate) struct Conditional {
    policies: PolicySet,
    entities: Entities,
}

impl Conditional {
    pub(crate) fn new() -> Self {
        let mut slice = policies();
        for role in ["developer", "log-viewer", "operator"] {
            slice.remove_template(PolicyId::new(role)).expect("a role");
        }
        link(&mut slice, "exec", uid("User", "carol"), "staging", 0);
        let entities = with_actions(vec![
            within(uid("Task", "4f3a"), uid("Environment", "staging")),
            within(uid("Environment", "staging"), uid("Tier", "nonproduction")),
        ]);
        Self { policies: slice, entities }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        let context = [
            ("mfa".to_owned(), RestrictedExpression::new_bool(true)),
            ("now".to_owned(), RestrictedExpression::new_datetime("2026-06-01T12:00:00.000Z")),
        ];
        let context = Context::from_pairs(context).expect("a context");
        let task = EntityUid::from_str("Fortem::Task::\"4f3a\"").expect("a task");
        let (who, action) = (uid("User", "carol"), uid("Action", "execCommand"));
        let schema = Some(Vocabulary::builtin().schema());
        let request = Request::new(who, action, task, context, schema).expect("a request");
        is_allowed(&request, &self.policies, &self.entities)
    }
}

/// Every link and every entity of the fleet, and one question built beforehand.
pub(crate) struct Everything {
    policies: PolicySet,
    entities: Entities,
    request: Request,
}

impl Everything {
    pub(crate) fn new(size: Size, (who, place): &Question) -> Self {
        let service = uid("Service", "orders-api");
        let mut entities = vec![within(service.clone(), uid("Environment", place))];
        for number in 0..size.environments {
            let tier = if is_production(number) { "production" } else { "nonproduction" };
            entities.push(within(uid("Environment", &environment(number)), uid("Tier", tier)));
        }
        for number in 0..size.users {
            let team = uid("Team", &format!("team-{}", number / 20));
            entities.push(within(uid("User", &user(number)), team));
        }
        Self {
            policies: linked(size),
            entities: with_actions(entities),
            request: request(who, "restartService", service, false),
        }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        is_allowed(&self.request, &self.policies, &self.entities)
    }
}

/// The policies with a link for each assignment.
fn linked(size: Size) -> PolicySet {
    let mut all = policies();
    let given: BTreeSet<_> = assignments(size).collect();
    for (number, (role, who, is_team, place)) in given.into_iter().enumerate() {
        let who =
            if is_team { uid("Team", &format!("team-{who}")) } else { uid("User", &user(who)) };
        link(&mut all, role, who, &environment(place), number);
    }
    all
}
