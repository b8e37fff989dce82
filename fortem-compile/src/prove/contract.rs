//! What both sides take for granted about the world: a `forbid … unless` for each clause.
//!
//! Cedar speaks of environments, IAM of tags, names and clusters. The contract is the dictionary:
//!
//! - *principal*: the role is given to the principal, and the principal's tag is the assignment's
//!   environment, or none where there is no assignment.
//! - *second factor*: `context.mfa` is `aws:MultiFactorAuthPresent`.
//! - *resource*: the ARN has the form that the service reference gives its type.
//! - *environment*: a thing is in an environment exactly when the call shows it by every channel of its
//!   row in the lowering table, meets the row's further conditions, and does nothing that an integrity
//!   guard refuses. A call that shows one environment by its tag and another by its cluster is a call
//!   on a thing of no environment, and must be denied.
//! - *tier*: a thing is in a tier exactly when it is in one of the tier's environments.
//! - *other channel*: what a row does not go by, such as the name of a cache, does not show another
//!   environment of the fleet.
//! - *letter case*: the text in lower case is that of the text.

use std::collections::BTreeSet;

use fortem_core::pattern::matches;
use fortem_core::{Environment, Tier};

use super::call::Authorization;
use super::error::Untranslatable;
use super::intent::ASSIGNEE;
use super::keys::Kind;
use super::pattern;
use super::rule::Rule;
use super::text::{all, any, entity, not, string};
use super::view::{View, conditions};
use crate::arn;
use crate::iam::Condition;
use crate::lower::World;
use crate::table::{Channel, Integrity, Where};

/// The key of a second factor, in lower case.
const MFA: &str = "aws:multifactorauthpresent";

/// The name of a clause and the expression that holds.
type Clause = (&'static str, String);

/// Every condition that the contract about an authorization is made of.
pub(super) fn vocabulary(
    world: &World,
    on: Authorization,
) -> Result<Vec<Condition>, Untranslatable> {
    let mut found = row(world, on, "")?;
    for guard in integrity(world, on) {
        found.extend(wheres(world, &guard.conditions, "")?);
    }
    Ok(found)
}

/// The clauses about one authorization; `named` are the environments that the policies name.
pub(super) fn rules(view: &View, named: &BTreeSet<String>) -> Result<Vec<Rule>, Untranslatable> {
    let mut clauses = vec![
        ("principal", format!("principal in {}", entity("Team", ASSIGNEE))),
        ("tag", tag(view)?),
    ];
    clauses.extend(second_factor(view)?.map(|clause| ("second factor", clause)));
    clauses.extend(form(view)?.map(|clause| ("resource", clause)));
    for name in named {
        let inside = format!("resource in {}", entity("Environment", name));
        clauses.push(("environment", format!("({inside}) == ({})", shows(view, name)?)));
    }
    for tier in [Tier::Production, Tier::Nonproduction] {
        let environments = view.world.fleet.environments().iter();
        let members = environments.filter(|environment| environment.tier() == tier);
        let shown = members.map(|environment| shows(view, environment.name()));
        let shown = any(shown.collect::<Result<Vec<_>, _>>()?);
        let inside = format!("resource in {}", entity("Tier", tier.as_str()));
        clauses.push(("tier", format!("({inside}) == ({shown})")));
    }
    clauses.extend(other_channels(view)?.into_iter().map(|clause| ("other channel", clause)));
    clauses.extend(lower_case(view)?.into_iter().map(|clause| ("letter case", clause)));
    let rule = |(index, (name, expression)): (usize, Clause)| {
        Rule::forbid_unless(format!("contract {}: {name}", index + 1), &expression)
    };
    Ok(clauses.into_iter().enumerate().map(rule).collect())
}

/// The principal's tag is what the class of principals says.
fn tag(view: &View) -> Result<String, Untranslatable> {
    let key = format!("aws:PrincipalTag/{}", view.world.fleet.tag_key());
    let condition = match view.holder.tag() {
        Some(tag) => condition("StringEquals", &key, [tag.to_owned()])?,
        None => condition("Null", &key, ["true".to_owned()])?,
    };
    view.condition(&condition)
}

fn second_factor(view: &View) -> Result<Option<String>, Untranslatable> {
    if view.keys.iter().all(|(key, _)| key != MFA) {
        return Ok(None);
    }
    let condition = condition("Bool", MFA, ["true".to_owned()])?;
    Ok(Some(format!("context.mfa == {}", view.condition(&condition)?)))
}

/// The ARN has the form that the service reference gives it.
fn form(view: &View) -> Result<Option<String>, Untranslatable> {
    let action = view.world.reference.action(view.on.api());
    let found =
        action.zip(view.on.resource_type()).and_then(|(action, of)| action.resource_type(of));
    let parts = found.and_then(|found| found.arn().parts.as_ref());
    parts.map(|parts| named(&parts.join(":"))).transpose()
}

/// The call shows the environment: by every channel of its row, within the row's conditions, and past
/// no integrity guard.
fn shows(view: &View, environment: &str) -> Result<String, Untranslatable> {
    let View { world, on, .. } = *view;
    let given = conditions(view, &row(world, on, environment)?)?;
    let mut refused = Vec::new();
    for guard in integrity(world, on) {
        refused.push(conditions(view, &wheres(world, &guard.conditions, environment)?)?);
    }
    Ok(all([resource(view, environment)?, given, not(&any(refused))]))
}

/// The resource is one that the row is about.
fn resource(view: &View, environment: &str) -> Result<String, Untranslatable> {
    let Some(kind) = view.on.kind() else {
        return Ok("true".to_owned());
    };
    if view.on.call.channels.contains(&Channel::Name) {
        own(view, environment)
    } else {
        named(&arn::any(view.world.fleet, kind))
    }
}

fn named(pattern: &str) -> Result<String, Untranslatable> {
    let tokens: Vec<_> = pattern::wild(pattern).collect();
    pattern::arn("context.iam.resource", &tokens, true)
}

/// What a row does not go by does not show another environment of the fleet.
fn other_channels(view: &View) -> Result<Vec<String>, Untranslatable> {
    let View { world, on, .. } = *view;
    let goes_by = |channel| on.call.channels.contains(&channel);
    let mut clauses = Vec::new();
    for environment in world.fleet.environments() {
        let shows = shows(view, environment.name())?;
        for spelling in environment.spellings() {
            let by_cluster = if goes_by(Channel::Cluster) {
                "false".to_owned()
            } else {
                view.condition(&channel(world, Channel::Cluster, spelling)?)?
            };
            // The ARNs of what is in a cluster hold the cluster's name.
            let by_name = if goes_by(Channel::Name) || goes_by(Channel::Cluster) {
                "false".to_owned()
            } else {
                own(view, spelling)?
            };
            clauses.push(any([not(&any([by_cluster, by_name])), shows.clone()]));
        }
    }
    clauses.retain(|clause| clause != "true");
    Ok(clauses)
}

/// The resource has a name of the environment.
fn own(view: &View, environment: &str) -> Result<String, Untranslatable> {
    let fleet = view.world.fleet;
    let kind = view.on.kind().into_iter();
    let own = kind.flat_map(|kind| arn::own(fleet, kind, fleet.names(), environment));
    Ok(any(own.map(|pattern| named(&pattern)).collect::<Result<Vec<_>, _>>()?))
}

/// Of the texts that matter, the text in lower case is known.
fn lower_case(view: &View) -> Result<Vec<String>, Untranslatable> {
    let mut clauses = Vec::new();
    for (key, texts) in view.keys.folded() {
        let Some(seen) = view.key(key)? else { continue };
        let lower = format!("context.iam.lower[{}]", string(key));
        let each = known_texts(view, texts).into_iter().map(|text| {
            let (text, folded) = (string(&text), string(&text.to_lowercase()));
            match view.keys.kind(key) {
                Kind::Texts => {
                    format!("(!{}.contains({text}) || {lower}.contains({folded}))", seen.value)
                }
                _ => format!("({} != {text} || {lower} == {folded})", seen.value),
            }
        });
        clauses.push(format!("if {} then {} else true", seen.present, all(each)));
    }
    Ok(clauses)
}

fn known_texts(view: &View, texts: &BTreeSet<String>) -> BTreeSet<String> {
    let fleet = view.world.fleet;
    let names = fleet.environments().iter().flat_map(Environment::spellings);
    let tags = fleet.task_tags().iter().map(String::as_str);
    let known = names.chain(tags).chain(view.holder.tag()).chain([fleet.tag_key()]);
    known.map(str::to_owned).chain(texts.iter().cloned()).collect()
}

/// The conditions of the row, for one environment.
fn row(
    world: &World,
    on: Authorization,
    environment: &str,
) -> Result<Vec<Condition>, Untranslatable> {
    let channels = on.call.channels.iter().filter(|channel| **channel != Channel::Name);
    let channels = channels.map(|one| channel(world, *one, environment));
    let mut found = channels.collect::<Result<Vec<_>, _>>()?;
    found.extend(wheres(world, &on.call.conditions, environment)?);
    Ok(found)
}

/// The condition that a channel shows the environment.
fn channel(
    world: &World,
    channel: Channel,
    environment: &str,
) -> Result<Condition, Untranslatable> {
    let name = || [environment.to_owned()];
    match channel {
        Channel::ResourceTag => condition("StringEquals", &world.tag("Resource"), name()),
        Channel::RequestTag => condition("StringEquals", &world.tag("Request"), name()),
        Channel::Cluster => {
            let names = world.fleet.names();
            let clusters = arn::clusters(world.fleet, world.table, names, environment);
            condition("ArnLike", "ecs:cluster", clusters)
        }
        Channel::Name => Err(Untranslatable::new("the name as a condition")),
    }
}

/// The integrity guards on the authorization.
fn integrity<'a>(world: &World<'a>, on: Authorization<'a>) -> impl Iterator<Item = &'a Integrity> {
    let kind = on.kind().map(|kind| kind.name.as_str());
    world.table.integrity.iter().filter(move |guard| {
        let about = guard.kind.is_none() || guard.kind.as_deref() == kind;
        about && guard.apis.iter().any(|api| matches(api, on.api()))
    })
}

fn wheres(
    world: &World,
    rows: &[Where],
    environment: &str,
) -> Result<Vec<Condition>, Untranslatable> {
    let one = |row: &Where| condition(&row.operator, &row.key, values(world, row, environment));
    rows.iter().map(one).collect()
}

fn values(world: &World, row: &Where, environment: &str) -> BTreeSet<String> {
    let mut values = row.values.clone();
    if let Some(kind) = row.own.as_deref().and_then(|kind| world.table.kind(kind)) {
        values.extend(arn::own(world.fleet, kind, world.fleet.names(), environment));
    }
    if row.tag_key || row.tag_keys {
        values.insert(world.fleet.tag_key().to_owned());
    }
    if row.tag_keys {
        values.extend(world.fleet.task_tags().iter().cloned());
    }
    values
}

fn condition(
    operator: &str,
    key: &str,
    values: impl IntoIterator<Item = String>,
) -> Result<Condition, Untranslatable> {
    let values = values.into_iter().collect();
    let made = Condition::new(operator.to_owned(), key.to_owned(), values, false);
    made.ok_or_else(|| Untranslatable::new(format!("the operator `{operator}`")))
}
