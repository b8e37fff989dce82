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

use super::conditions::{Joined, join, of_tests};
use super::place::{Binding, names, spellings};
use super::{LowerError, Subject, refused};
use crate::arn;
use crate::lower::World;
use crate::lower::coverage::{Coverage, service_of};
use crate::lower::grant::Granted;
use crate::model::{Guard, Reach};
use crate::statement::{ApiActions, Conditions, Draft, Effect, Origin, holds_when_absent};
use crate::table::{Channel, Kind};

/// A guard, seen from one role.
struct Lowering<'a> {
    world: &'a World<'a>,
    guard: &'a Guard<'a>,
    binding: Binding<'a>,
    /// The API actions of the guard's own actions that the role is granted; `None`: whatever the
    /// services of the role have.
    named: Option<BTreeSet<String>>,
    granted: &'a Granted,
    coverage: Coverage<'a>,
    /// What must hold beside the environment.
    tests: Conditions,
}

pub(super) fn drafts(
    subject: &Subject,
    guard: &Guard,
    granted: &Granted,
) -> Result<Vec<Draft>, LowerError> {
    let world = subject.world;
    let is_whole = guard.actions.is_none() && guard.when.kinds.is_none();
    let named = (!is_whole).then(|| forbidden_calls(subject, guard));
    if granted.apis.is_empty() || named.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let tests = match of_tests(&guard.when.tests) {
        Joined::Both(conditions) => conditions,
        Joined::Never => return Ok(Vec::new()),
        Joined::Unsayable(key) => return Err(too_entangled(guard, &key)),
    };
    let coverage = Coverage { world, granted };
    let binding = subject.binding;
    let lowering = Lowering { world, guard, binding, named, granted, coverage, tests };
    let by_channel = [
        lowering.principal(),
        lowering.tag(),
        lowering.cluster(),
        lowering.name(),
        lowering.request(),
    ];
    let drafts = by_channel.into_iter().flatten();
    let tested = drafts.map(|draft| lowering.with_tests(draft)).collect::<Result<Vec<_>, _>>()?;
    Ok(tested.into_iter().flatten().collect())
}

/// The API actions that are what the forbidden actions of a role are, but for those that its other
/// actions need too.
pub(super) fn forbidden_calls(subject: &Subject, guard: &Guard) -> BTreeSet<String> {
    let world = subject.world;
    let mut forbidden = BTreeSet::new();
    let mut needed = BTreeSet::new();
    let known = subject.role.actions.iter().filter_map(|name| world.vocabulary.action(name));
    for action in known {
        for call in world.table.calls_of(action.name(), world.schedule()) {
            let about = world.about(call, action);
            let kinds = guard.when.kinds.as_ref();
            let concerned = kinds.is_none_or(|kinds| about.kinds.is_subset(kinds));
            if !guard.covers(action.name()) || !concerned {
                needed.insert(call.api.clone());
            } else if !call.supporting {
                forbidden.insert(call.api.clone());
            }
        }
    }
    &forbidden - &needed
}

fn too_entangled(guard: &Guard, key: &str) -> LowerError {
    refused(
        guard.policy,
        format!("`{}` asks more of `{key}` than one statement can say", guard.policy.id()),
        "this guard",
        "a statement compares a key with one operator once; ask less of it, or make two guards",
    )
}

impl Lowering<'_> {
    fn principal(&self) -> Option<Draft> {
        let conditions = match self.binding {
            Binding::Tag => self.environment(self.world.tag("Principal"), names)?,
            Binding::To(environment) if self.guard.when.reach.covers(environment) => {
                Conditions::new()
            }
            _ if matches!(self.guard.when.reach, Reach::Everywhere) => Conditions::new(),
            _ => return None,
        };
        let actions = ApiActions::These(self.reachable());
        Some(self.deny("Principal", actions, everything(), conditions))
    }

    fn tag(&self) -> Option<Draft> {
        let key = self.world.tag("Resource");
        let conditions = self.environment(key.clone(), spellings)?;
        let apis = self.with_channel(Channel::ResourceTag)?;
        match (&self.guard.when.reach, &self.named) {
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
        match &self.guard.when.reach {
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
        if apis.is_empty() || matches!(self.guard.when.reach, Reach::Everywhere) {
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
        // What covers everything needs no names.
        let by_name = !matches!(self.guard.when.reach, Reach::Everywhere);
        let covered = environments.filter(|one| by_name && self.guard.when.reach.covers(one));
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
        conditions: Conditions,
    ) -> Draft {
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

    /// The draft with what must hold beside the environment, for the calls of which AWS shows that.
    fn with_tests(&self, mut draft: Draft) -> Result<Option<Draft>, LowerError> {
        draft.conditions = match join(&draft.conditions, &self.tests) {
            Joined::Both(conditions) => conditions,
            Joined::Never => return Ok(None),
            Joined::Unsayable(key) => return Err(too_entangled(self.guard, &key)),
        };
        let keys = self.guard.when.tests.iter().map(|test| test.key.as_str());
        let keys = keys.filter(|key| !self.world.reference.is_always_carried(key));
        for key in keys.collect::<BTreeSet<&str>>() {
            self.only_carriers(&mut draft, key);
        }
        let none = matches!(&draft.actions, ApiActions::These(apis) if apis.is_empty());
        Ok((!none && !draft.resources.is_empty()).then_some(draft))
    }

    /// Takes out the calls that lack a key and that the draft would deny, or that cannot be named with the others.
    fn only_carriers(&self, draft: &mut Draft, key: &str) {
        let holds_without = self.tests.iter().any(|((operator, of), values)| {
            of.eq_ignore_ascii_case(key) && holds_when_absent(operator, values)
        });
        if draft.resources.contains("*") && holds_without {
            draft.resources = self.coverage.tagged_resources(key);
            if let ApiActions::These(apis) = &draft.actions {
                draft.resources.retain(|arn| is_of_services(arn, apis));
            }
        }
        match &mut draft.actions {
            ApiActions::AllBut(exempt) => {
                exempt.extend(self.coverage.without_key(&draft.resources, key));
            }
            ApiActions::These(apis) if self.named.is_some() => {
                apis.retain(|api| self.world.carries(api, key));
            }
            // A wildcard does no harm where the condition needs the key, if some call has it.
            ApiActions::These(apis) if !holds_without => {
                apis.retain(|api| self.coverage.may_carry(api, key));
            }
            ApiActions::These(apis)
                if apis.iter().all(|api| !api.ends_with(":*") && api != "*") =>
            {
                *apis = self.coverage.creating(&self.world.tag("Request"));
                apis.retain(|api| self.world.carries(api, key));
            }
            ApiActions::These(_) => {
                let mut exempt = self.coverage.without_key(&draft.resources, key);
                let others = draft.conditions.keys().map(|(_, other)| other);
                let others = others.filter(|one| !self.world.reference.is_always_carried(one));
                for other in others {
                    exempt.extend(self.coverage.without_key(&draft.resources, other));
                }
                exempt.extend(self.accepted_leaks());
                draft.actions = ApiActions::AllBut(exempt);
            }
        }
    }
}

/// Whether an ARN is of a service of which some API actions are.
fn is_of_services(arn: &str, apis: &BTreeSet<String>) -> bool {
    let service = arn.split(':').nth(2);
    apis.iter().any(|api| service_of(api) == service)
}

fn everything() -> BTreeSet<String> {
    BTreeSet::from(["*".to_owned()])
}

/// `NeverProd` of `never-prod`: a statement id has letters and digits only.
pub(crate) fn camel_case(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    });
    words.collect::<Vec<String>>().concat()
}
