//! What lowering goes by beside the policies.

use std::collections::BTreeSet;

use fortem_core::{Action, Fleet, Source, Vocabulary};

use super::place::Place;
use crate::arn;
use crate::reference::{Carries, Reference};
use crate::statement::Conditions;
use crate::table::{Call, Channel, Table, Where};

/// The fleet and the tables.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Environments and names.
    pub fleet: &'a Fleet,
    /// Actions and types of resource.
    pub vocabulary: &'a Vocabulary,
    /// The lowering table.
    pub table: &'a Table,
    /// The service reference.
    pub reference: &'a Reference,
}

/// Which types of the vocabulary a call of an action is about.
pub(crate) struct About<'a> {
    pub(crate) kinds: BTreeSet<&'a str>,
    /// Whether the call's resource is the action's, so that its tags are those that policies ask about.
    pub(crate) shows_resource: bool,
}

impl<'a> World<'a> {
    /// The tables with the fleet of a source.
    #[must_use]
    pub fn new(source: &'a Source, table: &'a Table, reference: &'a Reference) -> Self {
        Self { fleet: source.fleet(), vocabulary: source.vocabulary(), table, reference }
    }

    /// `aws:PrincipalTag/…`, `aws:ResourceTag/…` or `aws:RequestTag/…` of the environment.
    pub(crate) fn tag(&self, of: &str) -> String {
        format!("aws:{of}Tag/{}", self.fleet.tag_key())
    }

    pub(crate) fn schedule(&self) -> &'static str {
        self.fleet.schedule().as_str()
    }

    /// The types that a call is about when it is made for an action.
    pub(crate) fn about(&self, call: &'a Call, action: &'a Action) -> About<'a> {
        let of_kinds = call.kinds.iter().filter_map(|kind| self.table.kind(kind));
        let of_kinds = of_kinds.filter_map(|kind| kind.entity.as_deref());
        let named: BTreeSet<&str> = of_kinds.chain(call.entity.as_deref()).collect();
        let all: BTreeSet<&str> = action.kinds().iter().map(String::as_str).collect();
        let own: BTreeSet<&str> = &named & &all;
        if own.is_empty() {
            return About { kinds: all, shows_resource: false };
        }
        About { kinds: own, shows_resource: !call.supporting }
    }

    /// Whether every call of an API action surely has a key, whatever type of resource it is about.
    pub(crate) fn carries(&self, api: &str, key: &str) -> bool {
        let carries = |kind| self.reference.carries(api, kind, key) == Carries::Yes;
        let types = self.reference.action(api).map(crate::reference::Action::resource_types);
        match types.unwrap_or_default() {
            [] => carries(None),
            types => types.iter().all(|kind| carries(Some(kind.name()))),
        }
    }

    /// The condition that a channel shows a place; the name channel is in the resource and needs none.
    pub(super) fn shows(&self, channel: Channel, place: &Place) -> Conditions {
        let condition = |operator: &str, key: String, values| {
            Conditions::from([((operator.to_owned(), key), values)])
        };
        let spelling = || BTreeSet::from([place.spelling.clone()]);
        match channel {
            Channel::ResourceTag => condition("StringEquals", self.tag("Resource"), spelling()),
            Channel::RequestTag => condition("StringEquals", self.tag("Request"), spelling()),
            Channel::Cluster => {
                let clusters = arn::clusters(self.fleet, self.table, place.names, &place.spelling);
                condition("ArnLike", "ecs:cluster".to_owned(), clusters)
            }
            Channel::Name => Conditions::new(),
        }
    }

    /// The conditions of a row of the tables; those that hold the environment's names need a place.
    pub(super) fn conditions(&self, rows: &[Where], place: Option<&Place>) -> Conditions {
        let condition = |row: &Where| {
            let key = (row.operator.clone(), row.key.clone());
            (key, self.values(row, place))
        };
        rows.iter().map(condition).collect()
    }

    fn values(&self, row: &Where, place: Option<&Place>) -> BTreeSet<String> {
        let mut values = row.values.clone();
        let own = row.own.as_deref().and_then(|kind| self.table.kind(kind));
        if let Some((kind, place)) = own.zip(place) {
            values.extend(arn::own(self.fleet, kind, place.names, &place.spelling));
        }
        if row.tag_key || row.tag_keys {
            values.insert(self.fleet.tag_key().to_owned());
        }
        if row.tag_keys {
            values.extend(self.fleet.task_tags().iter().cloned());
        }
        values
    }
}

/// Whether a key is a tag of the resource.
pub(crate) fn is_resource_tag(key: &str) -> bool {
    key.get(..16).is_some_and(|start| start.eq_ignore_ascii_case("aws:ResourceTag/"))
}
