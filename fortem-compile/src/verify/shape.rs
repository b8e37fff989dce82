//! The calls there are: each API action on each type of resource it is authorized on.

use std::collections::BTreeMap;

use crate::reference::{Action, Carries, Reference, ResourceType};
use crate::table::{Call, Table};

/// An API action on a type of resource, or on none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) action: &'a Action,
    pub(super) kind: Option<&'a ResourceType>,
}

/// Every shape of the service reference.
#[derive(Debug)]
pub(super) struct Shapes<'a> {
    reference: &'a Reference,
    all: Vec<Shape<'a>>,
    by_api: BTreeMap<&'a str, Vec<usize>>,
    /// Key → for each shape, whether a call of it may have the key.
    carrying: BTreeMap<String, Vec<bool>>,
}

/// A set of shapes, by their places.
#[derive(Debug, Clone)]
pub(super) struct Calls(Vec<usize>);

impl Calls {
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }
}

impl<'a> Shapes<'a> {
    pub(super) fn of(reference: &'a Reference, table: &Table) -> Self {
        let apis = reference.matching("*");
        let without_resource = |action: &Action| {
            let of_row = |call: &&Call| call.api == action.name();
            action.resource_types().is_empty()
                || table.calls.iter().filter(of_row).any(|call| call.kinds.is_empty())
                || table.blind.iter().any(|row| row.api == action.name())
        };
        let of_action = |action: &'a Action| {
            let on_types = action.resource_types().iter().map(Some);
            let on_none = without_resource(action).then_some(None);
            on_types.chain(on_none).map(move |kind| Shape { action, kind })
        };
        let all: Vec<Shape> = apis.into_iter().flat_map(of_action).collect();
        let mut by_api: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, shape) in all.iter().enumerate() {
            by_api.entry(shape.action.name()).or_default().push(place);
        }
        Self { reference, all, by_api, carrying: BTreeMap::new() }
    }

    /// The shapes, each with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Shape<'a>)> {
        self.all.iter().enumerate()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// All calls of these API actions, and of no others.
    pub(super) fn these(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Calls {
        let places = names.into_iter().filter_map(|name| self.by_api.get(name.as_ref()));
        Calls(places.flatten().copied().collect())
    }

    /// All calls of the API actions for which something holds.
    pub(super) fn which(&self, holds: impl Fn(&Action) -> bool) -> Calls {
        let found = self.by_api.values().filter(|places| {
            let first = places.first().and_then(|place| self.all.get(*place));
            first.is_some_and(|shape| holds(shape.action))
        });
        Calls(found.flatten().copied().collect())
    }

    /// The calls that surely have a condition key, of the API actions for which something holds.
    pub(super) fn showing(&self, key: &str, holds: impl Fn(&Action) -> bool) -> Calls {
        let shows = |shape: &Shape| {
            let kind = shape.kind.map(ResourceType::name);
            self.reference.carries(shape.action.name(), kind, key) == Carries::Yes
        };
        let Calls(places) = self.which(holds);
        let showing = places.into_iter().filter(|place| self.all.get(*place).is_some_and(shows));
        Calls(showing.collect())
    }

    /// For each shape, whether a call of it may have a condition key. A claim of the reference that is only
    /// doubted counts, since AWS may keep it.
    pub(super) fn carrying(&mut self, key: &str) -> &[bool] {
        let (reference, all) = (self.reference, &self.all);
        self.carrying.entry(key.to_lowercase()).or_insert_with(|| {
            let may = |shape: &Shape| {
                let kind = shape.kind.map(ResourceType::name);
                reference.carries(shape.action.name(), kind, key) != Carries::No
            };
            all.iter().map(may).collect()
        })
    }
}
