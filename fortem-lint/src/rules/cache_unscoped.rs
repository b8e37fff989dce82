//! FL106.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};

/// Caches of another environment can be emptied, restarted or changed.
#[derive(Debug)]
pub(super) struct CacheUnscoped;

static META: Meta = Meta {
    id: "FL106",
    name: "cache-unscoped",
    summary: "Caches of every environment can be emptied, restarted or changed",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Whoever may connect to a cache as any user may flush it, and whoever may change or restart it \
          takes production's sessions with it; IAM sees the connection only, never the keys.",
    remediation: "Tie the cache and its users to the environment by `aws:ResourceTag/Environment`, or name \
                  both in `Resource`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Flush", "Effect": "Allow",
  "Action": "elasticache:Connect", "Resource": "*"}]}"#,
    limits: "What a connected user may do is in the access string of the cache's user, which IAM does not \
             see. Caches with a password alone are guarded by the secret that holds it.",
    peers: &[],
};

/// Calls that connect to a cache, change, restart or delete it (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "elasticache:Connect",
    "elasticache:DecreaseReplicaCount",
    "elasticache:DeleteCacheCluster",
    "elasticache:DeleteReplicationGroup",
    "elasticache:DeleteServerlessCache",
    "elasticache:DeleteUser",
    "elasticache:DeleteUserGroup",
    "elasticache:ModifyCacheCluster",
    "elasticache:ModifyReplicationGroup",
    "elasticache:ModifyReplicationGroupShardConfiguration",
    "elasticache:ModifyServerlessCache",
    "elasticache:ModifyUser",
    "elasticache:ModifyUserGroup",
    "elasticache:RebootCacheCluster",
    "elasticache:TestFailover",
    "memorydb:Connect",
    "memorydb:DeleteCluster",
    "memorydb:FailoverShard",
    "memorydb:UpdateCluster",
    "memorydb:UpdateUser",
];

impl Rule for CacheUnscoped {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        unscoped::report(&META, CALLS, subject, facts, findings, |group, foreign| {
            format!("the caches of `{}` are open to {}", foreign.name, group.actions())
        });
    }
}
