//! What is forbidden, by guards and by what no policy has to ask for.
//!
//! Where guards forbid every action, the services of the role are closed as a whole; elsewhere each API
//! action that only forbidden actions of the role take. A call is forbidden if it shows such an
//! environment in any way: by the principal's tag, which every grant is bound to, by the tag of the
//! resource or of what it creates, by the cluster or by the resource's name. By cluster and name only
//! the environments that the fleet knows can be told.
//!
//! The documents promise to deny ([`Part::Forbidden`]) what shows it in one of those ways where AWS is known
//! to fill the key in for every type of resource that the API action takes; more than that they may
//! deny ([`Part::Deniable`]).

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Environment, Fleet};

use super::{
    About, Bound, Condition, Draft, Pairs, Part, Plain, Reader, condition, everything, service_of,
    shows,
};
use crate::domain::Calls;
use crate::reference::Action;
use crate::table::{Call, Channel, Integrity, Kind};
use crate::verify::VerifyError;
use crate::verify::cedar::{Forbidden, Target};

/// Which API actions are meant.
type Covers<'c> = &'c dyn Fn(&Action) -> bool;

impl Reader<'_, '_> {
    /// The statements that forbid, to whatever principal.
    pub(in crate::verify) fn forbidden(&self) -> Result<Vec<Plain>, VerifyError> {
        let mut found = Draft::default();
        let wholly = self.closed_services(&mut found);
        for api in &self.role.apis {
            self.closed_action(&mut found, api, &wholly);
        }
        let rows = self.world.table.integrity.iter();
        rows.filter(|row| self.holds(row.schedule.as_deref()))
            .for_each(|row| self.integrity(&mut found, row));
        if self.bound == Bound::ByTag {
            self.empty_tag(&mut found);
        }
        found.finish()
    }

    /// Environments in which nothing at all may be done.
    fn closed_services(&self, found: &mut Draft) -> Vec<Places> {
        let services: BTreeSet<&str> = self.role.apis.iter().map(|api| service_of(api)).collect();
        let wide = |action: &Action| {
            let service = service_of(action.name());
            self.role.apis.contains(action.name())
                || (services.contains(service) && service != "iam")
        };
        let nothing_open = |forbidden: usize| forbidden == self.targets.len();
        let mut wholly = Vec::new();
        let closed = |forbidden, tags| self.closed(forbidden, self.targets, tags, nothing_open);
        let seeing = self.seeing(&self.answers.forbidden);
        for tags in [Tags::Aside, Tags::Too] {
            if let Some(closed) = closed(&seeing, tags) {
                self.promise(found, &closed, &wide, tags);
                wholly.push(closed.places);
            }
        }
        if let Some(closed) = closed(&self.answers.may_be_forbidden, Tags::Too) {
            self.leave_room(found, &closed, &|_| true);
        }
        wholly
    }

    /// Environments in which one guard forbids every action of the role that takes an API action, one of them
    /// not only as a supporting call; but for those that are closed `wholly`.
    fn closed_action(&self, found: &mut Draft, api: &str, wholly: &[Places]) {
        let rows = || self.calls().filter(|call| call.api == api);
        let taking: Pairs = rows().flat_map(|call| self.about(call).0).collect();
        let main: Pairs =
            rows().filter(|call| !call.supporting).flat_map(|call| self.about(call).0).collect();
        let this = |action: &Action| action.name() == api;
        let is_more = |closed: &Closed| !wholly.contains(&closed.places);
        if main.is_empty() {
            let some =
                self.closed(&self.answers.may_be_forbidden, &taking, Tags::Too, |count| count > 0);
            if let Some(closed) = some.filter(is_more) {
                self.leave_room(found, &closed, &this);
            }
            return;
        }
        for tags in [Tags::Aside, Tags::Too] {
            for forbidden in each_guard(&self.seeing(&self.answers.forbidden)) {
                let all = |count| count == taking.len();
                let all = self.closed(&forbidden, &taking, tags, all);
                if let Some(closed) = all.filter(is_more) {
                    self.promise(found, &closed, &this, tags);
                }
            }
        }
        let some =
            self.closed(&self.answers.may_be_forbidden, &taking, Tags::Too, |count| count > 0);
        if let Some(closed) = some.filter(is_more) {
            self.leave_room(found, &closed, &this);
        }
    }

    /// What guards forbid that see all they ask about.
    fn seeing(&self, forbidden: &Forbidden) -> Forbidden {
        let seeing = forbidden.iter().map(|(target, guards)| {
            let seeing: BTreeSet<String> = guards - self.blind_guards;
            (target.clone(), seeing)
        });
        seeing.filter(|(_, guards)| !guards.is_empty()).collect()
    }

    /// The environments in which so many of some actions are forbidden as is asked for; nothing if there are none.
    fn closed(
        &self,
        forbidden: &Forbidden,
        pairs: &Pairs,
        tags: Tags,
        is_closed: impl Fn(usize) -> bool,
    ) -> Option<Closed> {
        let mut policies = BTreeSet::new();
        let mut forbids = |place: &str| {
            let guards = pairs.iter().filter_map(|(action, kind)| {
                let place = Some(place.to_owned());
                let target = Target { action: action.clone(), kind: kind.clone(), place };
                let guards = forbidden.get(&target)?;
                let counts = tags == Tags::Too || !guards.is_subset(self.tag_guards);
                counts.then_some(guards)
            });
            let guards: Vec<_> = guards.collect();
            let closed = is_closed(guards.len());
            policies.extend(guards.into_iter().flatten().filter(|_| closed).cloned());
            closed
        };
        let known = self.world.fleet.environments().iter();
        let known = known.filter(|one| forbids(self.environments.representative(one)));
        let known = known.map(|one| one.name().to_owned()).collect();
        let places = Places { known, unknown: forbids(self.environments.unknown()) };
        (!places.is_empty()).then_some(Closed { places, policies })
    }

    /// What the documents promise to deny.
    fn promise(&self, found: &mut Draft, closed: &Closed, covers: Covers, tags: Tags) {
        let every = || match tags {
            Tags::Too => self.tagged(covers),
            Tags::Aside => (self.shapes.which(covers), everything()),
        };
        let mut add = |(calls, resources): (Calls, BTreeSet<String>), conditions| {
            found.add(closed.about(Part::Forbidden, calls, resources), conditions);
        };
        if let Some(condition) = self.by_tag(closed, "Principal") {
            add(every(), condition);
        }
        if let Some(condition) = self.by_tag(closed, "Resource") {
            add(self.tagged(covers), condition);
        }
        if let Some(condition) = self.by_tag(closed, "Request") {
            add((self.creating(covers), everything()), condition);
        }
        if let Some(condition) = self.by_cluster(closed).filter(|_| self.goes_by_cluster(covers)) {
            add(every(), vec![condition]);
        }
        let services: BTreeSet<&str> = self.role.apis.iter().map(|api| service_of(api)).collect();
        let touched = |kind: &Kind| services.contains(kind.service.as_str());
        let names = self.by_name(closed, |kind| touched(kind) && self.is_out_of_clusters(kind));
        if !names.is_empty() {
            add((every().0, names), Vec::new());
        }
    }

    /// What the documents may deny.
    fn leave_room(&self, found: &mut Draft, closed: &Closed, covers: Covers) {
        let every = || self.shapes.which(covers);
        let mut add = |calls, resources, conditions| {
            found.add(closed.about(Part::Deniable, calls, resources), conditions);
        };
        if let Some(condition) = self.by_tag(closed, "Principal") {
            add(every(), everything(), condition);
        }
        for of in ["Resource", "Request"] {
            let key = self.tag(of);
            if let Some(condition) = self.by_tag(closed, of) {
                let shown = [condition.clone(), vec![self::condition("Null", &key, ["false"])]];
                add(every(), everything(), shown.concat());
                // Without the tag, only a call that ought to have it shows an unknown environment.
                add(self.shapes.showing(&key, covers), everything(), condition);
            }
        }
        if let Some(condition) = self.by_cluster(closed) {
            add(every(), everything(), vec![condition]);
        }
        let names = self.by_name(closed, |_| true);
        if !names.is_empty() {
            add(every(), names, Vec::new());
        }
    }

    /// The condition that a tag names a closed environment; nothing when no tag does.
    fn by_tag(&self, closed: &Closed, of: &str) -> Option<Vec<Condition>> {
        let (fleet, key) = (self.world.fleet, self.tag(of));
        if of == "Principal" && self.bound != Bound::ByTag {
            return self.is_bound_within(closed).then(Vec::new);
        }
        if closed.places.unknown {
            let open = closed.places.open(fleet);
            // A resource may go by an alias; whoever is given an environment is given its name.
            let open: Vec<&str> = match of {
                "Principal" => open.map(Environment::name).collect(),
                _ => open.flat_map(Environment::spellings).collect(),
            };
            // Where none is open there is nothing to ask.
            let asked = (!open.is_empty()).then(|| condition("StringNotEquals", &key, open));
            return Some(asked.into_iter().collect());
        }
        let spellings = closed.places.spellings(fleet);
        (!spellings.is_empty()).then(|| vec![condition("StringEqualsIgnoreCase", &key, spellings)])
    }

    /// Whether whoever has the documents is in a closed environment, without its being asked.
    fn is_bound_within(&self, closed: &Closed) -> bool {
        let everywhere =
            closed.places.unknown && closed.places.open(self.world.fleet).next().is_none();
        let own = match self.bound {
            Bound::To(environment) => closed.places.known.contains(environment),
            _ => false,
        };
        own || everywhere
    }

    fn by_cluster(&self, closed: &Closed) -> Option<Condition> {
        let spellings = closed.places.spellings(self.world.fleet);
        let clusters: Vec<String> = spellings.iter().flat_map(|one| self.clusters(one)).collect();
        (!clusters.is_empty()).then(|| condition("ArnLike", "ecs:cluster", clusters))
    }

    fn by_name(&self, closed: &Closed, of_kind: impl Fn(&Kind) -> bool) -> BTreeSet<String> {
        let spellings = closed.places.spellings(self.world.fleet);
        let kinds = self.kinds().filter(|kind| of_kind(kind));
        let named = kinds.flat_map(|kind| spellings.iter().flat_map(|one| self.named(kind, one)));
        named.collect()
    }

    fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.world.table.kinds.iter().filter(|kind| self.holds(kind.schedule.as_deref()))
    }

    /// Whether a row of the role that is meant goes by the cluster.
    fn goes_by_cluster(&self, covers: Covers) -> bool {
        self.calls()
            .filter(|call| call.channels.contains(&Channel::Cluster))
            .any(|call| self.world.reference.action(&call.api).is_some_and(covers))
    }

    /// The kinds of the services in which the role goes by a channel; people look at roles of IAM, and
    /// IAM's own guards are elsewhere.
    fn kinds_with(&self, channel: Channel) -> Vec<&Kind> {
        let rows = self.calls().filter(|call| call.channels.contains(&channel));
        let services: BTreeSet<&str> = rows.map(|call| service_of(&call.api)).collect();
        let wide = |kind: &&Kind| kind.service != "iam" && services.contains(kind.service.as_str());
        self.kinds().filter(wide).collect()
    }

    /// API actions that show the tag on every one of these kinds that they take, and the kinds.
    fn tagged(&self, covers: Covers) -> (Calls, BTreeSet<String>) {
        let (kinds, key) = (self.kinds_with(Channel::ResourceTag), self.tag("Resource"));
        let calls = self.shapes.which(|action| {
            let mut types = types_of(action, &kinds).peekable();
            let shows = |of: &str| shows(self.world.reference, action.name(), of, &key);
            covers(action) && types.peek().is_some() && types.all(shows)
        });
        let resources = kinds.iter().map(|kind| self.arn(&kind.service, &kind.any)).collect();
        (calls, resources)
    }

    /// API actions that make one of the kinds and take its tags.
    fn creating(&self, covers: Covers) -> Calls {
        let (kinds, key) = (self.kinds_with(Channel::RequestTag), self.tag("Request"));
        self.shapes.which(|action| {
            let shows = |of: &str| shows(self.world.reference, action.name(), of, &key);
            covers(action) && !action.name().contains("Tag") && types_of(action, &kinds).any(shows)
        })
    }

    /// Whether `ecs:cluster` does not speak for all that the role is granted on a kind.
    fn is_out_of_clusters(&self, kind: &Kind) -> bool {
        let rows = self.calls().filter(|call| call.kinds.contains(&kind.name) && !call.supporting);
        let rows: Vec<&Call> = rows.collect();
        let shows = |api: &str, of: &String| shows(self.world.reference, api, of, "ecs:cluster");
        rows.is_empty() || !rows.iter().all(|call| kind.types.iter().all(|of| shows(&call.api, of)))
    }

    fn integrity(&self, found: &mut Draft, row: &Integrity) {
        let reference = self.world.reference;
        let names = row.apis.iter().flat_map(|pattern| reference.matching(pattern));
        let calls = self.shapes.these(names.map(Action::name));
        let kind = row.kind.as_deref().and_then(|kind| self.world.table.kind(kind));
        let resources =
            kind.map_or_else(everything, |one| [self.arn(&one.service, &one.any)].into());
        let about = About { part: Part::Forbidden, calls, resources, policies: BTreeSet::new() };
        found.add(about, self.conditions(&row.conditions, ""));
    }

    /// An empty tag of a person is no environment. Supporting calls are not granted where guards forbid all
    /// that they are for, and then nothing is promised of them.
    fn empty_tag(&self, found: &mut Draft) {
        let main = self.calls().filter(|call| !call.supporting).map(|call| &call.api);
        let granted = self.shapes.these(main);
        for (part, calls) in
            [(Part::Forbidden, granted), (Part::Deniable, self.shapes.which(|_| true))]
        {
            let (resources, policies) = (everything(), BTreeSet::new());
            let about = About { part, calls, resources, policies };
            found.add(about, vec![condition("StringEquals", &self.tag("Principal"), [""])]);
        }
    }
}

/// The resource types of an API action that are of one of the kinds.
fn types_of<'t>(action: &'t Action, kinds: &'t [&Kind]) -> impl Iterator<Item = &'t str> {
    let service = service_of(action.name());
    let types = action.resource_types().iter().map(crate::reference::ResourceType::name);
    types.filter(move |name| {
        let mut own = kinds.iter().filter(|kind| kind.service == service);
        own.any(|kind| kind.types.iter().any(|of| of == name))
    })
}

/// What each guard forbids alone.
fn each_guard(forbidden: &Forbidden) -> Vec<Forbidden> {
    let mut each: BTreeMap<&String, Forbidden> = BTreeMap::new();
    for (target, guards) in forbidden {
        for guard in guards {
            let own = each.entry(guard).or_default();
            own.insert(target.clone(), BTreeSet::from([guard.clone()]));
        }
    }
    each.into_values().collect()
}

/// Whether guards count that ask about tags of the resource: those promise less, of the kinds alone that are known to
/// have tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tags {
    Aside,
    Too,
}

/// Environments in which something is forbidden, and by which guards.
struct Closed {
    places: Places,
    policies: BTreeSet<String>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Places {
    known: BTreeSet<String>,
    /// Whether an environment that the fleet does not know is among them, and a resource of none.
    unknown: bool,
}

impl Closed {
    fn about(&self, part: Part, calls: Calls, resources: BTreeSet<String>) -> About {
        About { part, calls, resources, policies: self.policies.clone() }
    }
}

impl Places {
    fn is_empty(&self) -> bool {
        self.known.is_empty() && !self.unknown
    }

    fn open<'f>(&'f self, fleet: &'f Fleet) -> impl Iterator<Item = &'f Environment> {
        fleet.environments().iter().filter(|one| !self.known.contains(one.name()))
    }

    /// Names and aliases of those that the fleet knows.
    fn spellings(&self, fleet: &Fleet) -> Vec<String> {
        let closed = fleet.environments().iter().filter(|one| self.known.contains(one.name()));
        closed.flat_map(Environment::spellings).map(str::to_owned).collect()
    }
}
