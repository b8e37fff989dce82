//! The plain reading: what the documents of a role ought to say to one principal, written without
//! variables from Cedar's answers, the lowering table and the fleet's names.
//!
//! It shares no code with the lowering: each statement is spelt out for one environment by its name, and
//! none is merged, shortened or split. The emitted documents must come to the same.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Environment, Fleet};
use serde_json::{Map, Value, json};

use super::cedar::{Applying, Cedar};
use super::environments::Environments;
use super::principals::Principal;
use super::shape::{Apis, Shapes};
use super::{Role, VerifyError};
use crate::arn::patterns;
use crate::iam::{Document, Statement};
use crate::lower::World;
use crate::reference::{Carries, Reference};
use crate::table::{Call, Channel, Integrity, Kind, Where, holds};

/// What follows where a plain statement applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The call is allowed, unless it is forbidden.
    Granted,
    /// The call is denied, whatever another policy allows.
    Forbidden,
    /// The call may be denied: it shows a forbidden environment in some way, if not in one on which the
    /// documents promise to act.
    Deniable,
}

/// A statement of the plain reading.
pub(super) struct Plain {
    pub(super) part: Part,
    pub(super) apis: Apis,
    /// Resources and conditions; its own actions are left open.
    pub(super) statement: Statement,
    /// The policies that ask for it, by id; none for what no policy has to ask for.
    pub(super) policies: BTreeSet<String>,
}

/// What the plain reading is made from.
pub(super) struct Reader<'r, 'a> {
    pub(super) world: &'r World<'a>,
    pub(super) shapes: &'r Shapes<'a>,
    pub(super) environments: &'r Environments,
    pub(super) cedar: &'r Cedar<'a>,
    pub(super) role: &'r Role,
    pub(super) permitted: &'r Applying,
}

/// A second factor as a condition: required, excluded, or neither.
type SecondFactor = Option<bool>;

impl Reader<'_, '_> {
    /// Every statement for one principal.
    pub(super) fn read(&self, principal: &Principal) -> Result<Vec<Plain>, VerifyError> {
        let mut found = Draft::default();
        if principal.environment().is_some() {
            self.granted(&mut found);
        }
        self.forbidden(&mut found);
        self.integrity(&mut found);
        found.finish()
    }

    // ---- granted ----------------------------------------------------------------------------------

    fn granted(&self, found: &mut Draft) {
        for call in self.calls() {
            for place in self.cedar.places().iter().flatten() {
                if let Some((when, policies)) = self.permits(&call.actions, place) {
                    let apis = self.shapes.these([&call.api]);
                    let resources = self.resources(call, place);
                    let mut conditions = self.conditions(&call.conditions, place);
                    conditions.extend(call.channels.iter().filter_map(|one| self.shows(*one, place)));
                    found.add(Part::Granted, apis, resources, conditions, when, policies);
                }
            }
        }
        let accepted = self.world.fleet.accepted_leaks();
        let rows = self.world.table.blind.iter().filter(|row| {
            self.holds(row.schedule.as_deref()) && accepted.iter().any(|one| one.name() == row.api)
        });
        for row in rows {
            for place in self.cedar.places().iter().flatten() {
                if let Some((when, policies)) = self.permits(&row.actions, place) {
                    let apis = self.shapes.these([&row.api]);
                    found.add(Part::Granted, apis, everything(), Vec::new(), when, policies);
                }
            }
        }
    }

    /// The rows of the role's actions.
    fn calls(&self) -> impl Iterator<Item = &Call> {
        let rows = self.world.table.calls.iter();
        rows.filter(|call| {
            self.holds(call.schedule.as_deref())
                && call.actions.iter().any(|action| self.role.actions.contains(action.as_str()))
        })
    }

    fn holds(&self, schedule: Option<&str>) -> bool {
        holds(schedule, self.world.fleet.schedule().as_str())
    }

    /// With which second factor Cedar permits any of the actions in a place, and by which policies.
    fn permits(
        &self,
        actions: &BTreeSet<String>,
        place: &str,
    ) -> Option<(SecondFactor, BTreeSet<String>)> {
        let permits = |second_factor: bool| {
            let mut of_role = self.role.actions.iter().filter(|action| actions.contains(**action));
            of_role.any(|action| {
                let question = (*action, Some(place.to_owned()), second_factor);
                let roles = self.permitted.get(&question);
                roles.is_some_and(|roles| roles.contains(&self.role.id))
                    && self.cedar.forbidding(&question).is_none()
            })
        };
        let when = when(permits(false), permits(true))?;
        Some((when, BTreeSet::from([self.role.id.clone()])))
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

    fn shows(&self, channel: Channel, place: &str) -> Option<Value> {
        let tag = self.world.fleet.tag_key();
        match channel {
            Channel::ResourceTag => Some(condition("StringEquals", &format!("aws:ResourceTag/{tag}"), [place])),
            Channel::RequestTag => Some(condition("StringEquals", &format!("aws:RequestTag/{tag}"), [place])),
            Channel::Cluster => Some(condition("ArnLike", "ecs:cluster", self.clusters(place))),
            Channel::Name => None,
        }
    }

    fn conditions(&self, rows: &[Where], place: &str) -> Vec<Value> {
        let fleet = self.world.fleet;
        let values = |row: &Where| {
            let own = row.own.as_deref().and_then(|name| self.world.table.kind(name));
            let own = own.into_iter().flat_map(|kind| self.named(kind, place));
            let tag = (row.tag_key || row.tag_keys).then(|| fleet.tag_key().to_owned());
            let tags = row.tag_keys.then_some(fleet.task_tags()).unwrap_or_default();
            let more = tag.into_iter().chain(tags.iter().cloned());
            row.values.iter().cloned().chain(own).chain(more).collect::<Vec<_>>()
        };
        rows.iter().map(|row| condition(&row.operator, &row.key, values(row))).collect()
    }

    fn clusters(&self, spelling: &str) -> Vec<String> {
        let kind = self.world.table.kind("cluster");
        kind.map(|kind| self.named(kind, spelling)).unwrap_or_default()
    }

    fn named(&self, kind: &Kind, spelling: &str) -> Vec<String> {
        let own = own_names(self.world.fleet, kind, spelling);
        own.iter().map(|name| self.arn(&kind.service, name)).collect()
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        arn(self.world.fleet, service, resource)
    }

    // ---- forbidden --------------------------------------------------------------------------------

    /// What guards forbid, in each way in which a call shows its environment.
    fn forbidden(&self, found: &mut Draft) {
        let services = self.services();
        let all: BTreeSet<&str> =
            self.world.table.calls.iter().flat_map(|call| &call.actions).map(String::as_str).collect();
        // Where nothing at all may be done, whole services are closed.
        for closed in self.closed(&all, |actions| actions == all) {
            let wide = |action: &crate::reference::Action| {
                let service = action.name().split(':').next().unwrap_or_default();
                self.role.apis.contains(action.name()) || (services.contains(service) && service != "iam")
            };
            self.by_each_channel(found, &closed, Part::Forbidden, &wide);
            self.by_each_channel(found, &closed, Part::Deniable, &|_| true);
        }
        // Elsewhere, an API action that only forbidden actions of the role take.
        for api in &self.role.apis {
            let taking = self.actions_of(api);
            let forbids = |actions: BTreeSet<&str>| {
                let mut main = self.calls().filter(|call| call.api == *api && !call.supporting);
                actions == taking && main.any(|call| call.actions.iter().any(|a| actions.contains(a.as_str())))
            };
            for closed in self.closed(&taking, forbids) {
                self.by_each_channel(found, &closed, Part::Forbidden, &|action| action.name() == api);
            }
            for closed in self.closed(&taking, |actions| !actions.is_empty()) {
                self.by_each_channel(found, &closed, Part::Deniable, &|action| action.name() == api);
            }
        }
    }

    /// The services that the role's calls are in.
    fn services(&self) -> BTreeSet<&str> {
        self.role.apis.iter().filter_map(|api| Some(api.split_once(':')?.0)).collect()
    }

    /// The role's actions that take an API action.
    fn actions_of(&self, api: &str) -> BTreeSet<&str> {
        let rows = self.calls().filter(|call| call.api == api).flat_map(|call| &call.actions);
        rows.map(String::as_str).filter(|action| self.role.actions.contains(action)).collect()
    }

    /// The environments in which the forbidden ones of these actions are as asked for, by second factor.
    fn closed(
        &self,
        actions: &BTreeSet<&str>,
        is_closed: impl Fn(BTreeSet<&str>) -> bool,
    ) -> Vec<Closed> {
        let mut by_factor: BTreeMap<(BTreeSet<String>, bool), Vec<bool>> = BTreeMap::new();
        let mut policies = BTreeSet::new();
        for second_factor in [false, true] {
            let mut forbids = |place: &str| {
                let forbidding = actions.iter().filter_map(|action| {
                    let action = self.world_action(action)?;
                    let guards = self.cedar.forbidding(&(action, Some(place.to_owned()), second_factor))?;
                    Some((action, guards))
                });
                let forbidding: Vec<_> = forbidding.collect();
                let closed = is_closed(forbidding.iter().map(|(action, _)| *action).collect());
                if closed {
                    policies.extend(forbidding.into_iter().flat_map(|(_, guards)| guards.clone()));
                }
                closed
            };
            let known = self.world.fleet.environments().iter();
            let known: BTreeSet<String> = known
                .filter(|environment| forbids(self.environments.representative(environment)))
                .map(|environment| environment.name().to_owned())
                .collect();
            let unknown = forbids(self.environments.unknown());
            by_factor.entry((known, unknown)).or_default().push(second_factor);
        }
        let closed = by_factor.into_iter().filter_map(|((known, unknown), factors)| {
            let when = when(factors.contains(&false), factors.contains(&true))?;
            let nothing = known.is_empty() && !unknown;
            (!nothing).then(|| Closed { known, unknown, when, policies: policies.clone() })
        });
        closed.collect()
    }

    fn world_action(&self, name: &str) -> Option<&'static str> {
        Some(fortem_core::Vocabulary::builtin().action(name)?.name())
    }

    fn by_each_channel(
        &self,
        found: &mut Draft,
        closed: &Closed,
        part: Part,
        covers: &dyn Fn(&crate::reference::Action) -> bool,
    ) {
        let tag = |of: &str| format!("aws:{of}Tag/{}", self.world.fleet.tag_key());
        let fleet = self.world.fleet;
        let mut add = |apis: Apis, resources: BTreeSet<String>, conditions: Vec<Value>| {
            found.add(part, apis, resources, conditions, closed.when, closed.policies.clone());
        };
        let every = || self.shapes.which(covers);
        let promised = part == Part::Forbidden;
        if let Some(condition) = closed.condition(fleet, &tag("Principal")) {
            add(every(), everything(), condition);
        }
        if let Some(condition) = closed.condition(fleet, &tag("Resource")) {
            if promised {
                let (apis, resources) = self.tagged(covers, &tag("Resource"));
                add(apis, resources, condition);
            } else {
                add(every(), everything(), condition);
            }
        }
        if let Some(condition) = closed.condition(fleet, &tag("Request")) {
            let apis = if promised { self.creating(covers, &tag("Request")) } else { every() };
            add(apis, everything(), condition);
        }
        let spellings = closed.spellings(fleet);
        let clusters: BTreeSet<String> =
            spellings.iter().flat_map(|spelling| self.clusters(spelling)).collect();
        if !clusters.is_empty() && (!promised || self.goes_by(Channel::Cluster, covers)) {
            add(every(), everything(), vec![condition("ArnLike", "ecs:cluster", clusters)]);
        }
        let kinds = self.world.table.kinds.iter().filter(|kind| {
            !promised || (self.services().contains(kind.service.as_str()) && self.is_out_of_clusters(kind))
        });
        let names: BTreeSet<String> = kinds
            .filter(|kind| self.holds(kind.schedule.as_deref()))
            .flat_map(|kind| spellings.iter().flat_map(|spelling| self.named(kind, spelling)))
            .collect();
        if !names.is_empty() {
            add(every(), names, Vec::new());
        }
    }

    /// Whether a row of the role that the guard is about goes by the channel.
    fn goes_by(&self, channel: Channel, covers: &dyn Fn(&crate::reference::Action) -> bool) -> bool {
        self.calls().any(|call| {
            let action = self.world.reference.action(&call.api);
            call.channels.contains(&channel) && action.is_some_and(covers)
        })
    }

    /// API actions that show the tag on every kind of resource they touch, and those kinds.
    fn tagged(
        &self,
        covers: &dyn Fn(&crate::reference::Action) -> bool,
        key: &str,
    ) -> (Apis, BTreeSet<String>) {
        let services: BTreeSet<&str> = self
            .calls()
            .filter(|call| call.channels.contains(&Channel::ResourceTag))
            .filter_map(|call| Some(call.api.split_once(':')?.0))
            .collect();
        let reference = self.world.reference;
        let kinds: Vec<&Kind> = self
            .world
            .table
            .kinds
            .iter()
            .filter(|kind| services.contains(kind.service.as_str()) && kind.service != "iam")
            .filter(|kind| self.holds(kind.schedule.as_deref()))
            .collect();
        let types: BTreeSet<(&str, &str)> = kinds
            .iter()
            .flat_map(|kind| kind.types.iter().map(|of| (kind.service.as_str(), of.as_str())))
            .collect();
        let apis = self.shapes.which(|action| {
            let service = action.name().split(':').next().unwrap_or_default();
            let mut of_kinds = action
                .resource_types()
                .iter()
                .filter(|kind| types.contains(&(service, kind.name())))
                .peekable();
            covers(action)
                && of_kinds.peek().is_some()
                && of_kinds.all(|kind| shows(reference, action.name(), kind.name(), key))
        });
        let resources = kinds.iter().map(|kind| self.arn(&kind.service, &kind.any));
        (apis, resources.collect())
    }

    /// API actions that make something of the role's services and take its tags.
    fn creating(&self, covers: &dyn Fn(&crate::reference::Action) -> bool, key: &str) -> Apis {
        let services: BTreeSet<&str> = self
            .calls()
            .filter(|call| call.channels.contains(&Channel::RequestTag))
            .filter_map(|call| Some(call.api.split_once(':')?.0))
            .collect();
        let kinds: Vec<&Kind> = self
            .world
            .table
            .kinds
            .iter()
            .filter(|kind| services.contains(kind.service.as_str()))
            .collect();
        let reference = self.world.reference;
        self.shapes.which(|action| {
            let service = action.name().split(':').next().unwrap_or_default();
            let of_kind = |name: &str| {
                kinds.iter().any(|kind| kind.service == service && kind.types.iter().any(|of| of == name))
            };
            covers(action)
                && !action.name().contains("Tag")
                && action.resource_types().iter().any(|kind| {
                    of_kind(kind.name()) && shows(reference, action.name(), kind.name(), key)
                })
        })
    }

    /// Whether `ecs:cluster` does not speak for all that the role is granted on a kind.
    fn is_out_of_clusters(&self, kind: &Kind) -> bool {
        let rows: Vec<&Call> =
            self.calls().filter(|call| call.kinds.contains(&kind.name) && !call.supporting).collect();
        let reference = self.world.reference;
        let carried = |call: &&Call| {
            kind.types.iter().all(|of| shows(reference, &call.api, of, "ecs:cluster"))
        };
        rows.is_empty() || !rows.iter().all(carried)
    }

    // ---- integrity --------------------------------------------------------------------------------

    /// What no policy has to ask for.
    fn integrity(&self, found: &mut Draft) {
        let rows = self.world.table.integrity.iter();
        for row in rows.filter(|row| self.holds(row.schedule.as_deref())) {
            let (apis, resources, conditions) = self.row(row);
            found.add(Part::Forbidden, apis, resources, conditions, None, BTreeSet::new());
        }
        // An empty tag of a person is no environment.
        let empty = condition("StringEquals", &format!("aws:PrincipalTag/{}", self.world.fleet.tag_key()), [""]);
        let granted = self.shapes.these(&self.role.apis);
        found.add(Part::Forbidden, granted, everything(), vec![empty.clone()], None, BTreeSet::new());
        let every = self.shapes.which(|_| true);
        found.add(Part::Deniable, every, everything(), vec![empty], None, BTreeSet::new());
    }

    fn row(&self, row: &Integrity) -> (Apis, BTreeSet<String>, Vec<Value>) {
        let reference = self.world.reference;
        let names = row.apis.iter().flat_map(|pattern| reference.matching(pattern));
        let apis = self.shapes.these(names.map(crate::reference::Action::name));
        let kind = row.kind.as_deref().and_then(|kind| self.world.table.kind(kind));
        let resources = kind.map_or_else(everything, |kind| [self.arn(&kind.service, &kind.any)].into());
        (apis, resources, self.conditions(&row.conditions, ""))
    }
}

/// Environments in which something is forbidden.
struct Closed {
    known: BTreeSet<String>,
    /// Whether one that the fleet does not know is among them, and a resource of none.
    unknown: bool,
    when: SecondFactor,
    policies: BTreeSet<String>,
}

impl Closed {
    /// The condition that a tag names one of them; nothing when no tag does.
    fn condition(&self, fleet: &Fleet, key: &str) -> Option<Vec<Value>> {
        let open = || fleet.environments().iter().filter(|one| !self.known.contains(one.name()));
        if self.unknown {
            let open: Vec<&str> = open().map(Environment::name).collect();
            let any = open.is_empty();
            return Some(if any { Vec::new() } else { vec![condition("StringNotEquals", key, open)] });
        }
        let spellings = self.spellings(fleet);
        (!spellings.is_empty()).then(|| vec![condition("StringEqualsIgnoreCase", key, spellings)])
    }

    /// Names and aliases of those that the fleet knows.
    fn spellings(&self, fleet: &Fleet) -> Vec<String> {
        let closed = fleet.environments().iter().filter(|one| self.known.contains(one.name()));
        closed.flat_map(Environment::spellings).map(str::to_owned).collect()
    }
}

/// The condition under which something holds that depends on the second factor; nothing when it never
/// holds.
fn when(without: bool, with: bool) -> Option<SecondFactor> {
    match (without, with) {
        (false, false) => None,
        (true, true) => Some(None),
        (_, required) => Some(Some(required)),
    }
}

fn condition(
    operator: &str,
    key: &str,
    values: impl IntoIterator<Item = impl Into<String>>,
) -> Value {
    let values: Vec<String> = values.into_iter().map(Into::into).collect();
    json!([operator, key, values])
}

fn everything() -> BTreeSet<String> {
    BTreeSet::from(["*".to_owned()])
}

fn shows(reference: &Reference, api: &str, kind: &str, key: &str) -> bool {
    reference.carries(api, Some(kind), key) == Carries::Yes
}

/// The name of an environment, and the ARNs of all kinds that its names reach.
pub(super) fn names_of(fleet: &Fleet, table: &crate::table::Table, spelling: &str) -> Vec<String> {
    let arns = table.kinds.iter().flat_map(|kind| {
        let names = own_names(fleet, kind, spelling);
        names.into_iter().map(|name| arn(fleet, &kind.service, &name)).collect::<Vec<_>>()
    });
    arns.chain([spelling.to_owned()]).collect()
}

/// The resource parts of a kind's ARNs that an environment's names reach.
fn own_names(fleet: &Fleet, kind: &Kind, spelling: &str) -> Vec<String> {
    let mut names = Vec::new();
    for template in &kind.own {
        let (before, rest) = template.split_once('{').unwrap_or((template, ""));
        let Some((placeholder, after)) = rest.split_once('}') else {
            names.push(template.clone());
            continue;
        };
        for pattern in patterns(fleet.names(), placeholder) {
            let name = pattern.with(spelling);
            // The ARN of a log group goes on after its name.
            let open = placeholder == "log-group" && !name.ends_with('*');
            names.push(format!("{before}{name}{}{after}", if open { ":*" } else { "" }));
        }
    }
    names
}

fn arn(fleet: &Fleet, service: &str, resource: &str) -> String {
    let region = if service == "iam" { "" } else { "*" };
    format!("arn:{}:{service}:{region}:*:{resource}", fleet.partition().as_str())
}

/// Statements as JSON, to be read as any document is.
#[derive(Default)]
struct Draft {
    statements: Vec<Value>,
    about: Vec<(Part, Apis, BTreeSet<String>)>,
}

impl Draft {
    fn add(
        &mut self,
        part: Part,
        apis: Apis,
        resources: BTreeSet<String>,
        conditions: Vec<Value>,
        when: SecondFactor,
        policies: BTreeSet<String>,
    ) {
        let mut block = Map::new();
        let second_factor = when.map(|required| {
            let operator = if required { "Bool" } else { "BoolIfExists" };
            condition(operator, "aws:MultiFactorAuthPresent", [required.to_string()])
        });
        for one in conditions.into_iter().chain(second_factor) {
            if let Value::Array(one) = one
                && let [Value::String(operator), Value::String(key), values] = one.as_slice()
            {
                let keys = block.entry(operator.clone()).or_insert_with(|| json!({}));
                if let Some(keys) = keys.as_object_mut() {
                    keys.insert(key.clone(), values.clone());
                }
            }
        }
        self.statements.push(json!({
            "Effect": if part == Part::Granted { "Allow" } else { "Deny" },
            "Action": "*",
            "Resource": resources,
            "Condition": block,
        }));
        self.about.push((part, apis, policies));
    }

    fn finish(self) -> Result<Vec<Plain>, VerifyError> {
        let document = json!({"Version": "2012-10-17", "Statement": self.statements}).to_string();
        let document = Document::parse(&document).map_err(VerifyError::Plain)?;
        let read = document.statements().iter().zip(self.about);
        let plain = read.map(|(statement, (part, apis, policies))| Plain {
            part,
            apis,
            statement: statement.clone(),
            policies,
        });
        Ok(plain.collect())
    }
}
