//! The file of a Region: lists of resources, each with its place in the text.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ecs::{
    AccountSetting, CapacityProvider, Cluster, ContainerInstance, Service, Task, TaskDefinition,
};
use super::other::{
    CacheCluster, CacheUser, CacheUserGroup, EventRule, LogGroup, Parameter, ReplicationGroup,
    Repository, ScalableTarget, Schedule, ScheduleGroup, Secret, ServerlessCache, Trail,
};
use super::tags::Tags;
use crate::source::{Place, Source};

/// An element of a list, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Item<T> {
    value: T,
    /// Where it stands, if it was read from a text.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl<T> From<T> for Item<T> {
    fn from(value: T) -> Self {
        Self { value, place: None }
    }
}

impl<T> Deref for Item<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A resource that is an element of a list of an inventory.
pub trait Listed {
    /// The name of the list.
    const LIST: &'static str;
    /// What the resource is called in a sentence.
    const KIND: &'static str;
    /// The field that identifies it.
    const KEY: &'static str;
    /// The ARN, or the name of what has none.
    fn arn(&self) -> &str;
    /// The name that people gave it; empty if they gave none.
    fn name(&self) -> &str;
    /// The tags; none if they were not read or if the type has none.
    fn tags(&self) -> Option<&Tags>;
}

/// A resource of any type, in short.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'i> {
    /// What it is called in a sentence.
    pub kind: &'static str,
    /// The field that identifies it.
    pub key: &'static str,
    /// The ARN, or the name of what has none.
    pub arn: &'i str,
    /// The name that people gave it; empty if they gave none.
    pub name: &'i str,
    /// The tags; none if they were not read or if the type has none.
    pub tags: Option<&'i Tags>,
    /// Where it stands.
    pub place: Option<&'i Place>,
}

impl<'i> Summary<'i> {
    /// Of an element of a list.
    #[must_use]
    pub fn of<T: Listed>(item: &'i Item<T>) -> Self {
        Self {
            kind: T::KIND,
            key: T::KEY,
            arn: item.arn(),
            name: item.name(),
            tags: item.tags(),
            place: item.place.as_ref(),
        }
    }
}

impl<'i> Summary<'i> {
    /// What findings call it: the name, and of a task definition the revision too.
    #[must_use]
    pub fn label(&self) -> &'i str {
        if self.name.is_empty() || self.arn.contains(":task-definition/") {
            self.arn.rsplit('/').next().unwrap_or(self.arn)
        } else {
            self.name
        }
    }
}

// One line a list: field, type, name in JSON, word for one element, field that identifies it; then ARN and name.
macro_rules! lists {
    ($($field:ident: $type:ident, $json:literal, $kind:literal, $key:literal, $arn:ident, $name:expr, $tags:expr;)*) => {
        /// What runs in one Region of one account.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct Inventory {
            /// The account's number.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub account: Option<String>,
            /// The Region.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub region: Option<String>,
            $(
                #[doc = concat!("The list `", $json, "`; none if it was not read.")]
                #[serde(rename = $json, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<Vec<Item<$type>>>,
            )*
        }

        impl Inventory {
            /// Calls `visit` with every resource.
            pub fn each<'i>(&'i self, mut visit: impl FnMut(Summary<'i>)) {
                $(self.$field.iter().flatten().for_each(|item| visit(Summary::of(item)));)*
            }

            /// The names of the lists that were not read.
            #[must_use]
            pub fn absent(&self) -> Vec<&'static str> {
                let lists = [$(self.$field.is_none().then_some($json),)*];
                lists.into_iter().flatten().collect()
            }

            /// Takes the lists that there are.
            pub(crate) fn of_lists(lists: &mut Lists<'_>) -> Self {
                Self { account: None, region: None, $($field: lists.take($json),)* }
            }
        }

        $(impl Listed for $type {
            const LIST: &'static str = $json;
            const KIND: &'static str = $kind;
            const KEY: &'static str = $key;

            fn arn(&self) -> &str {
                // CloudWatch Logs writes `:*` after the ARN of a log group, which its tagging calls refuse.
                if self.$arn.is_empty() { self.name() } else { self.$arn.trim_end_matches(":*") }
            }

            fn name(&self) -> &str {
                let name: fn(&$type) -> &str = $name;
                name(self)
            }

            fn tags(&self) -> Option<&Tags> {
                let tags: fn(&$type) -> Option<&Tags> = $tags;
                tags(self)
            }
        })*
    };
}

lists! {
    clusters: Cluster, "clusters", "cluster", "clusterArn", cluster_arn, |one| &one.cluster_name, |one| one.tags.as_ref();
    services: Service, "services", "service", "serviceArn", service_arn, |one| &one.service_name, |one| one.tags.as_ref();
    tasks: Task, "tasks", "task", "taskArn", task_arn, |_| "", |one| one.tags.as_ref();
    task_definitions: TaskDefinition, "taskDefinitions", "task definition", "taskDefinitionArn", task_definition_arn,
        |one| &one.family, |one| one.tags.as_ref();
    container_instances: ContainerInstance, "containerInstances", "container instance", "containerInstanceArn",
        container_instance_arn, |_| "", |one| one.tags.as_ref();
    capacity_providers: CapacityProvider, "capacityProviders", "capacity provider", "capacityProviderArn",
        capacity_provider_arn, |one| &one.name, |one| one.tags.as_ref();
    account_settings: AccountSetting, "accountSettings", "account setting", "name", name, |one| &one.name, |_| None;
    log_groups: LogGroup, "logGroups", "log group", "logGroupName", arn, |one| &one.log_group_name, |one| one.tags.as_ref();
    replication_groups: ReplicationGroup, "replicationGroups", "replication group", "ReplicationGroupId", arn,
        |one| &one.replication_group_id, |one| one.tags.as_ref();
    cache_clusters: CacheCluster, "cacheClusters", "cache cluster", "CacheClusterId", arn, |one| &one.cache_cluster_id,
        |one| one.tags.as_ref();
    serverless_caches: ServerlessCache, "serverlessCaches", "serverless cache", "ServerlessCacheName", arn,
        |one| &one.serverless_cache_name, |one| one.tags.as_ref();
    cache_users: CacheUser, "cacheUsers", "cache user", "UserId", arn, |one| &one.user_id, |one| one.tags.as_ref();
    cache_user_groups: CacheUserGroup, "cacheUserGroups", "cache user group", "UserGroupId", arn,
        |one| &one.user_group_id, |one| one.tags.as_ref();
    event_rules: EventRule, "eventRules", "EventBridge rule", "Name", arn, |one| &one.name, |one| one.tags.as_ref();
    schedule_groups: ScheduleGroup, "scheduleGroups", "schedule group", "Name", arn, |one| &one.name,
        |one| one.tags.as_ref();
    schedules: Schedule, "schedules", "schedule", "Name", arn, |one| &one.name, |_| None;
    scalable_targets: ScalableTarget, "scalableTargets", "scalable target", "ResourceId", arn, |one| &one.resource_id,
        |one| one.tags.as_ref();
    secrets: Secret, "secrets", "secret", "Name", arn, |one| &one.name, |one| one.tags.as_ref();
    parameters: Parameter, "parameters", "parameter", "Name", arn, |one| &one.name, |one| one.tags.as_ref();
    repositories: Repository, "repositories", "repository", "repositoryName", repository_arn,
        |one| &one.repository_name, |one| one.tags.as_ref();
    trails: Trail, "trails", "trail", "Name", trail_arn, |one| &one.name, |one| one.tags.as_ref();
}

/// The lists of a text, taken one by one.
#[derive(Debug)]
pub(crate) struct Lists<'t> {
    pub(crate) source: &'t Source,
    /// The index of the source in its unit.
    pub(crate) index: usize,
    pub(crate) members: BTreeMap<std::borrow::Cow<'t, str>, &'t RawValue>,
    /// What could not be read, and why.
    pub(crate) problems: Vec<(String, serde_json::Error)>,
}

impl<'t> Lists<'t> {
    /// The elements of a list; those of another shape are noted and left out.
    fn take<T: Deserialize<'t>>(&mut self, name: &str) -> Option<Vec<Item<T>>> {
        let raw = self.members.get(name)?;
        let elements: Vec<&'t RawValue> = match serde_json::from_str(raw.get()) {
            Ok(elements) => elements,
            Err(error) => {
                self.problems.push((name.to_owned(), error));
                return None;
            }
        };
        let mut items = Vec::with_capacity(elements.len());
        for (at, element) in elements.into_iter().enumerate() {
            let pointer = format!("/{name}/{at}");
            match serde_json::from_str(element.get()) {
                Ok(value) => items.push(self.item(value, element.get(), pointer)),
                Err(error) => self.problems.push((pointer, error)),
            }
        }
        Some(items)
    }

    /// A value with the place of the text that it was read from.
    pub(crate) fn item<T>(&self, value: T, text: &str, pointer: String) -> Item<T> {
        let start = self.source.offset_of(text).unwrap_or_default();
        let place = Place { source: self.index, range: start..start + text.len(), pointer };
        Item { value, place: Some(place) }
    }
}
