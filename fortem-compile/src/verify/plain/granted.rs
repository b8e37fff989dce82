//! What is granted: the rows of the actions that Cedar permits, for the environment they are permitted in.

use std::collections::BTreeSet;

use super::{
    About, Condition, Draft, Part, Plain, Reader, SecondFactor, condition, everything, when,
};
use crate::table::{Blind, Call, Channel};
use crate::verify::VerifyError;
use crate::verify::cedar::Applying;

impl Reader<'_, '_> {
    /// The statements that grant, to a person of an environment.
    pub(in crate::verify) fn granted(&self, environment: &str) -> Result<Vec<Plain>, VerifyError> {
        let mut found = Draft::default();
        let known = self.environments.asked_for(environment);
        let Some(permitted) = self.cedar.permitted_in(known) else {
            return found.finish();
        };
        for place in self.cedar.places().iter().flatten() {
            let grant = |api: &String, resources, when| About {
                part: Part::Granted,
                calls: self.shapes.these([api]),
                resources,
                when,
                policies: BTreeSet::from([self.role.id.clone()]),
            };
            // What Cedar says of an unknown environment, it says of this one.
            let name = if place == known { environment } else { place };
            for call in self.calls() {
                if let Some(when) = self.permits(permitted, &call.actions, place) {
                    let about = grant(&call.api, self.resources(call, name), when);
                    found.add(about, self.conditions_of(call, name));
                }
            }
            for row in self.accepted() {
                if let Some(when) = self.permits(permitted, &row.actions, place) {
                    found.add(grant(&row.api, everything(), when), Vec::new());
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

    /// With which second factor Cedar permits any of the actions in a place.
    fn permits(
        &self,
        permitted: &Applying,
        actions: &BTreeSet<String>,
        place: &str,
    ) -> Option<SecondFactor> {
        let permits = |second_factor: bool| {
            let mut own = self.role.actions.iter().filter(|action| actions.contains(**action));
            own.any(|action| {
                let question = (*action, Some(place.to_owned()), second_factor);
                let roles = permitted.get(&question);
                roles.is_some_and(|roles| roles.contains(&self.role.id))
                    && self.cedar.forbidding(&question).is_none()
            })
        };
        when(permits(false), permits(true))
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
