//! What other services tell of what belongs to a task, as far as rules ask (their API references, 2026-09).

use serde::{Deserialize, Serialize};

use super::tags::Tags;

/// A log group of CloudWatch Logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogGroup {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub log_group_name: String,
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// How long events are kept; for ever if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<u32>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A replication group of ElastiCache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReplicationGroup {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub replication_group_id: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// Its shards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_groups: Vec<NodeGroup>,
    /// Its endpoint in cluster mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_endpoint: Option<Endpoint>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A shard of a replication group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeGroup {
    /// For writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_endpoint: Option<Endpoint>,
    /// For reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_endpoint: Option<Endpoint>,
}

/// An address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Endpoint {
    /// The name of the host.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Its hash, where the texts that may name it are hashed under the same key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// A cache cluster of ElastiCache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CacheCluster {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cache_cluster_id: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The replication group that it is a node of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_group_id: Option<String>,
    /// Its endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_endpoint: Option<Endpoint>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A serverless cache of ElastiCache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServerlessCache {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub serverless_cache_name: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// Its endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A user of ElastiCache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CacheUser {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_id: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A group of users of ElastiCache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CacheUserGroup {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_group_id: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// An EventBridge rule, with its targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EventRule {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// `ENABLED` or `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What it starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// What a rule or schedule starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Target {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// As whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// How a task is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs_parameters: Option<EcsParameters>,
}

/// How a rule or schedule runs a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EcsParameters {
    /// The task definition.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task_definition_arn: String,
    /// From where the task gets tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// Whether ECS tags the task with its cluster.
    #[serde(rename = "EnableECSManagedTags", skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,
}

/// A group of schedules of EventBridge Scheduler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScheduleGroup {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A schedule of EventBridge Scheduler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Schedule {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// Its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// `ENABLED` or `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// What Application Auto Scaling scales.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScalableTarget {
    /// The service.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_namespace: String,
    /// What is scaled.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_id: String,
    /// The ARN.
    #[serde(rename = "ScalableTargetARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A secret of Secrets Manager.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Secret {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A parameter of Systems Manager.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Parameter {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN.
    #[serde(rename = "ARN", skip_serializing_if = "String::is_empty")]
    pub arn: String,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A repository of ECR.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Repository {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repository_name: String,
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repository_arn: String,
    /// The address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repository_uri: String,
    /// Whether tags can be moved to other images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag_mutability: Option<String>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A trail of `CloudTrail`, with its status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Trail {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN.
    #[serde(rename = "TrailARN", skip_serializing_if = "String::is_empty")]
    pub trail_arn: String,
    /// Whether it covers all Regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multi_region_trail: Option<bool>,
    /// Whether its files are signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_file_validation_enabled: Option<bool>,
    /// Whether it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_logging: Option<bool>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}
