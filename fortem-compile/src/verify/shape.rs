//! The calls there are: each API action on each type of resource it is authorized on.

use std::collections::BTreeMap;

use crate::reference::{Action, Carries, Reference, ResourceType};
use crate::table::{Call, Table};

/// An API action on a type of resource, or on none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    /// The place of the action among all.
    pub(super) api: usize,
    pub(super) action: &'a Action,
    pub(super) kind: Option<&'a ResourceType>,
}

/// Every shape of the service reference.
pub(super) struct Shapes<'a> {
    reference: &'a Reference,
    all: Vec<Shape<'a>>,
    apis: Vec<&'a Action>,
    numbers: BTreeMap<&'a str, usize>,
    /// Key → for each shape, whether a call of it may have the key.
    carrying: BTreeMap<String, Vec<bool>>,
}

/// A set of API actions, by their places.
#[derive(Debug, Clone)]
pub(super) struct Apis(Vec<usize>);

impl Apis {
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
        let of_action = |(api, action): (usize, &'a Action)| {
            let on_types = action.resource_types().iter().map(Some);
            let on_none = without_resource(action).then_some(None);
            on_types.chain(on_none).map(move |kind| Shape { api, action, kind })
        };
        let all = apis.iter().copied().enumerate().flat_map(of_action).collect();
        let numbers = apis.iter().enumerate().map(|(number, action)| (action.name(), number));
        let numbers = numbers.collect();
        Self { reference, all, numbers, apis, carrying: BTreeMap::new() }
    }

    /// The shapes, each with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Shape<'a>)> {
        self.all.iter().enumerate()
    }

    /// How many API actions there are.
    pub(super) fn api_count(&self) -> usize {
        self.apis.len()
    }

    /// These API actions, and no others.
    pub(super) fn these(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Apis {
        let numbers = names.into_iter().filter_map(|name| self.numbers.get(name.as_ref()));
        Apis(numbers.copied().collect())
    }

    /// The API actions for which something holds.
    pub(super) fn which(&self, mut holds: impl FnMut(&Action) -> bool) -> Apis {
        let numbered = self.apis.iter().enumerate();
        Apis(numbered.filter(|(_, action)| holds(action)).map(|(number, _)| number).collect())
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
