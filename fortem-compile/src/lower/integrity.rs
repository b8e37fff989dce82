//! What no policy asks for: tags mean nothing when people can change them.

use std::collections::BTreeSet;

use crate::arn;
use crate::lower::World;
use crate::statement::{ApiActions, Draft, Effect, Origin};
use crate::table::{Integrity, holds};

pub(super) fn drafts(world: &World) -> Vec<Draft> {
    let rows = world.table.integrity.iter();
    let rows = rows.filter(|row| holds(row.schedule.as_deref(), world.schedule()));
    rows.map(|row| deny(world, row)).collect()
}

fn deny(world: &World, row: &Integrity) -> Draft {
    let kind = row.kind.as_deref().and_then(|kind| world.table.kind(kind));
    let resource = kind.map_or_else(|| "*".to_owned(), |kind| arn::any(world.fleet, kind));
    Draft {
        sid: row.name.clone(),
        effect: Effect::Deny,
        actions: ApiActions::These(row.apis.clone()),
        resources: BTreeSet::from([resource]),
        conditions: world.conditions(&row.conditions),
        origin: Origin::Integrity { why: row.why.clone() },
    }
}
