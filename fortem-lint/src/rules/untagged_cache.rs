//! FL007.

use super::untagged;
use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};

/// A cache or one of its users without the environment's tag.
#[derive(Debug)]
pub(super) struct UntaggedCache;

static META: Meta = Meta {
    id: "FL007",
    name: "untagged-elasticache",
    summary: "A cache, or a user or user group of caches, has no environment tag",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Resources],
    criteria: &["CC6.1"],
    why: "`elasticache:Connect` looks at the tags of the cache and of the user; without them, who may connect, \
          flush or reboot cannot be told by environment.",
    remediation: "Tag it: `aws elasticache add-tags-to-resource --resource-name ARN --tags \
          Key=Environment,Value=NAME`",
    example: r#"{"schema": "fortem-inventory", "replicationGroups": [{"ReplicationGroupId": "redis-prod",
  "ARN": "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:redis-prod", "Tags": []}]}"#,
    limits: "The nodes of a replication group are not looked at one by one, nor is the user `default`, which AWS \
          makes.",
    peers: &[],
};

impl Rule for UntaggedCache {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for region in &facts.regions {
            let named = |name: &str| facts.environment_named(name);
            let inventory = region.inventory;
            let groups = findings.list(&META, region, &inventory.replication_groups).iter();
            untagged::report(&META, facts, region, findings, groups, |one| {
                named(&one.replication_group_id)
            });
            let clusters = findings.list(&META, region, &inventory.cache_clusters).iter();
            let alone = clusters.filter(|one| one.replication_group_id.is_none());
            untagged::report(&META, facts, region, findings, alone, |one| {
                named(&one.cache_cluster_id)
            });
            let serverless = findings.list(&META, region, &inventory.serverless_caches).iter();
            untagged::report(&META, facts, region, findings, serverless, |one| {
                named(&one.serverless_cache_name)
            });
            let users = findings.list(&META, region, &inventory.cache_users).iter();
            let made = users.filter(|one| one.user_id != "default");
            untagged::report(&META, facts, region, findings, made, |one| named(&one.user_id));
            let groups = findings.list(&META, region, &inventory.cache_user_groups).iter();
            untagged::report(&META, facts, region, findings, groups, |one| {
                named(&one.user_group_id)
            });
        }
    }
}
