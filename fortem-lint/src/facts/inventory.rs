//! What runs in a Region: who uses what, and which environment each belongs to.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::{Json, JsonValue};

use super::Facts;
use crate::environments::Environment;
use crate::snapshot::{
    Cluster, Inventory, Item, Listed, Resources, Service, Strategy, Summary, Tags, Task,
    TaskDefinition, Unread,
};
use crate::source::Place;

/// One Region, with its resources by what refers to them.
#[derive(Debug)]
pub struct Region<'u> {
    /// What was read.
    pub inventory: &'u Inventory,
    /// Whether an absent list is a gap.
    pub is_whole: bool,
    // Lists of which only a part was read.
    short: BTreeSet<&'u str>,
    // Lists with elements whose tags were not read.
    without_tags: Vec<&'static str>,
    // Whether some call failed, whatever it would have told.
    has_failed_calls: bool,
    clusters: BTreeMap<&'u str, &'u Item<Cluster>>,
    definitions: BTreeMap<&'u str, &'u Item<TaskDefinition>>,
    services: BTreeMap<(&'u str, &'u str), &'u Item<Service>>,
    in_cluster: BTreeMap<&'u str, Vec<&'u Item<Service>>>,
    uses: BTreeMap<&'u str, Vec<Use<'u>>>,
    // The newest revision of each family that is not retired.
    newest: BTreeMap<&'u str, Option<u64>>,
}

/// Something that runs a task definition.
#[derive(Debug, Clone, Copy)]
pub enum Use<'u> {
    /// A service.
    Service(&'u Item<Service>),
    /// A task that no service started.
    Task(&'u Item<Task>),
    /// An EventBridge rule or a schedule, by its ARN.
    Other(&'u str),
}

/// The lists of a Region whose elements have no tags.
const NEVER_TAGGED: [&str; 2] = ["accountSettings", "schedules"];

/// The lists with elements whose tags were not read. Those of repositories and trails nobody asks for.
fn without_tags(all: &Inventory) -> Vec<&'static str> {
    let lists = [
        lacks_tags(all.clusters.as_deref()),
        lacks_tags(all.services.as_deref()),
        lacks_tags(all.tasks.as_deref()),
        lacks_tags(all.task_definitions.as_deref()),
        lacks_tags(all.container_instances.as_deref()),
        lacks_tags(all.capacity_providers.as_deref()),
        lacks_tags(all.log_groups.as_deref()),
        lacks_tags(all.replication_groups.as_deref()),
        lacks_tags(all.cache_clusters.as_deref()),
        lacks_tags(all.serverless_caches.as_deref()),
        lacks_tags(all.cache_users.as_deref()),
        lacks_tags(all.cache_user_groups.as_deref()),
        lacks_tags(all.event_rules.as_deref()),
        lacks_tags(all.schedule_groups.as_deref()),
        lacks_tags(all.scalable_targets.as_deref()),
        lacks_tags(all.secrets.as_deref()),
        lacks_tags(all.parameters.as_deref()),
    ];
    lists.into_iter().flatten().collect()
}

/// The name of a list, if it has an element whose tags were not read.
fn lacks_tags<T: Listed>(list: Option<&[Item<T>]>) -> Option<&'static str> {
    let mut items = list.into_iter().flatten();
    items.any(|one| one.tags().is_none()).then_some(T::LIST)
}

impl<'u> Region<'u> {
    /// Each Region of an account.
    pub(super) fn all(resources: &'u Resources, unread: &'u [Item<Unread>]) -> Vec<Self> {
        let regions = resources.regions.iter().map(|inventory| {
            let mut region = Self::of(inventory, resources.is_whole);
            let here = unread.iter().filter(|one| Some(&one.region) == inventory.region.as_ref());
            region.has_failed_calls = here.clone().next().is_some();
            region.short = here.flat_map(|one| &one.lists).map(String::as_str).collect();
            region
        });
        regions.collect()
    }

    /// Whether only a part of a list was read.
    #[must_use]
    pub fn is_short_of(&self, list: &str) -> bool {
        self.short.contains(list)
    }

    /// Whether a list was not read, or only a part of it. A lone file lacks nothing.
    #[must_use]
    pub fn lacks<T: Listed>(&self, list: &Option<Vec<Item<T>>>) -> bool {
        self.is_whole && (list.is_none() || self.is_short_of(T::LIST))
    }

    /// The lists of tagged resources that were not read, and whether some of each was.
    pub fn unread_lists(&self) -> impl Iterator<Item = (&'u str, bool)> {
        let mut absent = if self.is_whole { self.inventory.absent() } else { Vec::new() };
        absent.retain(|list| !NEVER_TAGGED.contains(list));
        let mut short = self.short.clone();
        short.retain(|list| !NEVER_TAGGED.contains(list) && !absent.contains(list));
        let absent = absent.into_iter().map(|list| (list, false));
        absent.chain(short.into_iter().map(|list| (list, true)))
    }

    /// The lists with resources whose tags were not read.
    #[must_use]
    pub fn lists_without_tags(&self) -> &[&'static str] {
        &self.without_tags
    }

    /// Whether it may have resources, or these may have tags, that were not read.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        self.has_failed_calls
            || !self.without_tags.is_empty()
            || self.unread_lists().next().is_some()
    }

    fn of(inventory: &'u Inventory, is_whole: bool) -> Self {
        let clusters = inventory.clusters.iter().flatten();
        let definitions = inventory.task_definitions.iter().flatten();
        let mut region = Self {
            inventory,
            is_whole,
            short: BTreeSet::new(),
            without_tags: if is_whole { without_tags(inventory) } else { Vec::new() },
            has_failed_calls: false,
            clusters: clusters.map(|one| (one.cluster_arn.as_str(), one)).collect(),
            definitions: definitions.map(|one| (one.arn(), one)).collect(),
            services: BTreeMap::new(),
            in_cluster: BTreeMap::new(),
            uses: BTreeMap::new(),
            newest: BTreeMap::new(),
        };
        for one in inventory.task_definitions.iter().flatten() {
            if one.status.as_deref() != Some("INACTIVE") {
                let newest = region.newest.entry(&one.family).or_default();
                *newest = one.revision.max(*newest);
            }
        }
        for service in inventory.services.iter().flatten().filter(|one| one.is_active()) {
            let cluster = service.cluster_arn.as_str();
            region.services.insert((cluster, &service.service_name), service);
            region.in_cluster.entry(cluster).or_default().push(service);
            for definition in service.definitions() {
                region.note(definition, Use::Service(service));
            }
        }
        for task in inventory.tasks.iter().flatten().filter(|one| one.is_standalone()) {
            region.note(&task.task_definition_arn, Use::Task(task));
        }
        let rules = inventory.event_rules.iter().flatten();
        let targets = rules.flat_map(|rule| rule.targets.iter().map(|target| (rule.arn(), target)));
        let schedules = inventory.schedules.iter().flatten();
        let of_schedules = schedules.filter_map(|one| Some((one.arn(), one.target.as_ref()?)));
        for (arn, target) in targets.chain(of_schedules) {
            if let Some(ecs) = &target.ecs_parameters {
                region.note(&ecs.task_definition_arn, Use::Other(arn));
            }
        }
        region
    }

    fn note(&mut self, definition: &'u str, by: Use<'u>) {
        self.uses.entry(definition).or_default().push(by);
    }

    /// What runs a task definition, services first.
    #[must_use]
    pub fn uses(&self, definition: &str) -> &[Use<'u>] {
        self.uses.get(definition).map_or(&[], Vec::as_slice)
    }

    /// The cluster of an ARN, if it was read.
    #[must_use]
    pub fn cluster(&self, arn: &str) -> Option<&'u Item<Cluster>> {
        self.clusters.get(arn).copied()
    }

    /// The task definition of an ARN, if it was read.
    #[must_use]
    pub fn definition(&self, arn: &str) -> Option<&'u Item<TaskDefinition>> {
        self.definitions.get(arn).copied()
    }

    /// Where it is, for sentences: `eu-west-1 of account 111122223333`.
    #[must_use]
    pub fn label(&self) -> String {
        let region = self.inventory.region.as_deref().unwrap_or("an unknown Region");
        match &self.inventory.account {
            Some(account) => format!("{region} of account {account}"),
            None => region.to_owned(),
        }
    }

    /// The environment of a service: that of its tag, or else of its cluster, or else in its name.
    #[must_use]
    pub fn environment_of_service(
        &self,
        facts: &Facts<'u>,
        service: &Service,
    ) -> Option<&'u Environment> {
        facts
            .environment_of(service.tags.as_ref())
            .or_else(|| self.environment_of_cluster(facts, &service.cluster_arn))
            .or_else(|| facts.environment_named(&service.service_name))
    }

    /// The environment of a task: that of its tag, or else of its cluster.
    #[must_use]
    pub fn environment_of_task(&self, facts: &Facts<'u>, task: &Task) -> Option<&'u Environment> {
        facts
            .environment_of(task.tags.as_ref())
            .or_else(|| self.environment_of_cluster(facts, &task.cluster_arn))
    }

    /// The environment of a cluster: that of its tag, or else in its name.
    #[must_use]
    pub fn environment_of_cluster(&self, facts: &Facts<'u>, arn: &str) -> Option<&'u Environment> {
        let tagged = self.cluster(arn).and_then(|one| facts.environment_of(one.tags.as_ref()));
        tagged.or_else(|| facts.environment_named(last_part(arn)))
    }

    /// The environments of a task definition: that of its tag, or else those of what runs it, or else in its name.
    #[must_use]
    pub fn environments_of_definition(
        &self,
        facts: &Facts<'u>,
        definition: &TaskDefinition,
    ) -> Vec<&'u Environment> {
        let uses = self.uses(definition.arn()).iter();
        let of_uses = uses.filter_map(|by| match by {
            Use::Service(service) => self.environment_of_service(facts, service),
            Use::Task(task) => self.environment_of_task(facts, task),
            Use::Other(_) => None,
        });
        let mut found = match facts.environment_of(definition.tags.as_ref()) {
            Some(own) => vec![own],
            None => distinct(of_uses),
        };
        if found.is_empty() {
            found.extend(facts.environment_named(&definition.family));
        }
        found
    }

    /// Whether a service's tasks share a host with others: EC2, EXTERNAL, or a provider that is not Fargate.
    #[must_use]
    pub fn is_on_hosts(&self, service: &Service) -> bool {
        let own = std::iter::once((&service.launch_type, &service.capacity_provider_strategy));
        let more = service.deployments.iter().chain(&service.task_sets);
        let mut all =
            own.chain(more.map(|one| (&one.launch_type, &one.capacity_provider_strategy)));
        let cluster = self.cluster(&service.cluster_arn);
        let default = cluster.map(|one| &one.default_capacity_provider_strategy);
        let says = |launch: &Option<String>, strategy: &[Strategy]| {
            launch.as_deref().is_some_and(|one| one != "FARGATE")
                || strategy.iter().any(|part| !part.capacity_provider.starts_with("FARGATE"))
        };
        let silent = service.launch_type.is_none() && service.capacity_provider_strategy.is_empty();
        all.any(|(launch, strategy)| says(launch, strategy))
            || (silent && default.is_some_and(|strategy| says(&None, strategy)))
    }
}

impl Service {
    /// Whether it runs, or may.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status.as_deref() != Some("INACTIVE")
    }

    /// The task definitions that it runs, each once.
    pub fn definitions(&self) -> impl Iterator<Item = &str> {
        let more = self.deployments.iter().chain(&self.task_sets);
        let own = self.task_definition.as_str();
        let others = more.map(|one| one.task_definition.as_str()).filter(move |one| *one != own);
        std::iter::once(own).chain(others).filter(|one| !one.is_empty())
    }
}

impl Task {
    /// Whether it runs, or is about to.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !matches!(self.last_status.as_deref(), Some("STOPPED" | "DEPROVISIONING" | "DELETED"))
    }

    /// Whether no service started it.
    #[must_use]
    pub fn is_standalone(&self) -> bool {
        self.service().is_none() && self.is_running()
    }

    /// The name of the service that started it.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.group.as_deref()?.strip_prefix("service:")
    }
}

impl<'u> Facts<'u> {
    /// What was not read beside the Regions here: other Regions, and nothing where it may be any of them.
    pub fn unread_regions(&self) -> impl Iterator<Item = Option<&'u str>> {
        let is_whole = self.unit.resources.as_ref().is_some_and(|one| one.is_whole);
        let unread = self.unit.unread.iter().filter(move |_| is_whole);
        unread.filter_map(|one| match one.region.as_str() {
            // Users, policies and the Organization are of no Region.
            "" if matches!(one.service.as_str(), "" | "iam" | "organizations") => None,
            "" => Some(None),
            region if self.regions.iter().any(|known| name_of(known) == region) => None,
            region => Some(Some(region)),
        })
    }

    /// Whether there may be resources, or tags, that were not read: what is not seen may be there.
    #[must_use]
    pub fn may_miss_resources(&self) -> bool {
        self.unread_regions().next().is_some() || self.regions.iter().any(Region::has_gaps)
    }

    /// The environment that tags name, whatever the spelling.
    #[must_use]
    pub fn environment_of(&self, tags: Option<&Tags>) -> Option<&'u Environment> {
        self.environments.meant_by(tags?.value(self.environments.tag_key())?)
    }

    /// The one environment that a name has as a word. `non-prod` names none.
    #[must_use]
    pub fn environment_named(&self, name: &str) -> Option<&'u Environment> {
        let lower = name.to_lowercase();
        let mut words = lower.split(|one: char| !one.is_alphanumeric());
        if words.any(|word| matches!(word, "non" | "not" | "no" | "pre" | "post" | "to")) {
            return None;
        }
        match self.environments.named_in(name).as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The place at which findings show a resource: the field that identifies it, never the whole of it, since other
    /// fields may hold secrets.
    #[must_use]
    pub fn place_of(&self, resource: &Summary<'_>) -> Place {
        let mut place = self.place_in(resource.place, &[resource.key]);
        if place.range.is_empty() {
            place = self.place_in(resource.place, &["family"]);
        }
        place
    }

    /// The place of a value within a resource; where it is not found, that where the resource begins.
    #[must_use]
    pub fn place_in(&self, resource: Option<&Place>, path: &[&str]) -> Place {
        let Some(whole) = resource else {
            return Place { source: 0, range: 0..0, pointer: String::new() };
        };
        let beginning = || Place { range: whole.range.start..whole.range.start, ..whole.clone() };
        let Ok(json) = Json::parse(self.unit.text_at(whole)) else { return beginning() };
        let mut at = &json;
        let mut pointer = whole.pointer.clone();
        for step in path {
            let next = match at.value() {
                JsonValue::List(items) => {
                    step.parse().ok().and_then(|index: usize| items.get(index))
                }
                _ => at.get(step),
            };
            let Some(next) = next else { return beginning() };
            pointer = format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"));
            at = next;
        }
        let range = at.span().range();
        let range = whole.range.start + range.start..whole.range.start + range.end;
        Place { source: whole.source, range, pointer }
    }
}

/// The name of a Region, empty if the input does not tell.
fn name_of<'u>(region: &Region<'u>) -> &'u str {
    region.inventory.region.as_deref().unwrap_or_default()
}

/// Environments, each once, in the order in which they come.
pub(crate) fn distinct<'u>(all: impl IntoIterator<Item = &'u Environment>) -> Vec<&'u Environment> {
    let mut found: Vec<&Environment> = Vec::new();
    for one in all {
        if !found.iter().any(|known| known.name == one.name) {
            found.push(one);
        }
    }
    found
}

/// What follows the last `/` of an ARN.
#[must_use]
pub(crate) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Names as a sentence lists them: `` `dev`, `prod` ``.
#[must_use]
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The worst of some environments: production if it is among them.
#[must_use]
pub(crate) fn worst<'u>(of: &[&'u Environment]) -> Option<&'u Environment> {
    of.iter().find(|one| one.is_production).or_else(|| of.first()).copied()
}

impl<'u> Region<'u> {
    /// The log groups of this Region that task definitions in use name, with these.
    #[must_use]
    pub fn log_uses(&self) -> BTreeMap<&'u str, Vec<&'u Item<TaskDefinition>>> {
        let mut found: BTreeMap<&str, Vec<&Item<TaskDefinition>>> = BTreeMap::new();
        for definition in self.inventory.task_definitions.iter().flatten() {
            if !self.is_current(definition) {
                continue;
            }
            for container in &definition.container_definitions {
                let Some(log) = &container.log_configuration else { continue };
                let region = log.options.get("awslogs-region");
                let here = region.is_none() || region == self.inventory.region.as_ref();
                if let Some(group) = log.options.get("awslogs-group").filter(|_| here) {
                    found.entry(group).or_default().push(definition);
                }
            }
        }
        found
    }

    /// Whether a task definition matters: something runs it, or it is not retired and none of its family is newer.
    #[must_use]
    pub fn is_current(&self, definition: &TaskDefinition) -> bool {
        if !self.uses(definition.arn()).is_empty() {
            return true;
        }
        let newest = self.newest.get(definition.family.as_str()).copied().flatten();
        definition.status.as_deref() != Some("INACTIVE") && newest == definition.revision
    }
}

impl<'u> Region<'u> {
    /// Calls `visit` with every resource in use, but for tasks that have the environment's tag from their service.
    pub fn each_in_use(&self, facts: &Facts<'_>, mut visit: impl FnMut(Summary<'u>)) {
        let clusters = self.inventory.clusters.iter().flatten();
        let clusters = clusters.filter(|one| one.status.as_deref() == Some("INACTIVE"));
        let services = self.inventory.services.iter().flatten().filter(|one| !one.is_active());
        let definitions = self.inventory.task_definitions.iter().flatten();
        let definitions = definitions.filter(|one| !self.is_current(one));
        let tasks = self.inventory.tasks.iter().flatten();
        let tasks = tasks.filter(|one| !one.is_running() || self.is_tagged_as_service(facts, one));
        let idle: BTreeSet<&str> = (clusters.map(|one| one.arn()))
            .chain(services.map(|one| one.arn()))
            .chain(definitions.map(|one| one.arn()))
            .chain(tasks.map(|one| one.arn()))
            .collect();
        self.inventory.each(|one| {
            if !idle.contains(one.arn) {
                visit(one);
            }
        });
    }

    /// Whether a task of a service has no environment tag that the service has not.
    fn is_tagged_as_service(&self, facts: &Facts<'_>, task: &Task) -> bool {
        let service = task.service().and_then(|name| self.service(&task.cluster_arn, name));
        let known = |tag| {
            service.is_some_and(|one| {
                one.tags().into_iter().flat_map(Tags::iter).any(|own| own == tag)
            })
        };
        let mut tags = task.tags.iter().flat_map(Tags::iter);
        service.is_some()
            && tags.all(|tag| !facts.environments.is_environment_key(tag.0) || known(tag))
    }

    /// The service of a name in a cluster, if it was read.
    #[must_use]
    pub fn service(&self, cluster: &str, name: &str) -> Option<&'u Item<Service>> {
        self.services.get(&(cluster, name)).copied()
    }

    /// The active services of a cluster whose environment is known by their tags or names.
    #[must_use]
    pub fn services_of(
        &self,
        facts: &Facts<'u>,
        cluster: &Cluster,
    ) -> Vec<(&'u Environment, &'u Item<Service>)> {
        let all = self.in_cluster.get(cluster.cluster_arn.as_str()).into_iter().flatten();
        let active = all.filter(|one| one.is_active());
        active
            .filter_map(|service| {
                let tagged = facts.environment_of(service.tags.as_ref());
                let own = tagged.or_else(|| facts.environment_named(&service.service_name));
                Some((own?, *service))
            })
            .collect()
    }

    /// The ARNs of the clusters that several environments share; see [`Self::is_shared`].
    #[must_use]
    pub fn shared_clusters(&self, facts: &Facts<'u>) -> BTreeSet<&'u str> {
        let clusters = self.clusters.iter();
        let shared = clusters.filter(|(_, cluster)| self.is_shared(facts, cluster));
        shared.map(|(arn, _)| *arn).collect()
    }

    /// Whether a cluster runs services of several environments, and not only some that stray from its own.
    #[must_use]
    pub fn is_shared(&self, facts: &Facts<'u>, cluster: &Cluster) -> bool {
        let services = self.services_of(facts, cluster);
        if distinct(services.iter().map(|(one, _)| *one)).len() < 2 {
            return false;
        }
        let own = facts
            .environment_of(cluster.tags.as_ref())
            .or_else(|| facts.environment_named(&cluster.cluster_name));
        own.is_none_or(|own| {
            let strays = services.iter().filter(|(one, _)| one.name != own.name).count();
            strays * 2 > services.len()
        })
    }
}
