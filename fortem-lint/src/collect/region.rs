//! What runs in one Region of one account.

use std::collections::BTreeSet;

use aws_config::SdkConfig;

use super::caller::Caller;
use super::part::Part;
use super::redaction::Redaction;

/// A Region that is being read; the modules of services add what they read.
#[derive(Debug)]
pub(super) struct Region<'c> {
    pub(super) caller: Caller,
    pub(super) config: SdkConfig,
    pub(super) part: Part,
    pub(super) redaction: &'c Redaction,
    /// So many resources are looked at at once; how many calls that makes is up to the pace.
    pub(super) width: usize,
    pub(super) partition: &'c str,
}

impl Region<'_> {
    /// Reads everything: first what stands for itself, then what that names.
    pub(super) async fn read(&self) {
        let (clusters, by_schedules, by_rules, (), (), (), (), ()) = tokio::join!(
            self.clusters(),
            self.schedules(),
            self.event_rules(),
            self.account_settings(),
            self.caches(),
            self.scalable_targets(),
            self.repositories(),
            self.trails(),
        );
        let definitions: BTreeSet<String> =
            clusters.definitions.into_iter().chain(by_schedules).chain(by_rules).collect();
        let ((mut log_groups, secrets), ()) = tokio::join!(
            self.definitions(definitions),
            self.capacity_providers(clusters.providers),
        );
        log_groups.extend(clusters.log_groups);
        tokio::join!(self.log_groups(log_groups), self.secrets(secrets));
    }

    /// The beginning of ARNs of a service in this Region of this account.
    pub(super) fn arn(&self, service: &str) -> String {
        let (region, account) = (&self.caller.region, &self.caller.account);
        format!("arn:{}:{service}:{region}:{account}", self.partition)
    }
}
