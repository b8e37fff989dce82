//! What runs in one Region of one account.

use aws_config::SdkConfig;

use super::caller::Caller;
use super::names::{Names, names};
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

/// Where resources are named that clusters, schedules and rules of events bring with them.
#[derive(Debug)]
pub(super) struct Named {
    /// ARNs of task definitions.
    pub(super) definitions: Names,
    pub(super) log_groups: Names,
    /// Names of capacity providers.
    pub(super) providers: Names,
}

impl Region<'_> {
    /// Reads everything: what stands for itself, and at the same time what that names.
    pub(super) async fn read(&self) {
        let (definitions, named_definitions) = names();
        let (log_groups, named_log_groups) = names();
        let (providers, named_providers) = names();
        let (secrets, named_secrets) = names();
        let named = Named { definitions, log_groups: log_groups.clone(), providers };
        tokio::join!(
            self.listed(named),
            self.definitions(named_definitions, log_groups, secrets),
            self.capacity_providers(named_providers),
            self.log_groups(named_log_groups),
            self.secrets(named_secrets),
        );
    }

    /// What stands for itself.
    async fn listed(&self, named: Named) {
        tokio::join!(
            self.clusters(&named),
            self.schedules(&named.definitions),
            self.event_rules(&named.definitions),
            self.account_settings(),
            self.caches(),
            self.scalable_targets(),
            self.repositories(),
            self.trails(),
        );
    }

    /// The beginning of ARNs of a service in this Region of this account.
    pub(super) fn arn(&self, service: &str) -> String {
        let (region, account) = (&self.caller.region, &self.caller.account);
        format!("arn:{}:{service}:{region}:{account}", self.partition)
    }
}
