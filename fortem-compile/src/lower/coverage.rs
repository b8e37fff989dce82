//! How far a guard reaches past what the role is granted: which resources and API actions of the
//! services it touches, by what the service reference says they carry.

use std::collections::BTreeSet;

use crate::arn;
use crate::lower::World;
use crate::lower::grant::Granted;
use crate::reference::{Action, ArnPattern, Carries};
use crate::table::{Call, Channel, Kind, holds};

/// The services that a role touches.
pub(super) struct Coverage<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) granted: &'a Granted,
}

impl Coverage<'_> {
    /// The kinds of resource in the services that the role touches.
    fn kinds(&self) -> impl Iterator<Item = &Kind> {
        let services = self.granted.services();
        self.world.table.kinds.iter().filter(move |kind| {
            let touched = services.contains(kind.service.as_str());
            touched && holds(kind.schedule.as_deref(), self.world.schedule())
        })
    }

    /// The kinds whose services the guard reaches as a whole. Of IAM it reaches what the role is
    /// granted, and no more: people look at roles, and IAM's own guards are elsewhere.
    fn wide_kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds().filter(|kind| kind.service != "iam")
    }

    /// ARNs of the kinds of which AWS is known to show the tag.
    pub(super) fn tagged_resources(&self, key: &str) -> BTreeSet<String> {
        let reference = self.world.reference;
        let shows = |kind: &&Kind| {
            let actions = reference.actions(&kind.service);
            let claims = actions.flat_map(|action| {
                let types = kind.types.iter().filter(|name| has_type(action, name));
                types.map(|name| self.carries(action.name(), name, key))
            });
            claims.into_iter().any(|carried| carried)
        };
        let kinds: Vec<&Kind> = self.wide_kinds().filter(shows).collect();
        let services: BTreeSet<&str> = kinds.iter().map(|kind| kind.service.as_str()).collect();
        let whole = |service: &&str| arn::whole_service(self.world.fleet, service);
        let shown_by_all =
            |service: &&str| self.without_key(&BTreeSet::from([whole(service)]), key).is_empty();
        // All of a service where each of its calls shows the tag, else only the kinds that we name.
        let (whole_services, others): (Vec<&str>, Vec<&str>) =
            services.into_iter().partition(shown_by_all);
        let named = kinds.into_iter().filter(|kind| others.contains(&kind.service.as_str()));
        let named = named.map(|kind| arn::any(self.world.fleet, kind));
        whole_services.iter().map(whole).chain(named).collect()
    }

    /// The kinds that `ecs:cluster` does not speak for.
    pub(super) fn kinds_out_of_clusters(&self) -> Vec<&Kind> {
        self.kinds().filter(|kind| !self.in_cluster(kind)).collect()
    }

    /// Whether `ecs:cluster` speaks for every call on the kind that the role is granted.
    fn in_cluster(&self, kind: &Kind) -> bool {
        let rows = self.world.table.calls.iter().filter(|call| {
            call.kinds.contains(&kind.name) && self.granted.apis.contains(&call.api)
        });
        let mut rows = rows.filter(|call| !call.supporting).peekable();
        let carried = |call: &Call| {
            let mut types = kind.types.iter();
            types.all(|of| self.carries(&call.api, of, "ecs:cluster"))
        };
        rows.peek().is_some() && rows.all(carried)
    }

    /// The API actions that reach these resources without carrying the key.
    pub(super) fn without_key(&self, resources: &BTreeSet<String>, key: &str) -> BTreeSet<String> {
        let reference = self.world.reference;
        let arns: Vec<ArnPattern> = resources.iter().map(|arn| ArnPattern::new(arn)).collect();
        let lacks = |action: &&Action| {
            action.resource_types().iter().any(|resource| {
                arns.iter().any(|arn| resource.arn().overlaps(arn))
                    && !self.carries(action.name(), resource.name(), key)
            })
        };
        let all = reference.matching("*").into_iter();
        all.filter(lacks).map(|action| action.name().to_owned()).collect()
    }

    /// The API actions that create something of the role's kinds and take its tags.
    pub(super) fn creating(&self, key: &str) -> BTreeSet<String> {
        let reference = self.world.reference;
        let creates = |action: &&Action, kind: &Kind| {
            let mut types = kind.types.iter().filter(|name| has_type(action, name));
            !action.name().contains("Tag")
                && types.any(|name| self.carries(action.name(), name, key))
        };
        let of_kind = |kind: &'_ Kind| -> Vec<String> {
            let actions = reference.actions(&kind.service).filter(|action| creates(action, kind));
            actions.map(|action| action.name().to_owned()).collect()
        };
        let rows = self.world.table.calls.iter().filter(|call| {
            call.channels.contains(&Channel::RequestTag) && self.granted.apis.contains(&call.api)
        });
        let services: BTreeSet<&str> = rows.filter_map(|call| service_of(&call.api)).collect();
        let kinds = self.wide_kinds().filter(|kind| services.contains(kind.service.as_str()));
        kinds.flat_map(of_kind).collect()
    }

    /// Whether an API action carries the key, or of a pattern some does.
    pub(super) fn may_carry(&self, pattern: &str, key: &str) -> bool {
        if !pattern.contains('*') {
            return self.world.carries(pattern, key);
        }
        let mut all = self.world.reference.matching(pattern).into_iter();
        all.any(|action| self.world.carries(action.name(), key))
    }

    fn carries(&self, api: &str, resource_type: &str, key: &str) -> bool {
        self.world.reference.carries(api, Some(resource_type), key) == Carries::Yes
    }

    /// Shorter: `ecs:Create*` for all that begin so, where each API action that does carries the key.
    pub(super) fn by_verb(&self, apis: &BTreeSet<String>, key: &str) -> BTreeSet<String> {
        let carries = |action: &Action| {
            let mut types = action.resource_types().iter();
            types.all(|of| self.carries(action.name(), of.name(), key))
        };
        let shorter = |api: &String| {
            let verb = verb_pattern(api);
            let all = self.world.reference.matching(&verb);
            if all.len() > 1 && all.into_iter().all(carries) { verb } else { api.clone() }
        };
        apis.iter().map(shorter).collect()
    }
}

/// `ecs` of `ecs:UpdateService`.
pub(super) fn service_of(api: &str) -> Option<&str> {
    Some(api.split_once(':')?.0)
}

/// `ecs:Create*` of `ecs:CreateService`.
fn verb_pattern(api: &str) -> String {
    let name = api.find(':').map_or(0, |colon| colon + 1);
    let is_second_word = |(index, letter): &(usize, char)| *index > name && letter.is_uppercase();
    let end = api.char_indices().find(is_second_word).map_or(api.len(), |(index, _)| index);
    format!("{}*", api.get(..end).unwrap_or(api))
}

fn has_type(action: &Action, name: &str) -> bool {
    action.resource_types().iter().any(|resource| resource.name() == name)
}
