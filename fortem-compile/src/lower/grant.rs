//! What a role permits, as Allow statements: one a row of the lowering table.

use std::collections::BTreeSet;

use crate::arn;
use crate::lower::coverage::service_of;
use crate::lower::{World, mfa, supporting};
use crate::model::{Guard, Role};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin};
use crate::table::{Blind, Call, Channel, holds};

/// What the drafts of a role allow.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) apis: BTreeSet<String>,
}

impl Granted {
    pub(super) fn of(drafts: &[Draft]) -> Self {
        let actions = drafts.iter().flat_map(|draft| match &draft.actions {
            ApiActions::These(apis) | ApiActions::AllBut(apis) => apis,
        });
        Self { apis: actions.cloned().collect() }
    }

    /// The services the role touches.
    pub(super) fn services(&self) -> BTreeSet<&str> {
        self.apis.iter().filter_map(|api| service_of(api)).collect()
    }

    /// All of those services, but of IAM only what is granted.
    pub(super) fn whole_services(&self) -> BTreeSet<String> {
        let wide = self.services().into_iter().filter(|service| *service != "iam");
        let mut apis: BTreeSet<String> = wide.map(|service| format!("{service}:*")).collect();
        apis.extend(self.apis.iter().filter(|api| api.starts_with("iam:")).cloned());
        apis
    }
}

pub(super) fn drafts(world: &World, guards: &[Guard], role: &Role) -> Vec<Draft> {
    let calls = world.table.calls.iter().filter(|call| {
        holds(call.schedule.as_deref(), world.schedule()) && permits(role, &call.actions)
    });
    let allowed = calls.flat_map(|call| {
        let where_allowed = supporting::alternatives(world, guards, role, call);
        where_allowed.into_iter().map(move |more| allow(world, role, call, more))
    });
    let mut drafts: Vec<Draft> = allowed.collect();
    drafts.extend(accepted_leaks(world, role).map(|row| leak(role, row)));
    drafts
}

fn permits(role: &Role, actions: &BTreeSet<String>) -> bool {
    actions.iter().any(|action| role.actions.contains(action.as_str()))
}

fn allow(world: &World, role: &Role, call: &Call, more: Conditions) -> Draft {
    let mut conditions = world.conditions(&call.conditions);
    conditions.extend(mfa(role.mfa));
    conditions.extend(more);
    for (operator, key, values) in call.channels.iter().filter_map(|one| world.shows(*one)) {
        conditions.insert((operator, key), values);
    }
    Draft {
        sid: api_name(&call.api).to_owned(),
        effect: Effect::Allow,
        actions: ApiActions::These(BTreeSet::from([call.api.clone()])),
        resources: resources(world, call),
        conditions,
        origin: origin(role),
    }
}

fn resources(world: &World, call: &Call) -> BTreeSet<String> {
    if call.kinds.is_empty() {
        return BTreeSet::from(["*".to_owned()]);
    }
    let by_name = call.channels.contains(&Channel::Name);
    let kinds = call.kinds.iter().filter_map(|kind| world.table.kind(kind));
    let arns = kinds.flat_map(|kind| {
        if by_name {
            arn::own(world.fleet, kind, world.fleet.names(), &world.slot())
        } else {
            BTreeSet::from([arn::any(world.fleet, kind)])
        }
    });
    arns.collect()
}

/// The tag-blind rows of the role's actions that the fleet file accepts by name.
fn accepted_leaks<'a>(world: &'a World, role: &'a Role) -> impl Iterator<Item = &'a Blind> {
    world.table.blind.iter().filter(|row| {
        let accepted = world.fleet.accepted_leaks().iter().any(|one| one.name() == row.api);
        accepted && holds(row.schedule.as_deref(), world.schedule()) && permits(role, &row.actions)
    })
}

fn leak(role: &Role, row: &Blind) -> Draft {
    Draft {
        sid: "AcceptedLeak".to_owned(),
        effect: Effect::Allow,
        actions: ApiActions::These(BTreeSet::from([row.api.clone()])),
        resources: BTreeSet::from(["*".to_owned()]),
        conditions: mfa(role.mfa),
        origin: origin(role),
    }
}

fn origin(role: &Role) -> Origin {
    Origin::Policy { id: role.policy.id().to_owned(), location: role.policy.location() }
}

/// `UpdateService` of `ecs:UpdateService`.
pub(crate) fn api_name(api: &str) -> &str {
    api.split_once(':').map_or(api, |(_, name)| name)
}
