//! What no policy asks for: tags mean nothing when people can change them.

use std::collections::BTreeSet;

use crate::arn;
use crate::lower::grant::Granted;
use crate::lower::place::Binding;
use crate::lower::{Subject, World};
use crate::model::{Guard, Reach};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin};
use crate::table::{Integrity, holds};

/// A principal whose tag is empty is in no environment.
///
/// Whether an empty tag of a principal equals an empty tag of a resource is not documented, and the
/// names it gives, such as `fleet-`, are nobody's. A guard that allows only named environments says
/// this already.
pub(super) fn empty_tag(subject: &Subject, granted: &Granted) -> Option<Draft> {
    let world = subject.world;
    let covers = |guard: &Guard| {
        let outside = matches!(guard.when.reach, Reach::Outside(_));
        let always = guard.when.tests.is_empty() && guard.when.kinds.is_none();
        outside && guard.actions.is_none() && always
    };
    let bound = matches!(subject.binding, Binding::Tag);
    if !bound || granted.apis.is_empty() || subject.model.guards.iter().any(covers) {
        return None;
    }
    let key = ("StringEquals".to_owned(), world.tag("Principal"));
    Some(Draft {
        sid: "NoEmptyTag".to_owned(),
        effect: Effect::Deny,
        actions: ApiActions::These(granted.whole_services()),
        resources: BTreeSet::from(["*".to_owned()]),
        conditions: Conditions::from([(key, BTreeSet::from([String::new()]))]),
        origin: Origin::Integrity {
            why: "a person whose environment tag is empty is in no environment".to_owned(),
        },
    })
}

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
        conditions: world.conditions(&row.conditions, None),
        origin: Origin::Integrity { why: row.why.clone() },
    }
}
