//! Amazon ECS: clusters and what runs on them.

mod convert;

use std::collections::BTreeSet;
use std::pin::pin;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    CapacityProviderField, ClusterField, ContainerInstanceField, Failure as Missing, ServiceField,
    TaskDefinitionField, TaskField,
};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc::{self, UnboundedSender};

use super::calls::{self, Call};
use super::failure::{Failure, Kind};
use super::names::Names;
use super::region::{Named, Region};
use crate::snapshot::Service;

/// What `DescribeClusters`, `DescribeTasks` and `DescribeContainerInstances` take at once (Amazon ECS API reference, 2026-09).
const BATCH: usize = 100;
/// How many capacity providers come at once, though more may be asked for (Amazon ECS API reference,
/// `DescribeCapacityProviders`, 2026-09).
const PROVIDERS: usize = 10;
/// What `DescribeServices` takes at once (Amazon ECS API reference, 2026-09).
const SERVICES: usize = 10;

/// The status of clusters that are deleted and for a while still listed ("Amazon ECS clusters", developer guide, 2026-09).
const DELETED: &str = "INACTIVE";

/// What a description was asked for.
struct Asked<'a> {
    call: &'static Call,
    /// The list that it goes to.
    list: &'static str,
    arns: &'a [String],
}

impl Region<'_> {
    /// Clusters, services, tasks and hosts. Clusters are looked at while more of them are listed.
    pub(super) async fn clusters(&self, named: &Named) {
        let client = Client::new(&self.config);
        let (found, batches) = mpsc::unbounded_channel();
        let batches = stream::unfold(batches, async |mut batches| {
            let batch: Vec<String> = batches.recv().await?;
            Some((batch, batches))
        });
        let looked_at = batches
            .map(|batch| self.cluster_batch(&client, batch, named))
            .buffer_unordered(self.width)
            .collect::<()>();
        tokio::join!(self.list_clusters(&client, found), looked_at);
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
                    let arns = page.cluster_arns.unwrap_or_default();
                    self.caller.hub.counters.clusters.add(arns.len());
                    for batch in arns.chunks(BATCH) {
                        // Whoever takes them is there as long as this.
                        let _ = found.send(batch.to_vec());
                    }
                    page.next_token
                },
            )
            .await;
        self.part.take(&calls::CLUSTERS, &LISTS, "", listed);
    }

    async fn cluster_batch(&self, client: &Client, arns: Vec<String>, named: &Named) {
        let on_clusters = stream::iter(&arns)
            .map(|arn| async move { Box::pin(self.on_cluster(client, arn, named)).await })
            .buffer_unordered(self.width)
            .collect::<()>();
        tokio::join!(self.describe_clusters(client, &arns, named), on_clusters);
    }

    /// Descriptions of clusters, and the hosts of those that have some.
    async fn describe_clusters(&self, client: &Client, arns: &[String], named: &Named) {
        let described = self
            .caller
            .call(&calls::CLUSTER, || {
                let fields =
                    [ClusterField::Tags, ClusterField::Settings, ClusterField::Configurations];
                let call = client.describe_clusters().set_clusters(Some(arns.to_vec()));
                call.set_include(Some(fields.to_vec())).send()
            })
            .await;
        // Without its description a cluster may have hosts.
        let mut with_hosts = arns.to_vec();
        if let Some(answer) = self.part.take(&calls::CLUSTER, &["clusters"], "", described) {
            let clusters = answer.clusters.unwrap_or_default();
            let asked = Asked { call: &calls::CLUSTER, list: "clusters", arns };
            self.missing(&asked, clusters.len(), answer.failures);
            with_hosts.clear();
            for one in clusters.into_iter().filter(|one| one.status.as_deref() != Some(DELETED)) {
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
    }

    async fn on_cluster(&self, client: &Client, arn: &str, named: &Named) {
        tokio::join!(
            self.services(client, arn, &named.definitions),
            self.tasks(client, arn, &named.definitions),
        );
        self.caller.hub.counters.clusters.finish(1);
    }

    async fn services(&self, client: &Client, cluster: &str, definitions: &Names) {
        let mut arns = BTreeSet::new();
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
        stream::iter(batches(arns, SERVICES))
            .map(|batch| self.service_batch(client, cluster, batch, definitions))
            .buffer_unordered(self.width)
            .collect::<()>()
            .await;
    }

    async fn service_batch(
        &self,
        client: &Client,
        cluster: &str,
        arns: Vec<String>,
        definitions: &Names,
    ) {
        let described = self
            .caller
            .call(&calls::SERVICE, || {
                let call = client.describe_services().cluster(cluster);
                call.set_services(Some(arns.clone())).include(ServiceField::Tags).send()
            })
            .await;
        let answer = self.part.take(&calls::SERVICE, &["services"], cluster, described);
        if let Some(answer) = answer {
            let services = answer.services.unwrap_or_default();
            let asked = Asked { call: &calls::SERVICE, list: "services", arns: &arns };
            self.missing(&asked, services.len(), answer.failures);
            for one in services {
                let service = convert::service(one);
                definitions.extend(definitions_of(&service));
                self.part.push("services", &service.service_arn, &service);
            }
        }
    }

    async fn tasks(&self, client: &Client, cluster: &str, definitions: &Names) {
        let mut arns = BTreeSet::new();
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
        stream::iter(batches(arns, BATCH))
            .map(|batch| self.task_batch(client, cluster, batch, definitions))
            .buffer_unordered(self.width)
            .collect::<()>()
            .await;
    }

    async fn task_batch(
        &self,
        client: &Client,
        cluster: &str,
        arns: Vec<String>,
        definitions: &Names,
    ) {
        let described = self
            .caller
            .call(&calls::TASK, || {
                let call = client.describe_tasks().cluster(cluster);
                call.set_tasks(Some(arns.clone())).include(TaskField::Tags).send()
            })
            .await;
        let answer = self.part.take(&calls::TASK, &["tasks"], cluster, described);
        if let Some(answer) = answer {
            let tasks = answer.tasks.unwrap_or_default();
            let asked = Asked { call: &calls::TASK, list: "tasks", arns: &arns };
            self.missing(&asked, tasks.len(), answer.failures);
            for one in tasks {
                let mut task = convert::task(one);
                let replaced =
                    task.overrides.iter_mut().flat_map(|one| &mut one.container_overrides);
                replaced.for_each(|one| self.redaction.replaced(one));
                definitions.add(&task.task_definition_arn);
                self.part.push("tasks", &task.task_arn, &task);
            }
        }
    }

    async fn hosts(&self, client: &Client, cluster: &str) {
        let mut arns = BTreeSet::new();
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
        for batch in batches(arns, BATCH) {
            let described = self
                .caller
                .call(&calls::CONTAINER_INSTANCE, || {
                    let call = client.describe_container_instances().cluster(cluster);
                    let call = call.set_container_instances(Some(batch.clone()));
                    call.include(ContainerInstanceField::Tags).send()
                })
                .await;
            let answer = self.part.take(&calls::CONTAINER_INSTANCE, &list, cluster, described);
            if let Some(answer) = answer {
                let hosts = answer.container_instances.unwrap_or_default();
                let call = &calls::CONTAINER_INSTANCE;
                let asked = Asked { call, list: "containerInstances", arns: &batch };
                self.missing(&asked, hosts.len(), answer.failures);
                for one in hosts {
                    let host = convert::container_instance(one);
                    self.part.push("containerInstances", &host.container_instance_arn, &host);
                }
            }
        }
    }

    /// The task definitions that something runs or may run, which name log groups and secrets.
    pub(super) async fn definitions(
        &self,
        arns: impl Stream<Item = String>,
        log_groups: Names,
        secrets: Names,
    ) {
        let client = Client::new(&self.config);
        self.part.declare("taskDefinitions");
        let client = &client;
        let described = arns.map(|arn| async move {
            let described = self
                .caller
                .call(&calls::TASK_DEFINITION, || {
                    let call = client.describe_task_definition().task_definition(&arn);
                    call.include(TaskDefinitionField::Tags).send()
                })
                .await
                .and_then(|one| {
                    let definition = one.task_definition.ok_or_else(Failure::of_unreadable)?;
                    Ok((definition, one.tags))
                });
            self.part.take(&calls::TASK_DEFINITION, &["taskDefinitions"], &arn, described)
        });
        let mut described = pin!(described.buffer_unordered(self.width));
        while let Some(answer) = described.next().await {
            let Some((definition, tags)) = answer else { continue };
            let mut definition = convert::task_definition(definition, tags);
            for container in &definition.container_definitions {
                log_groups.extend(convert::log_group(container, &self.caller.region));
                secrets.extend(convert::secrets(container));
            }
            self.redaction.definition(&mut definition);
            self.part.push("taskDefinitions", &definition.task_definition_arn, &definition);
        }
    }

    /// The capacity providers that clusters name, without those of AWS itself.
    pub(super) async fn capacity_providers(&self, names: impl Stream<Item = String>) {
        const LIST: &str = "capacityProviders";
        self.part.declare(LIST);
        let client = Client::new(&self.config);
        let own = names.filter(|one| std::future::ready(!one.starts_with("FARGATE")));
        let own: Vec<String> = own.collect().await;
        for batch in own.chunks(PROVIDERS) {
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
            let providers = answer.capacity_providers.unwrap_or_default();
            let asked = Asked { call: &calls::CAPACITY_PROVIDERS, list: LIST, arns: batch };
            self.missing(&asked, providers.len(), answer.failures);
            for one in providers {
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

    /// Notes what a description leaves out: what it says is missing is gone, unless for another reason, and of all else
    /// that was asked about it says something.
    fn missing(&self, asked: &Asked<'_>, described: usize, missing: Option<Vec<Missing>>) {
        let missing = missing.unwrap_or_default();
        if described + missing.len() < asked.arns.len() {
            let message = "the answer says nothing of something that was asked about";
            let failure = Failure::new(Kind::Refused, "IncompleteAnswer", message);
            self.part.gap(asked.call, &[asked.list], "", failure);
        }
        for one in missing {
            let reason = one.reason.unwrap_or_default();
            if reason != "MISSING" {
                let failure = Failure::of_answer(400, Some(&reason), one.detail.as_deref());
                let failure = Failure { kind: Kind::Refused, ..failure };
                self.part.gap(asked.call, &[asked.list], &one.arn.unwrap_or_default(), failure);
            }
        }
    }
}

fn definitions_of(service: &Service) -> impl Iterator<Item = String> {
    let parts = service.deployments.iter().chain(&service.task_sets);
    let all = parts.map(|one| &one.task_definition).chain([&service.task_definition]);
    all.filter(|arn| !arn.is_empty()).cloned()
}

/// What is described at once, each once: pages may repeat what is listed.
fn batches(arns: BTreeSet<String>, size: usize) -> Vec<Vec<String>> {
    let arns: Vec<String> = arns.into_iter().collect();
    arns.chunks(size).map(<[String]>::to_vec).collect()
}

/// Where ECS Exec logs on a cluster.
fn exec_log_group(cluster: &crate::snapshot::Cluster) -> Option<String> {
    let exec = cluster.configuration.as_ref()?.execute_command_configuration.as_ref()?;
    exec.log_configuration.as_ref()?.cloud_watch_log_group_name.clone()
}
