//! Guards as Deny statements that fire, by every channel a call can show its environment in.
//!
//! - *principal*: every grant binds the environment of a call to the principal's tag, so a principal
//!   of a forbidden environment is refused whatever the call. Exact for all that the role grants.
//! - *tag*: resources whose tag names a forbidden environment, or none at all.
//! - *cluster* and *name*: the forbidden environments that the fleet knows, whatever a tag says.
//! - *request*: what a call creates is not in a forbidden environment, and not untagged.
//!
//! All but the first reach further than the role does: they hold as well against what another policy
//! of the same principal allows.

use std::collections::BTreeSet;

use fortem_core::Environment;

use crate::arn;
use crate::lower::grant::Granted;
use crate::lower::{World, mfa};
use crate::model::{Guard, Reach, Role};
use crate::reference::{Action, ArnPattern, Carries, Reference};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin};
use crate::table::{Call, Channel, Kind, holds};

/// A guard, seen from one role.
struct Lowering<'a> {
    world: &'a World<'a>,
    guard: &'a Guard<'a>,
    /// The API actions of the guard's own actions that the role is granted; `None`: whatever the
    /// services of the role have.
    named: Option<BTreeSet<String>>,
    granted: &'a Granted,
}

pub(super) fn drafts(world: &World, guard: &Guard, role: &Role, granted: &Granted) -> Vec<Draft> {
    let named = guard.actions.as_ref().map(|actions| forbidden_calls(world, actions, role));
    if granted.apis.is_empty() || named.as_ref().is_some_and(BTreeSet::is_empty) {
        return Vec::new();
    }
    let lowering = Lowering { world, guard, named, granted };
    let by_channel = [
        lowering.principal(),
        lowering.tag(),
        lowering.cluster(),
        lowering.name(),
        lowering.request(),
    ];
    by_channel.into_iter().flatten().collect()
}

/// The API actions that are what the forbidden actions of a role are, but for those that its other
/// actions need too.
fn forbidden_calls(world: &World, actions: &BTreeSet<&str>, role: &Role) -> BTreeSet<String> {
    let calls = |action| world.table.calls_of(action, world.schedule());
    let forbidden = role.actions.intersection(actions).flat_map(|action| calls(action));
    let needed = role.actions.difference(actions).flat_map(|action| calls(action));
    let needed: BTreeSet<&str> = needed.map(|call| call.api.as_str()).collect();
    let own = forbidden.filter(|call| !call.supporting && !needed.contains(call.api.as_str()));
    own.map(|call| call.api.clone()).collect()
}

impl Lowering<'_> {
    fn principal(&self) -> Option<Draft> {
        let conditions = self.environment(self.world.tag("Principal"), names)?;
        let actions = ApiActions::These(self.reachable());
        Some(self.deny("Principal", actions, everything(), conditions))
    }

    fn tag(&self) -> Option<Draft> {
        let key = self.world.tag("Resource");
        let conditions = self.environment(key.clone(), spellings)?;
        let apis = self.with_channel(Channel::ResourceTag)?;
        match (&self.guard.reach, &self.named) {
            (Reach::Everywhere, _) => None,
            (Reach::In(_), None) => {
                Some(self.deny("Tag", ApiActions::These(apis), everything(), conditions))
            }
            (Reach::In(_) | Reach::Outside(_), Some(_)) => {
                let resources = self.tagged_resources(&key);
                Some(self.deny("Tag", ApiActions::These(apis), resources, conditions))
            }
            (Reach::Outside(_), None) => {
                let resources = self.tagged_resources(&key);
                let mut exempt = self.without_key(&resources, &key);
                exempt.extend(self.accepted_leaks());
                Some(self.deny("Tag", ApiActions::AllBut(exempt), resources, conditions))
            }
        }
    }

    /// The condition that a key names an environment the guard covers; `None` if none can.
    fn environment(
        &self,
        key: String,
        allowed_values: fn(&[&Environment]) -> BTreeSet<String>,
    ) -> Option<Conditions> {
        let condition =
            |operator: &str, values| Conditions::from([((operator.to_owned(), key), values)]);
        match &self.guard.reach {
            Reach::Everywhere => Some(Conditions::new()),
            Reach::In(inside) if inside.is_empty() => None,
            Reach::In(inside) => Some(condition("StringEqualsIgnoreCase", spellings(inside))),
            // Outside of nothing is everywhere; a condition without values would never hold.
            Reach::Outside(allowed) if allowed.is_empty() => Some(Conditions::new()),
            Reach::Outside(allowed) => Some(condition("StringNotEquals", allowed_values(allowed))),
        }
    }

    fn cluster(&self) -> Option<Draft> {
        let world = self.world;
        let apis = self.with_channel(Channel::Cluster)?;
        let own = |environment: &&Environment, spelling: &str| {
            arn::clusters(world.fleet, world.table, environment.names(), spelling)
        };
        let clusters = self.forbidden_names(own);
        if clusters.is_empty() {
            return None;
        }
        let key = ("ArnLike".to_owned(), "ecs:cluster".to_owned());
        let conditions = Conditions::from([(key, clusters)]);
        Some(self.deny("Cluster", ApiActions::These(apis), everything(), conditions))
    }

    fn name(&self) -> Option<Draft> {
        let world = self.world;
        let kinds: Vec<&Kind> = self.kinds().filter(|kind| !self.in_cluster(kind)).collect();
        let arns = self.forbidden_names(|environment, spelling| {
            let own = |kind: &&Kind| arn::own(world.fleet, kind, environment.names(), spelling);
            kinds.iter().flat_map(own).collect()
        });
        let apis = self.named.clone().unwrap_or_else(everything);
        if arns.is_empty() {
            return None;
        }
        Some(self.deny("Name", ApiActions::These(apis), arns, Conditions::new()))
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

    fn request(&self) -> Option<Draft> {
        let key = self.world.tag("Request");
        let apis = self.creating(&key);
        if apis.is_empty() || matches!(self.guard.reach, Reach::Everywhere) {
            return None;
        }
        let conditions = self.environment(key, spellings)?;
        Some(self.deny("Request", ApiActions::These(apis), everything(), conditions))
    }

    /// Names of every environment the guard covers and the fleet knows, in every spelling.
    fn forbidden_names(
        &self,
        own: impl Fn(&&Environment, &str) -> BTreeSet<String>,
    ) -> BTreeSet<String> {
        let environments = self.world.fleet.environments().iter();
        let covered = environments.filter(|environment| match &self.guard.reach {
            Reach::Everywhere => false,
            Reach::In(inside) => contains(inside, environment),
            Reach::Outside(allowed) => !contains(allowed, environment),
        });
        covered
            .flat_map(|environment| {
                environment.spellings().flat_map(|s| own(&environment, s)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// What the principal is refused: all of the services that the role touches, or the guard's own
    /// actions.
    fn reachable(&self) -> BTreeSet<String> {
        self.named.clone().unwrap_or_else(|| self.granted.whole_services())
    }

    /// The API actions a channel's condition is put on: for a guard on every action the whole of each
    /// service that has the channel.
    fn with_channel(&self, channel: Channel) -> Option<BTreeSet<String>> {
        let rows = self.world.table.calls.iter().filter(|call| {
            call.channels.contains(&channel) && self.granted.apis.contains(&call.api)
        });
        let apis: BTreeSet<String> = match &self.named {
            Some(named) => {
                rows.filter(|call| named.contains(&call.api)).map(|call| call.api.clone()).collect()
            }
            None => rows.filter_map(|call| Some(format!("{}:*", service(&call.api)?))).collect(),
        };
        (!apis.is_empty()).then_some(apis)
    }

    fn carries(&self, api: &str, resource_type: &str, key: &str) -> bool {
        self.world.reference.carries(api, Some(resource_type), key) == Carries::Yes
    }

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
    fn tagged_resources(&self, key: &str) -> BTreeSet<String> {
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

    /// Some calls that the reference gives no resource are seen on `log-group:…` all the same; what the
    /// fleet accepts is not taken away again.
    fn accepted_leaks(&self) -> BTreeSet<String> {
        let blind = self.world.table.blind.iter().map(|row| &row.api);
        blind.filter(|api| self.granted.apis.contains(*api)).cloned().collect()
    }

    /// The API actions that reach these resources without carrying the key.
    fn without_key(&self, resources: &BTreeSet<String>, key: &str) -> BTreeSet<String> {
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
    fn creating(&self, key: &str) -> BTreeSet<String> {
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
        let services: BTreeSet<&str> = rows.filter_map(|call| service(&call.api)).collect();
        let kinds = self.wide_kinds().filter(|kind| services.contains(kind.service.as_str()));
        let apis: BTreeSet<String> = kinds.flat_map(of_kind).collect();
        match &self.named {
            Some(named) => apis.intersection(named).cloned().collect(),
            None => by_verb(reference, &apis, key),
        }
    }

    fn deny(
        &self,
        channel: &str,
        actions: ApiActions,
        resources: BTreeSet<String>,
        mut conditions: Conditions,
    ) -> Draft {
        conditions.extend(mfa(self.guard.mfa));
        let policy = self.guard.policy;
        Draft {
            sid: format!("{}{channel}", camel_case(policy.id())),
            effect: Effect::Deny,
            actions,
            resources,
            conditions,
            origin: Origin::Policy { id: policy.id().to_owned(), location: policy.location() },
        }
    }
}

fn service(api: &str) -> Option<&str> {
    Some(api.split_once(':')?.0)
}

/// Shorter: `ecs:Create*` for all that begin so, where each API action that does carries the key.
fn by_verb(reference: &Reference, apis: &BTreeSet<String>, key: &str) -> BTreeSet<String> {
    let carries = |action: &Action| {
        let types = action.resource_types().iter();
        let mut of_types =
            types.map(|kind| reference.carries(action.name(), Some(kind.name()), key));
        of_types.all(|carries| carries == Carries::Yes)
    };
    let shorter = |api: &String| {
        let verb = verb_pattern(api);
        let all = reference.matching(&verb);
        if all.len() > 1 && all.into_iter().all(carries) { verb } else { api.clone() }
    };
    apis.iter().map(shorter).collect()
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

fn everything() -> BTreeSet<String> {
    BTreeSet::from(["*".to_owned()])
}

fn names(environments: &[&Environment]) -> BTreeSet<String> {
    environments.iter().map(|environment| environment.name().to_owned()).collect()
}

fn spellings(environments: &[&Environment]) -> BTreeSet<String> {
    let all = environments.iter().flat_map(|environment| environment.spellings());
    all.map(str::to_owned).collect()
}

fn contains(environments: &[&Environment], one: &Environment) -> bool {
    environments.iter().any(|environment| environment.name() == one.name())
}

/// `NeverProd` of `never-prod`: a statement id has letters and digits only.
pub(crate) fn camel_case(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    });
    words.collect::<Vec<String>>().concat()
}
