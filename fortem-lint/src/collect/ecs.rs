//! Amazon ECS: clusters and what runs on them.

mod convert;

use std::collections::BTreeSet;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    CapacityProviderField, ClusterField, ContainerInstanceField, Failure as Missing, ServiceField,
    TaskDefinitionField, TaskField,
};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc::{self, UnboundedSender};

use super::calls::{self, Call};
use super::failure::{Failure, Kind};
use super::region::Region;
use crate::snapshot::Service;

/// What `DescribeClusters`, `DescribeTasks` and `DescribeContainerInstances` take at once (Amazon ECS API reference, 2026-09).
const BATCH: usize = 100;
/// What `DescribeServices` takes at once (Amazon ECS API reference, 2026-09).
const SERVICES: usize = 10;

/// What clusters and services say of other resources.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// ARNs of task definitions.
    pub(super) definitions: BTreeSet<String>,
    /// Log groups of ECS Exec.
    pub(super) log_groups: BTreeSet<String>,
    /// Names of capacity providers.
    pub(super) providers: BTreeSet<String>,
}

impl Region<'_> {
    /// Clusters, services, tasks and hosts. Clusters are looked at while more of them are listed.
    pub(super) async fn clusters(&self) -> Named {
        let client = Client::new(&self.config);
        let (found, batches) = mpsc::unbounded_channel();
        let batches = stream::unfold(batches, async |mut batches| {
            let batch: Vec<String> = batches.recv().await?;
            Some((batch, batches))
        });
        let looked_at = batches
            .map(|batch| self.cluster_batch(&client, batch))
            .buffer_unordered(self.width)
            .fold(Named::default(), async |all, one| all.and(one));
        let ((), named) = tokio::join!(self.list_clusters(&client, found), looked_at);
        named
    }

    async fn list_clusters(&self, client: &Client, found: UnboundedSender<Vec<String>>) {
        const LISTS: [&str; 4] = ["clusters", "services", "tasks", "containerInstances"];
        let listed = self
            .caller
            .pages(
                &calls::CLUSTERS,
                |token| client.list_clusters().set_next_token(token).send(),
                |page| {
                    for list in LISTS {
                        self.part.declare(list);
                    }
                    for batch in page.cluster_arns.unwrap_or_default().chunks(BATCH) {
                        // Whoever takes them is there as long as this.
                        let _ = found.send(batch.to_vec());
                    }
                    page.next_token
                },
            )
            .await;
        self.part.take(&calls::CLUSTERS, &LISTS, "", listed);
    }

    async fn cluster_batch(&self, client: &Client, arns: Vec<String>) -> Named {
        let on_clusters = stream::iter(&arns)
            .map(|arn| async move { Box::pin(self.on_cluster(client, arn)).await })
            .buffer_unordered(self.width)
            .fold(Named::default(), async |all, one| all.and(one));
        let (named, on_clusters) = tokio::join!(self.describe_clusters(client, &arns), on_clusters);
        named.and(on_clusters)
    }

    /// Descriptions of clusters, and the hosts of those that have some.
    async fn describe_clusters(&self, client: &Client, arns: &[String]) -> Named {
        let described = self
            .caller
            .call(&calls::CLUSTER, || {
                let fields =
                    [ClusterField::Tags, ClusterField::Settings, ClusterField::Configurations];
                let call = client.describe_clusters().set_clusters(Some(arns.to_vec()));
                call.set_include(Some(fields.to_vec())).send()
            })
            .await;
        let mut named = Named::default();
        // Without its description a cluster may have hosts.
        let mut with_hosts = arns.to_vec();
        if let Some(answer) = self.part.take(&calls::CLUSTER, &["clusters"], "", described) {
            self.missing(&calls::CLUSTER, "clusters", answer.failures.unwrap_or_default());
            with_hosts.clear();
            for one in answer.clusters.unwrap_or_default() {
                let has_hosts = one.registered_container_instances_count > 0;
                let cluster = convert::cluster(one);
                with_hosts.extend(has_hosts.then(|| cluster.cluster_arn.clone()));
                named.log_groups.extend(exec_log_group(&cluster));
                named.providers.extend(cluster.capacity_providers.iter().cloned());
                self.part.push("clusters", &cluster.cluster_arn, &cluster);
            }
        }
        let hosts = stream::iter(&with_hosts).map(|arn| self.hosts(client, arn));
        hosts.buffer_unordered(self.width).collect::<()>().await;
        named
    }

    async fn on_cluster(&self, client: &Client, arn: &str) -> Named {
        let (services, tasks) = tokio::join!(self.services(client, arn), self.tasks(client, arn));
        services.and(tasks)
    }

    async fn services(&self, client: &Client, cluster: &str) -> Named {
        let mut arns = Vec::new();
        let listed = self
            .caller
            .pages(
                &calls::SERVICES,
                |token| {
                    let call = client.list_services().cluster(cluster).max_results(100);
                    call.set_next_token(token).send()
                },
                |page| {
                    arns.extend(page.service_arns.unwrap_or_default());
                    page.next_token
                },
            )
            .await;
        self.part.take(&calls::SERVICES, &["services"], cluster, listed);
        let batches = stream::iter(arns.chunks(SERVICES))
            .map(|batch| self.service_batch(client, cluster, batch));
        batches
            .buffer_unordered(self.width)
            .fold(Named::default(), async |all, one| all.and(one))
            .await
    }

    async fn service_batch(&self, client: &Client, cluster: &str, arns: &[String]) -> Named {
        let described = self
            .caller
            .call(&calls::SERVICE, || {
                let call = client.describe_services().cluster(cluster);
                call.set_services(Some(arns.to_vec())).include(ServiceField::Tags).send()
            })
            .await;
        let mut named = Named::default();
        let answer = self.part.take(&calls::SERVICE, &["services"], cluster, described);
        if let Some(answer) = answer {
            self.missing(&calls::SERVICE, "services", answer.failures.unwrap_or_default());
            for one in answer.services.unwrap_or_default() {
                let service = convert::service(one);
                named.definitions.extend(definitions_of(&service));
                self.part.push("services", &service.service_arn, &service);
            }
        }
        named
    }

    async fn tasks(&self, client: &Client, cluster: &str) -> Named {
        let mut arns = Vec::new();
        let listed = self
            .caller
            .pages(
                &calls::TASKS,
                |token| client.list_tasks().cluster(cluster).set_next_token(token).send(),
                |page| {
                    arns.extend(page.task_arns.unwrap_or_default());
                    page.next_token
                },
            )
            .await;
        self.part.take(&calls::TASKS, &["tasks"], cluster, listed);
        let batches =
            stream::iter(arns.chunks(BATCH)).map(|batch| self.task_batch(client, cluster, batch));
        batches
            .buffer_unordered(self.width)
            .fold(Named::default(), async |all, one| all.and(one))
            .await
    }

    async fn task_batch(&self, client: &Client, cluster: &str, arns: &[String]) -> Named {
        let described = self
            .caller
            .call(&calls::TASK, || {
                let call = client.describe_tasks().cluster(cluster);
                call.set_tasks(Some(arns.to_vec())).include(TaskField::Tags).send()
            })
            .await;
        let mut named = Named::default();
        let answer = self.part.take(&calls::TASK, &["tasks"], cluster, described);
        if let Some(answer) = answer {
            self.missing(&calls::TASK, "tasks", answer.failures.unwrap_or_default());
            for one in answer.tasks.unwrap_or_default() {
                let mut task = convert::task(one);
                let replaced =
                    task.overrides.iter_mut().flat_map(|one| &mut one.container_overrides);
                replaced.for_each(|one| self.redaction.replaced(one));
                named.definitions.insert(task.task_definition_arn.clone());
                self.part.push("tasks", &task.task_arn, &task);
            }
        }
        named
    }

    async fn hosts(&self, client: &Client, cluster: &str) {
        let mut arns = Vec::new();
        let list = ["containerInstances"];
        let listed = self
            .caller
            .pages(
                &calls::CONTAINER_INSTANCES,
                |token| {
                    client.list_container_instances().cluster(cluster).set_next_token(token).send()
                },
                |page| {
                    arns.extend(page.container_instance_arns.unwrap_or_default());
                    page.next_token
                },
            )
            .await;
        self.part.take(&calls::CONTAINER_INSTANCES, &list, cluster, listed);
        for batch in arns.chunks(BATCH) {
            let described = self
                .caller
                .call(&calls::CONTAINER_INSTANCE, || {
                    let call = client.describe_container_instances().cluster(cluster);
                    let call = call.set_container_instances(Some(batch.to_vec()));
                    call.include(ContainerInstanceField::Tags).send()
                })
                .await;
            let answer = self.part.take(&calls::CONTAINER_INSTANCE, &list, cluster, described);
            if let Some(answer) = answer {
                let missing = answer.failures.unwrap_or_default();
                self.missing(&calls::CONTAINER_INSTANCE, "containerInstances", missing);
                for one in answer.container_instances.unwrap_or_default() {
                    let host = convert::container_instance(one);
                    self.part.push("containerInstances", &host.container_instance_arn, &host);
                }
            }
        }
    }

    /// The task definitions that something runs or may run; gives the log groups and secrets that they name.
    pub(super) async fn definitions(
        &self,
        arns: BTreeSet<String>,
    ) -> (BTreeSet<String>, BTreeSet<String>) {
        let client = Client::new(&self.config);
        self.part.declare("taskDefinitions");
        let client = &client;
        let described = stream::iter(arns).filter(|arn| std::future::ready(!arn.is_empty())).map(
            |arn| async move {
                let described = self
                    .caller
                    .call(&calls::TASK_DEFINITION, || {
                        let call = client.describe_task_definition().task_definition(&arn);
                        call.include(TaskDefinitionField::Tags).send()
                    })
                    .await;
                self.part.take(&calls::TASK_DEFINITION, &["taskDefinitions"], &arn, described)
            },
        );
        let (mut log_groups, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        let mut described = described.buffer_unordered(self.width);
        while let Some(answer) = described.next().await {
            let answer = answer.and_then(|one| Some((one.task_definition?, one.tags)));
            let Some((definition, tags)) = answer else { continue };
            let mut definition = convert::task_definition(definition, tags);
            for container in &definition.container_definitions {
                log_groups.extend(convert::log_group(container, &self.caller.region));
                secrets.extend(convert::secrets(container));
            }
            self.redaction.definition(&mut definition);
            self.part.push("taskDefinitions", &definition.task_definition_arn, &definition);
        }
        (log_groups, secrets)
    }

    /// The capacity providers that clusters name, without those of AWS itself.
    pub(super) async fn capacity_providers(&self, names: BTreeSet<String>) {
        const LIST: &str = "capacityProviders";
        self.part.declare(LIST);
        let client = Client::new(&self.config);
        let own: Vec<String> =
            names.into_iter().filter(|one| !one.starts_with("FARGATE")).collect();
        for batch in own.chunks(BATCH) {
            let described = self
                .caller
                .call(&calls::CAPACITY_PROVIDERS, || {
                    let call = client.describe_capacity_providers();
                    let call = call.set_capacity_providers(Some(batch.to_vec()));
                    call.include(CapacityProviderField::Tags).send()
                })
                .await;
            let answer = self.part.take(&calls::CAPACITY_PROVIDERS, &[LIST], "", described);
            let Some(answer) = answer else { continue };
            self.missing(&calls::CAPACITY_PROVIDERS, LIST, answer.failures.unwrap_or_default());
            for one in answer.capacity_providers.unwrap_or_default() {
                let provider = convert::capacity_provider(one);
                self.part.push(LIST, &provider.capacity_provider_arn, &provider);
            }
        }
    }

    /// The account settings in effect.
    pub(super) async fn account_settings(&self) {
        let client = Client::new(&self.config);
        let (list, call) = ("accountSettings", &calls::ACCOUNT_SETTINGS);
        let send = |token| {
            let call = client.list_account_settings().effective_settings(true);
            call.set_next_token(token).send()
        };
        let settings = self.caller.pages(call, send, |page| {
            self.part.declare(list);
            for one in page.settings.unwrap_or_default() {
                let setting = convert::account_setting(one);
                self.part.push(list, &setting.name, &setting);
            }
            page.next_token
        });
        self.part.take(call, &[list], "", settings.await);
    }

    /// Notes what a description leaves out, unless it is gone.
    fn missing(&self, call: &'static Call, list: &'static str, missing: Vec<Missing>) {
        for one in missing {
            let reason = one.reason.unwrap_or_default();
            if reason != "MISSING" {
                let failure = Failure::of_answer(400, Some(&reason), one.detail.as_deref());
                let failure = Failure { kind: Kind::Refused, ..failure };
                self.part.gap(call, &[list], &one.arn.unwrap_or_default(), failure);
            }
        }
    }
}

impl Named {
    fn and(mut self, other: Self) -> Self {
        self.definitions.extend(other.definitions);
        self.log_groups.extend(other.log_groups);
        self.providers.extend(other.providers);
        self
    }
}

fn definitions_of(service: &Service) -> impl Iterator<Item = String> {
    let parts = service.deployments.iter().chain(&service.task_sets);
    let all = parts.map(|one| &one.task_definition).chain([&service.task_definition]);
    all.filter(|arn| !arn.is_empty()).cloned()
}

/// Where ECS Exec logs on a cluster.
fn exec_log_group(cluster: &crate::snapshot::Cluster) -> Option<String> {
    let exec = cluster.configuration.as_ref()?.execute_command_configuration.as_ref()?;
    exec.log_configuration.as_ref()?.cloud_watch_log_group_name.clone()
}
