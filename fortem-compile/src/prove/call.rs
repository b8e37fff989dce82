//! The authorizations that a Cedar action takes: rows of the lowering table, a resource type each.

use std::fmt;

use crate::lower::World;
use crate::table::{Call, Kind};

/// One check that AWS makes for an action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Authorization<'a> {
    /// The row of the table.
    pub(super) call: &'a Call,
    /// The kind of resource, and its type in the service reference; none if the call has no resource.
    pub(super) on: Option<(&'a Kind, &'a str)>,
}

impl<'a> Authorization<'a> {
    /// Every check that an action takes.
    pub(super) fn of(world: &World<'a>, action: &str) -> Vec<Self> {
        let calls = world.table.calls_of(action, world.schedule());
        calls.into_iter().flat_map(|call| Self::of_call(world, call)).collect()
    }

    fn of_call(world: &World<'a>, call: &'a Call) -> Vec<Self> {
        if call.kinds.is_empty() {
            return vec![Self { call, on: None }];
        }
        let kinds = call.kinds.iter().filter_map(|kind| world.table.kind(kind));
        let types = kinds.flat_map(|kind| kind.types.iter().map(move |name| (kind, name.as_str())));
        types.map(|on| Self { call, on: Some(on) }).collect()
    }

    /// The API action, `ecs:UpdateService`.
    pub(super) fn api(&self) -> &'a str {
        &self.call.api
    }

    /// The kind of resource.
    pub(super) fn kind(&self) -> Option<&'a Kind> {
        self.on.map(|(kind, _)| kind)
    }

    /// The resource type of the service reference.
    pub(super) fn resource_type(&self) -> Option<&'a str> {
        self.on.map(|(_, name)| name)
    }

    /// Whether another action takes the same check.
    pub(super) fn is_taken_by(&self, world: &World, action: &str) -> bool {
        Authorization::of(world, action)
            .iter()
            .any(|other| other.api() == self.api() && other.resource_type() == self.resource_type())
    }
}

impl fmt::Display for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resource_type() {
            Some(name) => write!(f, "{} on a {name}", self.api()),
            None => f.write_str(self.api()),
        }
    }
}
