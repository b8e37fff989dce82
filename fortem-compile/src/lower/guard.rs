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
use crate::lower::coverage::{Coverage, service_of};
use crate::lower::grant::Granted;
use crate::lower::{World, mfa};
use crate::model::{Guard, Reach, Role};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin};
use crate::table::{Channel, Kind};

/// A guard, seen from one role.
struct Lowering<'a> {
    world: &'a World<'a>,
    guard: &'a Guard<'a>,
    /// The API actions of the guard's own actions that the role is granted; `None`: whatever the
    /// services of the role have.
    named: Option<BTreeSet<String>>,
    granted: &'a Granted,
    coverage: Coverage<'a>,
}

pub(super) fn drafts(world: &World, guard: &Guard, role: &Role, granted: &Granted) -> Vec<Draft> {
    let named = guard.actions.as_ref().map(|actions| forbidden_calls(world, actions, role));
    if granted.apis.is_empty() || named.as_ref().is_some_and(BTreeSet::is_empty) {
        return Vec::new();
    }
    let coverage = Coverage { world, granted };
    let lowering = Lowering { world, guard, named, granted, coverage };
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
                let resources = self.coverage.tagged_resources(&key);
                Some(self.deny("Tag", ApiActions::These(apis), resources, conditions))
            }
            (Reach::Outside(_), None) => {
                let resources = self.coverage.tagged_resources(&key);
                let mut exempt = self.coverage.without_key(&resources, &key);
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
        let kinds: Vec<&Kind> = self.coverage.kinds_out_of_clusters();
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

    fn request(&self) -> Option<Draft> {
        let key = self.world.tag("Request");
        let all = self.coverage.creating(&key);
        let apis = match &self.named {
            Some(named) => all.intersection(named).cloned().collect(),
            None => self.coverage.by_verb(&all, &key),
        };
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
            None => rows.filter_map(|call| Some(format!("{}:*", service_of(&call.api)?))).collect(),
        };
        (!apis.is_empty()).then_some(apis)
    }

    /// What the fleet accepts is not taken away again, on whatever resource AWS may see the call.
    fn accepted_leaks(&self) -> BTreeSet<String> {
        let blind = self.world.table.blind.iter().map(|row| &row.api);
        blind.filter(|api| self.granted.apis.contains(*api)).cloned().collect()
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

fn everything() -> BTreeSet<String> {
    BTreeSet::from(["*".to_owned()])
}

pub(super) fn names(environments: &[&Environment]) -> BTreeSet<String> {
    environments.iter().map(|environment| environment.name().to_owned()).collect()
}

pub(super) fn spellings(environments: &[&Environment]) -> BTreeSet<String> {
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
