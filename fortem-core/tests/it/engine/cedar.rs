//! Cedar asked directly, with nothing of the engine between.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::SystemTime;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicyId, PolicySet, Request,
    RestrictedExpression, SlotId,
};

use super::random::{Asked, Fleet, GROUPS, Place, Policies, VOCABULARY};

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind = format!("Fortem::{kind}").parse().unwrap();
    EntityUid::from_type_name_and_id(kind, cedar_policy::EntityId::new(id))
}

/// All policies with a link for each assignment; the id of a link names all that it links.
fn linked(policies: &Policies, fleet: &Fleet) -> PolicySet {
    let mut set = policies.set.clone();
    for (role, assignee, environment) in &fleet.assignments {
        let mut slots = HashMap::new();
        let assignee = assignee.map(|(is_team, who)| (if is_team { "Team" } else { "User" }, who));
        if let Some((kind, who)) = assignee {
            slots.insert(SlotId::principal(), uid(kind, who));
        }
        if let Some(environment) = environment {
            slots.insert(SlotId::resource(), uid("Environment", environment));
        }
        let assignee = assignee.map(|(kind, who)| format!("{kind} {who}"));
        let id = PolicyId::new(name(role, assignee.as_deref(), *environment));
        set.link(PolicyId::new(role), id, slots).unwrap();
    }
    set
}

pub(super) fn name(role: &str, assignee: Option<&str>, environment: Option<&str>) -> String {
    format!("{role}|{}|{}", assignee.unwrap_or("everybody"), environment.unwrap_or("everywhere"))
}

fn parents<'n>(kind: &str, names: impl IntoIterator<Item = &'n &'n str>) -> HashSet<EntityUid> {
    names.into_iter().map(|one| uid(kind, one)).collect()
}

fn tagged(id: EntityUid, parents: HashSet<EntityUid>, tags: &[(&str, &str)]) -> Entity {
    let tags = tags.iter().map(|(key, value)| {
        ((*key).to_owned(), RestrictedExpression::new_string((*value).to_owned()))
    });
    Entity::new_with_tags(id, [], parents, tags).unwrap()
}

fn entities(fleet: &Fleet, asked: &Asked) -> Entities {
    let mut all: Vec<Entity> = Vec::new();
    for (environment, (tier, _)) in &fleet.environments {
        all.push(Entity::new_no_attrs(uid("Environment", environment), parents("Tier", [tier])));
    }
    for (team, teams) in &fleet.teams {
        all.push(Entity::new_no_attrs(uid("Team", team), parents("Team", teams)));
    }
    for (user, teams) in fleet.users.iter().filter(|(user, _)| **user != asked.user) {
        all.push(Entity::new_no_attrs(uid("User", user), parents("Team", teams)));
    }
    all.push(principal(fleet, asked));
    if asked.kind != "Environment" {
        let place = asked.place.spelling().and_then(|spelling| fleet.find(spelling));
        let place = parents("Environment", &place);
        all.push(tagged(uid(asked.kind, asked.id), place, &asked.tags()));
    }
    if asked.action == "runTask" {
        let place = asked.cluster.and_then(|spelling| fleet.find(spelling));
        all.push(tagged(uid("Cluster", "main"), parents("Environment", &place), &[]));
    }
    let actions = VOCABULARY.schema().action_entities().unwrap();
    actions.add_entities(all, None).unwrap()
}

/// Who asks, in the teams of the fleet and in those that the groups of a token mean.
fn principal(fleet: &Fleet, asked: &Asked) -> Entity {
    let mut teams = fleet.users.get(asked.user).map(|all| parents("Team", all)).unwrap_or_default();
    let Some(token) = &asked.token else {
        return Entity::new_no_attrs(uid("User", asked.user), teams);
    };
    let meant = GROUPS.iter().filter(|(group, _)| token.groups.contains(group));
    teams.extend(meant.flat_map(|(_, meant)| parents("Team", *meant)));
    tagged(uid("User", asked.user), teams, &token.tags)
}

/// Whether the fleet knows who asks, and where.
fn is_known(fleet: &Fleet, asked: &Asked) -> bool {
    let is_place = match asked.place {
        Place::Within(spelling) => fleet.find(spelling).is_some(),
        Place::Nowhere | Place::Tagged(_) => true,
    };
    is_place && (asked.token.is_some() || fleet.users.contains_key(asked.user))
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
    let added = &asked.added;
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let all = [
        ("age", added.age.map(RestrictedExpression::new_long)),
        ("device", added.device.map(text)),
        ("managed", added.managed.map(RestrictedExpression::new_bool)),
        ("network", added.network.map(RestrictedExpression::new_ip)),
        ("since", added.since.map(RestrictedExpression::new_datetime)),
    ];
    pairs.extend(all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
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

/// Whether Cedar allows it, and the policies and links that decide; nothing if the request names what is unknown.
pub(super) fn authorize(
    policies: &Policies,
    fleet: &Fleet,
    asked: &Asked,
) -> Option<(bool, BTreeSet<String>)> {
    if !is_known(fleet, asked) {
        return None;
    }
    let id = if asked.kind == "Environment" { fleet.find(asked.id)? } else { asked.id };
    let request = Request::new(
        uid("User", asked.user),
        uid("Action", asked.action),
        uid(asked.kind, id),
        context(asked),
        Some(VOCABULARY.schema()),
    );
    let set = linked(policies, fleet);
    let answer = Authorizer::new().is_authorized(&request.unwrap(), &set, &entities(fleet, asked));
    let reasons =
        answer.diagnostics().reason().map(|id| AsRef::<str>::as_ref(id).to_owned()).collect();
    Some((answer.decision() == Decision::Allow, reasons))
}
