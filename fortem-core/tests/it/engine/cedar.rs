//! Cedar asked directly, with nothing of the engine between.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::SystemTime;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicyId, PolicySet, Request,
    RestrictedExpression, SlotId,
};
use fortem_core::Vocabulary;

use super::random::{Asked, ENVIRONMENTS, Fleet, Policies};

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind = format!("Fortem::{kind}").parse().unwrap();
    EntityUid::from_type_name_and_id(kind, cedar_policy::EntityId::new(id))
}

/// All policies with a link for each assignment; the id of a link names all that it links.
fn linked(policies: &Policies, fleet: &Fleet) -> PolicySet {
    let mut set = policies.set.clone();
    for (role, is_team, who, environment) in &fleet.assignments {
        let kind = if *is_team { "Team" } else { "User" };
        let slots = HashMap::from([
            (SlotId::principal(), uid(kind, who)),
            (SlotId::resource(), uid("Environment", environment)),
        ]);
        let id = PolicyId::new(name(role, &format!("{kind} {who}"), environment));
        set.link(PolicyId::new(role), id, slots).unwrap();
    }
    set
}

pub(super) fn name(role: &str, assignee: &str, environment: &str) -> String {
    format!("{role}|{assignee}|{environment}")
}

fn entities(fleet: &Fleet, asked: &Asked) -> Entities {
    let parents = |kind: &str, names: &[&str]| -> HashSet<EntityUid> {
        names.iter().map(|one| uid(kind, one)).collect()
    };
    let mut all: Vec<Entity> = Vec::new();
    for (environment, tier) in ENVIRONMENTS {
        all.push(Entity::new_no_attrs(uid("Environment", environment), parents("Tier", &[tier])));
    }
    for (team, teams) in &fleet.teams {
        all.push(Entity::new_no_attrs(uid("Team", team), parents("Team", teams)));
    }
    for (user, teams) in &fleet.users {
        all.push(Entity::new_no_attrs(uid("User", user), parents("Team", teams)));
    }
    if asked.kind != "Environment" {
        let place: Vec<&str> = asked.environment.into_iter().collect();
        let tags = asked.tags.iter().map(|(key, value)| {
            ((*key).to_owned(), RestrictedExpression::new_string((*value).to_owned()))
        });
        let resource = uid(asked.kind, asked.id);
        let parents = parents("Environment", &place);
        all.push(Entity::new_with_tags(resource, [], parents, tags).unwrap());
    }
    let actions = Vocabulary::builtin().schema().action_entities().unwrap();
    actions.add_entities(all, None).unwrap()
}

fn context(asked: &Asked) -> Context {
    let seconds = asked.now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let now = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap();
    let mut pairs = vec![
        ("mfa".to_owned(), RestrictedExpression::new_bool(asked.mfa)),
        ("now".to_owned(), RestrictedExpression::new_datetime(now.to_string())),
    ];
    if let Some(approval) = asked.approval {
        pairs.push(("approval".into(), RestrictedExpression::new_string(approval.to_owned())));
    }
    if let Some(address) = asked.source_ip {
        pairs.push(("source_ip".into(), RestrictedExpression::new_ip(address)));
    }
    match asked.action {
        "flushCache" => {
            pairs.push(("pattern".into(), RestrictedExpression::new_string("*".to_owned())));
        }
        "runTask" => {
            let cluster = RestrictedExpression::new_entity_uid(uid("Cluster", "main"));
            pairs.push(("cluster".into(), cluster));
        }
        _ => {}
    }
    Context::from_pairs(pairs).unwrap()
}

/// Whether Cedar allows it, and the policies and links that decide.
pub(super) fn authorize(
    policies: &Policies,
    fleet: &Fleet,
    asked: &Asked,
) -> (bool, BTreeSet<String>) {
    let request = Request::new(
        uid("User", asked.user),
        uid("Action", asked.action),
        uid(asked.kind, asked.id),
        context(asked),
        Some(Vocabulary::builtin().schema()),
    );
    let set = linked(policies, fleet);
    let answer = Authorizer::new().is_authorized(&request.unwrap(), &set, &entities(fleet, asked));
    let reasons =
        answer.diagnostics().reason().map(|id| AsRef::<str>::as_ref(id).to_owned()).collect();
    (answer.decision() == Decision::Allow, reasons)
}
