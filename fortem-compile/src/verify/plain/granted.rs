//! What is granted: the rows of the actions that Cedar permits, for the environment they are permitted in.

use std::collections::BTreeSet;

use super::{About, Condition, Draft, Part, Plain, Reader, condition, everything};
use crate::table::{Blind, Call, Channel};
use crate::verify::VerifyError;
use crate::verify::cedar::Target;

impl Reader<'_, '_> {
    /// The statements that grant, to a person of an environment.
    pub(in crate::verify) fn granted(
        &self,
        environment: Option<&str>,
    ) -> Result<Vec<Plain>, VerifyError> {
        let mut found = Draft::default();
        let known = environment.map(|one| self.environments.asked_for(one));
        for place in self.places.iter().flatten() {
            let grant = |api: &String, resources| About {
                part: Part::Granted,
                calls: self.shapes.these([api]),
                resources,
                policies: BTreeSet::from([self.role.id.clone()]),
            };
            // What Cedar says of an unknown environment, it says of this one.
            let name =
                if Some(place.as_str()) == known { environment.unwrap_or(place) } else { place };
            for call in self.calls() {
                if self.permits(call, place) {
                    let about = grant(&call.api, self.resources(call, name));
                    found.add(about, self.conditions_of(call, name));
                }
            }
            for row in self.accepted() {
                if self.accepts(row, place) {
                    found.add(grant(&row.api, everything()), Vec::new());
                }
            }
        }
        found.finish()
    }

    /// The tag-blind rows that the fleet file accepts by name.
    fn accepted(&self) -> impl Iterator<Item = &Blind> {
        let accepted = self.world.fleet.accepted_leaks();
        self.world.table.blind.iter().filter(move |row| {
            self.holds(row.schedule.as_deref()) && accepted.iter().any(|one| one.name() == row.api)
        })
    }

    /// Whether Cedar permits any of the actions that take a call, in a place.
    fn permits(&self, call: &Call, place: &str) -> bool {
        let (pairs, is_on_resource) = self.about(call);
        let open = if is_on_resource { &self.answers.open } else { &self.companions.may_be_open };
        pairs.into_iter().any(|(action, kind)| {
            open.contains(&Target { action, kind, place: Some(place.to_owned()) })
        })
    }

    /// Whether Cedar permits any of the actions of an accepted row, in a place.
    fn accepts(&self, row: &Blind, place: &str) -> bool {
        let own = self.targets.iter().filter(|(action, _)| {
            self.role.actions.contains(action) && row.actions.contains(&**action)
        });
        own.cloned().any(|(action, kind)| {
            let target = Target { action, kind, place: Some(place.to_owned()) };
            self.companions.may_be_open.contains(&target)
        })
    }

    fn resources(&self, call: &Call, place: &str) -> BTreeSet<String> {
        if call.kinds.is_empty() {
            return everything();
        }
        let by_name = call.channels.contains(&Channel::Name);
        let kinds = call.kinds.iter().filter_map(|name| self.world.table.kind(name));
        let arns = kinds.flat_map(|kind| {
            if by_name { self.named(kind, place) } else { vec![self.arn(&kind.service, &kind.any)] }
        });
        arns.collect()
    }

    /// Every channel shows the place, and the row's own conditions hold.
    fn conditions_of(&self, call: &Call, place: &str) -> Vec<Condition> {
        let shows = |channel: &Channel| match channel {
            Channel::ResourceTag => Some(condition("StringEquals", &self.tag("Resource"), [place])),
            Channel::RequestTag => Some(condition("StringEquals", &self.tag("Request"), [place])),
            Channel::Cluster => Some(condition("ArnLike", "ecs:cluster", self.clusters(place))),
            Channel::Name => None,
        };
        let own = self.conditions(&call.conditions, place);
        call.channels.iter().filter_map(shows).chain(own).collect()
    }
}
