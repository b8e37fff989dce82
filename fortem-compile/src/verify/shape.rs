//! The calls there are: each API action on each type of resource it is authorized on.

use std::collections::BTreeMap;

use crate::reference::{Action, Carries, Reference, ResourceType};
use crate::table::Table;

/// An API action on a type of resource, or on none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) api: usize,
    pub(super) action: &'a Action,
    pub(super) kind: Option<&'a ResourceType>,
}

/// Every shape of the service reference.
pub(super) struct Shapes<'a> {
    pub(super) all: Vec<Shape<'a>>,
    apis: Vec<&'a Action>,
    numbers: BTreeMap<&'a str, usize>,
}

/// A set of API actions, by number.
#[derive(Debug, Clone)]
pub(super) struct Apis(Vec<bool>);

impl Apis {
    pub(super) fn contains(&self, shape: &Shape) -> bool {
        self.0.get(shape.api).copied().unwrap_or_default()
    }
}

impl<'a> Shapes<'a> {
    pub(super) fn of(reference: &'a Reference, table: &Table) -> Self {
        let apis = reference.matching("*");
        let without_resource = |action: &Action| {
            let of_row = |call: &&crate::table::Call| call.api == action.name();
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
        Self { all, numbers: numbers.collect(), apis }
    }

    /// These API actions, and no others.
    pub(super) fn these(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Apis {
        let mut set = vec![false; self.apis.len()];
        for number in names.into_iter().filter_map(|name| self.numbers.get(name.as_ref())) {
            if let Some(place) = set.get_mut(*number) {
                *place = true;
            }
        }
        Apis(set)
    }

    /// The API actions for which something holds.
    pub(super) fn which(&self, holds: impl FnMut(&Action) -> bool) -> Apis {
        Apis(self.apis.iter().copied().map(holds).collect())
    }
}

impl Shape<'_> {
    /// Whether the call may have a condition key; a claim of the reference that is only doubted counts,
    /// since AWS may keep it.
    pub(super) fn may_carry(&self, reference: &Reference, key: &str) -> bool {
        let kind = self.kind.map(ResourceType::name);
        reference.carries(self.action.name(), kind, key) != Carries::No
    }
}
