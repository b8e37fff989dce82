//! What ECS tells of clusters and what runs on them, as far as rules ask (Amazon ECS API reference, 2026-09).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::redacted::Redacted;
use super::tags::Tags;

/// A cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cluster {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_arn: String,
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_name: String,
    /// `ACTIVE`, or what it was deleted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How ECS Exec is set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ClusterConfiguration>,
    /// Settings such as `containerInsights`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Variable>,
    /// The capacity providers that it may use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capacity_providers: Vec<String>,
    /// What is used where a service says nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_capacity_provider_strategy: Vec<Strategy>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// The configuration of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterConfiguration {
    /// How ECS Exec is set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execute_command_configuration: Option<ExecConfiguration>,
}

/// How ECS Exec is set up in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecConfiguration {
    /// `NONE`, `DEFAULT` or `OVERRIDE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<String>,
    /// Where sessions are logged, with `OVERRIDE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<ExecLog>,
}

/// Where ECS Exec logs sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecLog {
    /// A log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_log_group_name: Option<String>,
    /// A bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_bucket_name: Option<String>,
}

/// A part of a capacity provider strategy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Strategy {
    /// The name of the provider.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub capacity_provider: String,
}

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_arn: String,
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_name: String,
    /// The ARN of its cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_arn: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `FARGATE`, `EC2` or `EXTERNAL`; none with a strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// The strategy, instead of a launch type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<Strategy>,
    /// The ARN of the task definition.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task_definition: String,
    /// What is being rolled out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<Deployment>,
    /// Task sets of an external deployment controller.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub task_sets: Vec<Deployment>,
    /// The network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// Whether ECS Exec is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// From where its tasks get tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// Whether ECS tags its tasks with cluster and service.
    #[serde(rename = "enableECSManagedTags", skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A deployment or task set of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// The ARN of the task definition.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task_definition: String,
    /// The launch type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// The strategy, instead of a launch type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<Strategy>,
}

/// The network of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkConfiguration {
    /// In network mode `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsvpcConfiguration>,
}

/// The network of a service in network mode `awsvpc`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AwsvpcConfiguration {
    /// `ENABLED` or `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_public_ip: Option<String>,
    /// The subnets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Task {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task_arn: String,
    /// The ARN of its cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_arn: String,
    /// The ARN of its task definition.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task_definition_arn: String,
    /// The ARN of its host, if it is one of the account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_instance_arn: Option<String>,
    /// `service:NAME` for a service's task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// The launch type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// The capacity provider, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_provider_name: Option<String>,
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<String>,
    /// Whether ECS Exec is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// What was replaced in the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Overrides>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// What a task replaces in its task definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Overrides {
    /// The task role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// The execution role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// By container.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub container_overrides: Vec<ContainerOverride>,
}

/// What a task replaces in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerOverride {
    /// The name of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// What is kept of the command where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redacted_command: Option<Redacted>,
    /// Environment variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<Variable>,
}

/// A revision of a task definition, with its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskDefinition {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task_definition_arn: String,
    /// The family.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// The number of the revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The task role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// The execution role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// The network mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// Whose processes it sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    /// Whose shared memory it sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<String>,
    /// The launch types that it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires_compatibilities: Vec<String>,
    /// The launch types that it fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compatibilities: Vec<String>,
    /// The containers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub container_definitions: Vec<Container>,
    /// The volumes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A container of a task definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The image.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// The command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The entry point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry_point: Vec<String>,
    /// What is kept of entry point and command where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redacted_command: Option<Redacted>,
    /// Environment variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<Variable>,
    /// Environment variables whose values ECS fetches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretReference>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub docker_labels: BTreeMap<String, String>,
    /// Labels whose values are not kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub redacted_labels: BTreeMap<String, Redacted>,
    /// Where it logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// Whether it has all rights on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Kernel capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
}

/// An environment variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Variable {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// What is kept of the value where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redacted: Option<Redacted>,
}

/// A secret by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretReference {
    /// The variable or option that gets it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The ARN or name of the secret or parameter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value_from: String,
}

/// Where a container logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogConfiguration {
    /// The log driver.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub log_driver: String,
    /// Options of the driver.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Options whose values are not kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub redacted_options: BTreeMap<String, Redacted>,
    /// Options whose values ECS fetches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secret_options: Vec<SecretReference>,
}

/// Linux settings of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinuxParameters {
    /// Kernel capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

/// Kernel capabilities of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// Those that it has besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
}

/// A volume of a task definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The folder of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
}

/// A folder of the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Host {
    /// Its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// A host that the account runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerInstance {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container_instance_arn: String,
    /// The EC2 instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ec2_instance_id: Option<String>,
    /// The capacity provider that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_provider_name: Option<String>,
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// A capacity provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityProvider {
    /// The ARN.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub capacity_provider_arn: String,
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The tags, if they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// An effective account setting of ECS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountSetting {
    /// The name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// For whom it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
}
