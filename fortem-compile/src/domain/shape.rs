//! The calls there are: each API action on each type of resource it is authorized on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::resources::Target;
use crate::iam::Statement;
use crate::reference::{Action, ArnPattern, Carries, Reference, ResourceType};
use crate::table::{Call, Table};

/// An API action on a type of resource, or on none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) action: &'a Action,
    pub(crate) kind: Option<&'a ResourceType>,
    /// A number for the form of the ARN, which types may have in common.
    pub(crate) form: usize,
}

impl Shape<'_> {
    /// What its calls are made on.
    pub(crate) fn target(&self) -> Target<'_> {
        self.kind.map_or(Target::Nothing, |kind| Target::Form(kind.arn()))
    }
}

/// Every shape of the service reference.
#[derive(Debug)]
pub(crate) struct Shapes<'a> {
    reference: &'a Reference,
    all: Vec<Shape<'a>>,
    by_api: BTreeMap<&'a str, Vec<usize>>,
    /// The API actions in lower case, as patterns are compared with them, and as written.
    lower: Vec<(String, &'a str)>,
    /// Keys that were asked about before → for each shape, whether a call of it has the key.
    carrying: RefCell<HashMap<String, Rc<[Carries]>>>,
}

/// A set of shapes, by their places.
#[derive(Debug, Clone)]
pub(crate) struct Calls(Vec<usize>);

impl Calls {
    pub(crate) fn extend(&mut self, more: &Self) {
        self.0.extend(&more.0);
        self.0.sort_unstable();
        self.0.dedup();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }
}

impl<'a> Shapes<'a> {
    pub(crate) fn of(reference: &'a Reference, table: &Table) -> Self {
        let apis = reference.matching("*");
        let without_resource = |action: &Action| {
            let of_row = |call: &&Call| call.api == action.name();
            action.resource_types().is_empty()
                || table.calls.iter().filter(of_row).any(|call| call.kinds.is_empty())
                || table.blind.iter().any(|row| row.api == action.name())
        };
        let mut forms = HashMap::new();
        let mut all = Vec::new();
        let mut by_api: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for action in apis {
            let on_types = action.resource_types().iter().map(Some);
            let on_none = without_resource(action).then_some(None);
            for kind in on_types.chain(on_none) {
                let next = forms.len();
                let form = *forms.entry(kind.map(|kind| kind.arn().parts())).or_insert(next);
                by_api.entry(action.name()).or_default().push(all.len());
                all.push(Shape { action, kind, form });
            }
        }
        let lower = by_api.keys().map(|name| (name.to_ascii_lowercase(), *name)).collect();
        Self { reference, all, by_api, lower, carrying: RefCell::default() }
    }

    pub(super) fn reference(&self) -> &'a Reference {
        self.reference
    }

    /// The forms of ARNs that there are.
    pub(super) fn forms(&self) -> impl Iterator<Item = &'a ArnPattern> {
        let mut seen = BTreeSet::new();
        let new = self.all.iter().filter(move |shape| seen.insert(shape.form));
        new.filter_map(|shape| shape.kind).map(ResourceType::arn)
    }

    /// The shapes, each with its place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Shape<'a>)> {
        self.all.iter().enumerate()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// All calls of these API actions, and of no others.
    pub(crate) fn these(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Calls {
        let places = names.into_iter().filter_map(|name| self.by_api.get(name.as_ref()));
        Calls(places.flatten().copied().collect())
    }

    /// The calls that a statement is about, resources and conditions left aside.
    pub(crate) fn covered_by(&self, statement: &Statement) -> Calls {
        let covered = self.lower.iter().filter(|(name, _)| statement.covers_action(name));
        self.these(covered.map(|(_, name)| name))
    }

    /// All calls of the API actions for which something holds.
    pub(crate) fn which(&self, holds: impl Fn(&Action) -> bool) -> Calls {
        let found = self.by_api.values().filter(|places| {
            let first = places.first().and_then(|place| self.all.get(*place));
            first.is_some_and(|shape| holds(shape.action))
        });
        Calls(found.flatten().copied().collect())
    }

    /// The calls that surely have a condition key, of the API actions for which something holds.
    pub(crate) fn showing(&self, key: &str, holds: impl Fn(&Action) -> bool) -> Calls {
        let carrying = self.carrying(key);
        let Calls(mut places) = self.which(holds);
        places.retain(|place| carrying.get(*place) == Some(&Carries::Yes));
        Calls(places)
    }

    /// For each shape, whether a call of it has a condition key. Where the reference's claim is doubted, AWS
    /// may keep it.
    pub(crate) fn carrying(&self, key: &str) -> Rc<[Carries]> {
        let found = |shape: &Shape| {
            let kind = shape.kind.map(ResourceType::name);
            self.reference.carries(shape.action.name(), kind, key)
        };
        let mut known = self.carrying.borrow_mut();
        let of_key = known.entry(key.to_lowercase());
        Rc::clone(of_key.or_insert_with(|| self.all.iter().map(found).collect()))
    }
}
