//! One account: its Regions at once, and what has no Region.

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use futures_util::{StreamExt, stream};

use super::caller::Caller;
use super::part::Part;
use super::region::Region;
use super::session::{Role, Session};
use super::store::StoreError;
use super::{Call, Collection, Failure, calls, iam, permissions, regions};
use crate::snapshot::{Account, Unread};

/// An account to read.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) source: Source,
}

/// As whom an account is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// With the credentials that the collection began with.
    Own,
    /// Through a role of the account.
    Role,
}

/// Regions of an account that are read at once: each holds some buffers.
const REGIONS: usize = 6;

/// The services whose calls have no Region, but for the Organization.
const WITHOUT_REGION: [&str; 3] = ["iam", "sts", "ec2"];

impl Collection<'_> {
    /// Reads an account into its folder.
    pub(super) async fn account(&self, target: &Target) -> Result<(), StoreError> {
        let (caller, config) = match self.enter(target).await {
            Ok(entered) => entered,
            Err(failure) => {
                self.store.forget(&target.id, "", &["sts"])?;
                return self.unread_of(target, &calls::ASSUME_ROLE, &failure);
            }
        };
        let known = self.store.account(&target.id).and_then(|one| one.regions);
        let is_known = known.is_some() && self.store.has(&target.id, "", &WITHOUT_REGION);
        if !is_known {
            self.store.begin(&target.id, "", &WITHOUT_REGION)?;
        }
        self.store.add_account(Account {
            id: target.id.clone(),
            name: target.name.clone(),
            // Regions that were guessed are asked for again.
            regions: known.clone().filter(|_| is_known),
        })?;
        let iam =
            async { if is_known { Ok(()) } else { self.iam(target, &caller, &config).await } };
        let known = known.filter(|_| is_known);
        let (iam, regions) = tokio::join!(iam, self.all_regions(target, known, &caller, &config));
        iam.and(regions)
    }

    /// Reads the Regions of an account; which there are is asked unless it is known.
    async fn all_regions(
        &self,
        target: &Target,
        known: Option<Vec<String>>,
        caller: &Caller,
        config: &SdkConfig,
    ) -> Result<(), StoreError> {
        let regions = match known {
            _ if !self.settings.reads_regions => Vec::new(),
            Some(regions) => regions,
            None => match self.regions(target, caller, config).await? {
                Some(regions) => regions,
                None => return Ok(()),
            },
        };
        self.store.add_account(Account {
            id: target.id.clone(),
            name: target.name.clone(),
            regions: Some(regions.clone()),
        })?;
        self.client.hub.counters.regions.add(regions.len());
        self.each_region(regions, caller, config).await
    }

    /// Calls into the account, and their configuration.
    async fn enter(&self, target: &Target) -> Result<(Caller, SdkConfig), Failure> {
        let own = self.client.caller(&target.id, "");
        if target.source == Source::Own {
            return Ok((own, self.client.config.clone()));
        }
        let settings = self.settings;
        let Some(role_name) = &settings.scope.role_name else {
            let message = "nothing says which role of the account to enter";
            return Err(Failure::new(super::Kind::Refused, "NoRoleName", message));
        };
        let role = Role {
            arn: format!("arn:{}:iam::{}:role/{role_name}", self.who.partition, target.id),
            external_id: settings.external_id.clone(),
            session_name: settings.session_name.clone(),
            tags: settings.session_tags.clone(),
            policy: permissions::policy(None).to_string(),
            sts: aws_sdk_sts::Client::new(&self.client.config),
        };
        let first = own.call(&calls::ASSUME_ROLE, || role.enter()).await?;
        let session = Session::of_role(role, first);
        let config = self.client.config.clone().into_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(session.clone()));
        Ok((Caller { session: Some(session), ..own }, config.build()))
    }

    /// The Regions to read: of those that are asked for, the ones that are enabled. None if the collection was stopped.
    async fn regions(
        &self,
        target: &Target,
        caller: &Caller,
        config: &SdkConfig,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let asked = &self.settings.scope.regions;
        let enabled = match regions::enabled(caller, config).await {
            Ok(enabled) => enabled,
            Err(_) if self.client.hub.is_stopped() => return Ok(None),
            // Who names Regions need not be allowed to list them.
            Err(_) if !asked.is_empty() => asked.clone(),
            Err(failure) => {
                self.unread_of(target, &calls::REGIONS, &failure)?;
                regions::ALWAYS.map(str::to_owned).to_vec()
            }
        };
        self.note_not_enabled(target, &enabled)?;
        let wanted = enabled.into_iter().filter(|one| asked.is_empty() || asked.contains(one));
        Ok(Some(wanted.collect()))
    }

    /// Notes the Regions that are asked for and not enabled: what was left in one before it was switched off is still there.
    fn note_not_enabled(&self, target: &Target, enabled: &[String]) -> Result<(), StoreError> {
        let asked = &self.settings.scope.regions;
        let others: Vec<&str> =
            asked.iter().filter(|one| !enabled.contains(one)).map(String::as_str).collect();
        if others.is_empty() {
            return Ok(());
        }
        let message = format!("{} is not enabled in this account", others.join(", "));
        let failure = Failure::new(super::Kind::Refused, "RegionNotEnabled", &message);
        self.unread_of(target, &calls::REGIONS, &failure)
    }

    async fn iam(
        &self,
        target: &Target,
        caller: &Caller,
        config: &SdkConfig,
    ) -> Result<(), StoreError> {
        let (details, keys) = (Part::new(), Part::new());
        iam::read(caller, config, self.settings.concurrency, &details, &keys).await;
        self.store.iam(details, keys, &target.id)
    }

    async fn each_region(
        &self,
        regions: Vec<String>,
        caller: &Caller,
        config: &SdkConfig,
    ) -> Result<(), StoreError> {
        let mut read = stream::iter(regions)
            .map(|region| async move {
                let read = self.region(&region, caller, config).await;
                self.client.hub.counters.regions.finish(1);
                read
            })
            .buffer_unordered(REGIONS);
        while let Some(read) = read.next().await {
            read?;
        }
        Ok(())
    }

    async fn region(
        &self,
        name: &str,
        caller: &Caller,
        config: &SdkConfig,
    ) -> Result<(), StoreError> {
        let account = &*caller.account;
        if self.client.hub.is_stopped() || self.store.has(account, name, &[]) {
            return Ok(());
        }
        self.store.begin(account, name, &[])?;
        let region = Region {
            caller: Caller { region: name.into(), ..caller.clone() },
            config: config
                .clone()
                .into_builder()
                .region(aws_config::Region::new(name.to_owned()))
                .build(),
            part: Part::new(),
            redaction: &self.redaction,
            width: self.settings.concurrency,
            partition: &self.who.partition,
        };
        Box::pin(region.read()).await;
        // What was read before the collection was stopped is kept; the calls that were not made are noted.
        self.store.region(region.part, account, name)
    }

    fn unread_of(&self, target: &Target, call: &Call, failure: &Failure) -> Result<(), StoreError> {
        if failure.kind == super::Kind::Interrupted {
            return Ok(());
        }
        let unread = Unread { account: target.id.clone(), ..self.unread(call, failure) };
        self.store.note(vec![unread])
    }
}
