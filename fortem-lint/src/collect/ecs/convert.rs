//! What the SDK gives, in the shapes of a snapshot.

use aws_sdk_ecs::types;

use crate::snapshot::{
    AccountSetting, AwsvpcConfiguration, Capabilities, CapacityProvider, Cluster,
    ClusterConfiguration, Container, ContainerInstance, ContainerOverride, Deployment,
    ExecConfiguration, ExecLog, Host, LinuxParameters, LogConfiguration, NetworkConfiguration,
    Overrides, SecretReference, Service, Strategy, Tags, Task, TaskDefinition, Variable, Volume,
};

/// Tags that were asked for: absent ones are none.
fn tags(tags: Option<Vec<types::Tag>>) -> Option<Tags> {
    let tags = tags.unwrap_or_default().into_iter();
    Some(Tags::new(
        tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect(),
    ))
}

fn text<T: AsRef<str>>(value: Option<T>) -> Option<String> {
    value.map(|value| value.as_ref().to_owned())
}

fn texts<T: AsRef<str>>(values: Option<Vec<T>>) -> Vec<String> {
    values.unwrap_or_default().iter().map(|value| value.as_ref().to_owned()).collect()
}

fn each<T, U>(values: Option<Vec<T>>, convert: impl Fn(T) -> U) -> Vec<U> {
    values.unwrap_or_default().into_iter().map(convert).collect()
}

fn strategy(values: Option<Vec<types::CapacityProviderStrategyItem>>) -> Vec<Strategy> {
    each(values, |one| Strategy { capacity_provider: one.capacity_provider })
}

fn variables(values: Option<Vec<types::KeyValuePair>>) -> Vec<Variable> {
    each(values, |one| Variable {
        name: one.name.unwrap_or_default(),
        value: one.value.unwrap_or_default(),
        redacted: None,
    })
}

fn references(values: Option<Vec<types::Secret>>) -> Vec<SecretReference> {
    each(values, |one| SecretReference { name: one.name, value_from: one.value_from })
}

pub(super) fn cluster(one: types::Cluster) -> Cluster {
    let exec = |one: types::ExecuteCommandConfiguration| ExecConfiguration {
        logging: text(one.logging),
        log_configuration: one.log_configuration.map(|log| ExecLog {
            cloud_watch_log_group_name: log.cloud_watch_log_group_name,
            s3_bucket_name: log.s3_bucket_name,
        }),
    };
    Cluster {
        cluster_arn: one.cluster_arn.unwrap_or_default(),
        cluster_name: one.cluster_name.unwrap_or_default(),
        status: one.status,
        configuration: one.configuration.map(|one| ClusterConfiguration {
            execute_command_configuration: one.execute_command_configuration.map(exec),
        }),
        settings: each(one.settings, |one| Variable {
            name: text(one.name).unwrap_or_default(),
            value: one.value.unwrap_or_default(),
            redacted: None,
        }),
        capacity_providers: one.capacity_providers.unwrap_or_default(),
        default_capacity_provider_strategy: strategy(one.default_capacity_provider_strategy),
        tags: tags(one.tags),
    }
}

pub(super) fn service(one: types::Service) -> Service {
    let task_set = |one: types::TaskSet| Deployment {
        task_definition: one.task_definition.unwrap_or_default(),
        launch_type: text(one.launch_type),
        capacity_provider_strategy: strategy(one.capacity_provider_strategy),
    };
    let deployment = |one: types::Deployment| Deployment {
        task_definition: one.task_definition.unwrap_or_default(),
        launch_type: text(one.launch_type),
        capacity_provider_strategy: strategy(one.capacity_provider_strategy),
    };
    Service {
        service_arn: one.service_arn.unwrap_or_default(),
        service_name: one.service_name.unwrap_or_default(),
        cluster_arn: one.cluster_arn.unwrap_or_default(),
        status: one.status,
        launch_type: text(one.launch_type),
        capacity_provider_strategy: strategy(one.capacity_provider_strategy),
        task_definition: one.task_definition.unwrap_or_default(),
        deployments: each(one.deployments, deployment),
        task_sets: each(one.task_sets, task_set),
        network_configuration: one.network_configuration.map(network),
        enable_execute_command: Some(one.enable_execute_command),
        propagate_tags: text(one.propagate_tags),
        enable_ecs_managed_tags: Some(one.enable_ecs_managed_tags),
        tags: tags(one.tags),
    }
}

fn network(one: types::NetworkConfiguration) -> NetworkConfiguration {
    NetworkConfiguration {
        awsvpc_configuration: one.awsvpc_configuration.map(|one| AwsvpcConfiguration {
            assign_public_ip: text(one.assign_public_ip),
            subnets: one.subnets,
        }),
    }
}

pub(super) fn task(one: types::Task) -> Task {
    let replaced = |one: types::ContainerOverride| ContainerOverride {
        name: one.name,
        command: one.command.unwrap_or_default(),
        redacted_command: None,
        environment: variables(one.environment),
    };
    Task {
        task_arn: one.task_arn.unwrap_or_default(),
        cluster_arn: one.cluster_arn.unwrap_or_default(),
        task_definition_arn: one.task_definition_arn.unwrap_or_default(),
        container_instance_arn: one.container_instance_arn,
        group: one.group,
        started_by: one.started_by,
        launch_type: text(one.launch_type),
        capacity_provider_name: one.capacity_provider_name,
        last_status: one.last_status,
        enable_execute_command: Some(one.enable_execute_command),
        overrides: one.overrides.map(|one| Overrides {
            task_role_arn: one.task_role_arn,
            execution_role_arn: one.execution_role_arn,
            container_overrides: each(one.container_overrides, replaced),
        }),
        tags: tags(one.tags),
    }
}

pub(super) fn task_definition(
    one: types::TaskDefinition,
    of_it: Option<Vec<types::Tag>>,
) -> TaskDefinition {
    TaskDefinition {
        task_definition_arn: one.task_definition_arn.unwrap_or_default(),
        family: one.family.unwrap_or_default(),
        revision: u64::try_from(one.revision).ok(),
        status: text(one.status),
        task_role_arn: one.task_role_arn,
        execution_role_arn: one.execution_role_arn,
        network_mode: text(one.network_mode),
        pid_mode: text(one.pid_mode),
        ipc_mode: text(one.ipc_mode),
        requires_compatibilities: texts(one.requires_compatibilities),
        compatibilities: texts(one.compatibilities),
        container_definitions: each(one.container_definitions, container),
        volumes: each(one.volumes, |one| Volume {
            name: one.name,
            host: one.host.map(|host| Host { source_path: host.source_path }),
        }),
        tags: tags(of_it),
    }
}

fn container(one: types::ContainerDefinition) -> Container {
    Container {
        name: one.name.unwrap_or_default(),
        image: one.image.unwrap_or_default(),
        command: one.command.unwrap_or_default(),
        entry_point: one.entry_point.unwrap_or_default(),
        redacted_command: None,
        environment: variables(one.environment),
        secrets: references(one.secrets),
        docker_labels: one.docker_labels.unwrap_or_default().into_iter().collect(),
        redacted_labels: std::collections::BTreeMap::new(),
        log_configuration: one.log_configuration.map(|log| LogConfiguration {
            log_driver: log.log_driver.as_str().to_owned(),
            options: log.options.unwrap_or_default().into_iter().collect(),
            redacted_options: std::collections::BTreeMap::new(),
            secret_options: references(log.secret_options),
        }),
        privileged: one.privileged,
        linux_parameters: one.linux_parameters.map(|one| LinuxParameters {
            capabilities: one
                .capabilities
                .map(|one| Capabilities { add: one.add.unwrap_or_default() }),
        }),
    }
}

pub(super) fn container_instance(one: types::ContainerInstance) -> ContainerInstance {
    ContainerInstance {
        container_instance_arn: one.container_instance_arn.unwrap_or_default(),
        ec2_instance_id: one.ec2_instance_id,
        capacity_provider_name: one.capacity_provider_name,
        status: one.status,
        tags: tags(one.tags),
    }
}

pub(super) fn capacity_provider(one: types::CapacityProvider) -> CapacityProvider {
    CapacityProvider {
        capacity_provider_arn: one.capacity_provider_arn.unwrap_or_default(),
        name: one.name.unwrap_or_default(),
        status: text(one.status),
        tags: tags(one.tags),
    }
}

pub(super) fn account_setting(one: types::Setting) -> AccountSetting {
    AccountSetting {
        name: text(one.name).unwrap_or_default(),
        value: one.value.unwrap_or_default(),
        principal_arn: one.principal_arn,
    }
}

/// The log group of a container, if it is in this Region.
pub(super) fn log_group(container: &Container, region: &str) -> Option<String> {
    let log = container.log_configuration.as_ref().filter(|log| log.log_driver == "awslogs")?;
    let elsewhere = log.options.get("awslogs-region").is_some_and(|named| named != region);
    log.options.get("awslogs-group").filter(|_| !elsewhere).cloned()
}

/// What a container takes from secrets and parameters.
pub(super) fn secrets(container: &Container) -> impl Iterator<Item = String> {
    let of_log = container.log_configuration.iter().flat_map(|log| &log.secret_options);
    container.secrets.iter().chain(of_log).map(|one| one.value_from.clone())
}
