//! ElastiCache: caches, their users, and the groups of users.

use std::collections::BTreeSet;

use aws_sdk_elasticache::{Client, types};

use super::calls;
use super::region::Region;
use crate::snapshot::{
    CacheCluster, CacheUser, CacheUserGroup, Endpoint, NodeGroup, ReplicationGroup,
    ServerlessCache, Tags,
};

impl Region<'_> {
    /// Replication groups, clusters that stand alone, serverless caches, users and groups of users.
    pub(super) async fn caches(&self) {
        let client = Client::new(&self.config);
        let (groups, (), serverless, users) = tokio::join!(
            self.replication_groups(&client),
            self.cache_clusters(&client),
            self.serverless_caches(&client),
            self.cache_users(&client),
        );
        // Every group has users: with the users and what uses groups, all groups are known.
        if let Some(users) = users {
            self.part.declare("cacheUserGroups");
            let names: BTreeSet<String> =
                groups.into_iter().chain(serverless).chain(users).collect();
            for name in names {
                let arn = format!("{}:usergroup:{name}", self.arn("elasticache"));
                let tags = self.cache_tags(&client, &arn).await;
                let group = CacheUserGroup { user_group_id: name.clone(), arn, tags };
                self.part.push("cacheUserGroups", &name, &group);
            }
        }
    }

    async fn cache_tags(&self, client: &Client, arn: &str) -> Option<Tags> {
        let listed = self
            .caller
            .call(&calls::CACHE_TAGS, || client.list_tags_for_resource().resource_name(arn).send())
            .await;
        let answer = self.part.take(&calls::CACHE_TAGS, &[], arn, listed)?;
        let tags = answer.tag_list.unwrap_or_default().into_iter();
        let tags = tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()));
        Some(Tags::new(tags.collect()))
    }

    /// Gives the groups of users that may use them.
    async fn replication_groups(&self, client: &Client) -> Vec<String> {
        const LIST: &str = "replicationGroups";
        let mut found = Vec::new();
        let send = |marker| client.describe_replication_groups().set_marker(marker).send();
        let listed = self.caller.pages(&calls::REPLICATION_GROUPS, send, |page| {
            self.part.declare(LIST);
            found.extend(page.replication_groups.unwrap_or_default());
            page.marker
        });
        self.part.take(&calls::REPLICATION_GROUPS, &[LIST], "", listed.await);
        let mut users = Vec::new();
        for one in found {
            users.extend(one.user_group_ids.unwrap_or_default());
            let arn = one.arn.unwrap_or_default();
            let group = ReplicationGroup {
                replication_group_id: one.replication_group_id.unwrap_or_default(),
                tags: self.cache_tags(client, &arn).await,
                arn,
                node_groups: one
                    .node_groups
                    .unwrap_or_default()
                    .into_iter()
                    .map(|one| self.node_group(one))
                    .collect(),
                configuration_endpoint: one.configuration_endpoint.map(|one| self.endpoint(one)),
            };
            self.part.push(LIST, &group.arn, &group);
        }
        users
    }

    /// Nodes of replication groups have the tags of their group, and are left out.
    async fn cache_clusters(&self, client: &Client) {
        const LIST: &str = "cacheClusters";
        let mut found = Vec::new();
        let send = |marker| client.describe_cache_clusters().set_marker(marker).send();
        let listed = self.caller.pages(&calls::CACHE_CLUSTERS, send, |page| {
            self.part.declare(LIST);
            let clusters = page.cache_clusters.unwrap_or_default().into_iter();
            found.extend(clusters.filter(|one| one.replication_group_id.is_none()));
            page.marker
        });
        self.part.take(&calls::CACHE_CLUSTERS, &[LIST], "", listed.await);
        for one in found {
            let arn = one.arn.unwrap_or_default();
            let cluster = CacheCluster {
                cache_cluster_id: one.cache_cluster_id.unwrap_or_default(),
                tags: self.cache_tags(client, &arn).await,
                arn,
                replication_group_id: None,
                configuration_endpoint: one.configuration_endpoint.map(|one| self.endpoint(one)),
            };
            self.part.push(LIST, &cluster.arn, &cluster);
        }
    }

    /// Gives the groups of users that may use them.
    async fn serverless_caches(&self, client: &Client) -> Vec<String> {
        const LIST: &str = "serverlessCaches";
        let mut found = Vec::new();
        let send = |token| client.describe_serverless_caches().set_next_token(token).send();
        let listed = self.caller.pages(&calls::SERVERLESS_CACHES, send, |page| {
            self.part.declare(LIST);
            found.extend(page.serverless_caches.unwrap_or_default());
            page.next_token
        });
        self.part.take(&calls::SERVERLESS_CACHES, &[LIST], "", listed.await);
        let mut users = Vec::new();
        for one in found {
            users.extend(one.user_group_id);
            let arn = one.arn.unwrap_or_default();
            let cache = ServerlessCache {
                serverless_cache_name: one.serverless_cache_name.unwrap_or_default(),
                tags: self.cache_tags(client, &arn).await,
                arn,
                endpoint: one.endpoint.map(|one| self.endpoint(one)),
            };
            self.part.push(LIST, &cache.arn, &cache);
        }
        users
    }

    /// Gives the groups that users are in; none if that is not known.
    async fn cache_users(&self, client: &Client) -> Option<Vec<String>> {
        const LIST: &str = "cacheUsers";
        let mut found = Vec::new();
        let send = |marker| client.describe_users().set_marker(marker).send();
        let listed = self.caller.pages(&calls::CACHE_USERS, send, |page| {
            self.part.declare(LIST);
            found.extend(page.users.unwrap_or_default());
            page.marker
        });
        let lists = [LIST, "cacheUserGroups"];
        let whole = self.part.take(&calls::CACHE_USERS, &lists, "", listed.await);
        let mut groups = Vec::new();
        for one in found {
            groups.extend(one.user_group_ids.unwrap_or_default());
            let arn = one.arn.unwrap_or_default();
            let user = CacheUser {
                user_id: one.user_id.unwrap_or_default(),
                tags: self.cache_tags(client, &arn).await,
                arn,
            };
            self.part.push(LIST, &user.arn, &user);
        }
        whole.map(|()| groups)
    }

    fn endpoint(&self, one: types::Endpoint) -> Endpoint {
        let address = one.address.unwrap_or_default();
        Endpoint { hash: Some(self.redaction.hash(&address)), address }
    }

    fn node_group(&self, one: types::NodeGroup) -> NodeGroup {
        NodeGroup {
            primary_endpoint: one.primary_endpoint.map(|one| self.endpoint(one)),
            reader_endpoint: one.reader_endpoint.map(|one| self.endpoint(one)),
        }
    }
}
