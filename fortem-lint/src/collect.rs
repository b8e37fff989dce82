//! Reads accounts through the AWS SDK into a snapshot.
//!
//! ```text
//! who → Organization → accounts → Regions and IAM → files
//! ```
//!
//! A call that fails is tried again where that may help, and noted in the manifest where it does not, so that nothing that
//! could not be read looks clean. What is read is written to disk as it comes; what is held does not grow with accounts.
//!
//! - `calls` is the table of all calls, and [`permissions`] the policy that follows from it.
//! - `caller` makes a call in its turn (`pace`), with whoever's credentials (`session`), and knows failures (`failure`).
//! - `region` reads what runs in a Region, a file a service; `iam` and `organization` what has no Region.
//! - `part` gathers a file, `spool` keeps it on disk, and `store` puts it into the folder.

mod account;
mod caches;
mod caller;
mod calls;
mod client;
mod counters;
mod ecs;
mod events;
mod failure;
mod iam;
mod logs;
mod names;
mod organization;
mod pace;
mod part;
pub mod permissions;
mod redaction;
mod region;
mod regions;
mod repositories;
mod scaling;
mod schedules;
mod secrets;
mod session;
mod spool;
mod store;
mod trails;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use thiserror::Error;
use tokio::sync::watch;

use self::account::{Source, Target};
use self::caller::{Caller, Hub};
use self::client::Client;
use self::organization::{Membership, Tree};
use self::pace::Pace;
use self::redaction::Redaction;
use self::store::Store;
use crate::snapshot::{Manifest, Scope, Unread};

pub use self::calls::{Call, Needed};
pub use self::counters::{Counters, Progress};
pub use self::failure::{Failure, Kind};
pub use self::store::StoreError;

/// How a collection is to go.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What to read.
    pub scope: Scope,
    /// Whether what runs in Regions is read too, or only who may do what.
    pub reads_regions: bool,
    /// The profile of the shared configuration files; the usual one if none.
    pub profile: Option<String>,
    /// What the roles of other accounts ask for besides the caller.
    pub external_id: Option<String>,
    /// The name of the sessions in other accounts, as their trails show it.
    pub session_name: String,
    /// Tags of the sessions in other accounts.
    pub session_tags: BTreeMap<String, String>,
    /// Calls under way at once, at least one.
    pub concurrency: usize,
    /// Of these, calls into one account.
    pub concurrency_of_account: usize,
    /// Calls a second; as many as services take if none.
    pub most_per_second: Option<f64>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long a throttled call is tried again.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            reads_regions: true,
            profile: None,
            external_id: None,
            session_name: "fortem-lint".to_owned(),
            session_tags: BTreeMap::new(),
            concurrency: 16,
            concurrency_of_account: 16,
            most_per_second: None,
            timeout: Duration::from_secs(20),
            patience: Duration::from_mins(3),
        }
    }
}

/// Why nothing can be collected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The credentials are not good, or there are none.
    #[error("AWS does not say who is calling: {0}")]
    Caller(Failure),
    /// What names the address of a service names none.
    #[error("`{0}` is not an address such as `https://ecs.eu-west-1.amazonaws.com`")]
    Endpoint(String),
    /// What names a Region names none.
    #[error("`{0}` is no Region, but AWS_REGION or the profile names it")]
    Region(String),
    /// The folder cannot take the snapshot.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// Reads what `settings` ask for into a folder; where it is to be `resumed`, into that of an earlier run that did not come
/// to its end or could not read everything. It ends early, with what is whole, once `stop` holds.
///
/// Gives the manifest, whose `unread` tells what could not be read.
///
/// # Errors
///
/// [`CollectError`] if nothing was collected, or if files cannot be written.
pub async fn collect(
    folder: &Path,
    resumed: bool,
    settings: &Settings,
    counters: Arc<Counters>,
    stop: watch::Receiver<bool>,
) -> Result<Manifest, CollectError> {
    let pace =
        Pace::new(settings.concurrency, settings.concurrency_of_account, settings.most_per_second);
    let hub = Arc::new(Hub::new(pace, counters, settings.patience, stop));
    let client = Client::load(settings, hub).await?;
    let who = client.who().await.map_err(CollectError::Caller)?;
    let now = jiff::Timestamp::now().to_string();
    let store = if resumed {
        Store::resume(folder, &who.account, &settings.scope, now)?
    } else {
        let id = random_name()?;
        Store::create(folder, store::manifest(id, &who.account, &settings.scope, &now))?
    };
    let collection = Collection {
        settings,
        client: &client,
        who: &who,
        store: &store,
        redaction: Redaction::new()?,
    };
    collection.run().await?;
    let manifest = store.manifest().clone();
    Ok(manifest)
}

/// A collection under way.
#[derive(Debug)]
struct Collection<'c> {
    settings: &'c Settings,
    client: &'c Client,
    who: &'c client::Who,
    store: &'c Store,
    redaction: Redaction,
}

/// Accounts that are read at once: each holds some buffers.
const ACCOUNTS: usize = 8;

impl Collection<'_> {
    async fn run(&self) -> Result<(), StoreError> {
        if self.settings.scope.organization {
            let tree = self.organization().await?;
            self.accounts(self.targets(tree.as_ref())?).await?;
        } else {
            // Who asks for some accounts need not wait for the Organization.
            let (tree, accounts) =
                tokio::join!(self.organization(), self.accounts(self.targets(None)?));
            tree?;
            accounts?;
        }
        let is_finished = !self.client.hub.is_stopped();
        self.store.change(|manifest| {
            if let Some(run) = &mut manifest.run {
                run.is_finished = is_finished;
            }
        })
    }

    /// The Organization, as far as the account may read it.
    async fn organization(&self) -> Result<Option<Tree>, StoreError> {
        let caller = self.client.caller(&self.who.account, "");
        let client = aws_sdk_organizations::Client::new(&self.client.config);
        self.store.forget(&self.who.account, "", &["organizations"])?;
        let read = match organization::membership(&caller, &client).await {
            Ok(Membership::Alone) => return Ok(None),
            Ok(Membership::In(management)) => {
                self.store.change(|manifest| {
                    manifest.management_account = Some(management.clone());
                })?;
                organization::tree(&caller, &client, management).await
            }
            Err(failure) => Err((&calls::ORGANIZATION, failure)),
        };
        match read {
            Ok(tree) => {
                let gaps = tree.gaps.iter().map(|(call, failure)| self.unread(call, failure));
                self.store.note(gaps.collect())?;
                if tree.has_policies {
                    self.store.organization(&tree)?;
                }
                Ok(Some(tree))
            }
            Err((call, failure)) => {
                self.store.note(vec![self.unread(call, &failure)])?;
                self.effective_tag_policy(&caller, &client).await?;
                Ok(None)
            }
        }
    }

    /// What an account that may not read the Organization may know of it.
    async fn effective_tag_policy(
        &self,
        caller: &Caller,
        client: &aws_sdk_organizations::Client,
    ) -> Result<(), StoreError> {
        match organization::effective_tag_policy(caller, client).await {
            Ok(policy) => self.store.tag_policy(&self.who.account, policy),
            Err(failure) => self.store.note(vec![self.unread(&calls::EFFECTIVE_POLICY, &failure)]),
        }
    }

    fn unread(&self, call: &Call, failure: &Failure) -> Unread {
        Unread {
            account: self.who.account.clone(),
            service: call.service.to_owned(),
            call: call.name.to_owned(),
            reason: failure.to_string(),
            ..Unread::default()
        }
    }

    /// The accounts to read, by number.
    fn targets(&self, tree: Option<&Tree>) -> Result<Vec<Target>, StoreError> {
        let scope = &self.settings.scope;
        let mut targets: BTreeMap<String, Option<String>> = BTreeMap::new();
        let nodes = tree.iter().flat_map(|tree| &tree.nodes);
        let active = nodes.filter(|node| node.is_account && node.state.is_none());
        targets.extend(active.map(|node| (node.id.clone(), Some(node.name.clone()))));
        let named: BTreeSet<&String> = scope.accounts.iter().collect();
        if tree.is_none() {
            targets.extend(named.iter().map(|id| ((*id).clone(), None)));
        }
        if targets.is_empty() {
            targets.insert(self.who.account.clone(), None);
        }
        let absent = named.iter().filter(|id| !targets.contains_key(**id));
        let absent = absent.map(|id| Unread {
            account: (*id).clone(),
            service: calls::ACCOUNTS.service.to_owned(),
            call: calls::ACCOUNTS.name.to_owned(),
            reason: "NoSuchAccount: the Organization has no active account of this number"
                .to_owned(),
            ..Unread::default()
        });
        self.store.note(absent.collect())?;
        targets.retain(|id, _| {
            (named.is_empty() || named.contains(id)) && !scope.exclude_accounts.contains(id)
        });
        let own = &self.who.account;
        let targets = targets.into_iter().map(|(id, name)| Target {
            source: if id == *own { Source::Own } else { Source::Role },
            id,
            name,
        });
        Ok(targets.collect())
    }

    async fn accounts(&self, targets: Vec<Target>) -> Result<(), StoreError> {
        self.client.hub.counters.accounts.add(targets.len());
        let mut accounts = stream::iter(targets)
            .map(|target| async move {
                let read = self.account(&target).await;
                self.client.hub.counters.accounts.finish(1);
                read
            })
            .buffer_unordered(ACCOUNTS);
        while let Some(read) = accounts.next().await {
            read?;
        }
        Ok(())
    }
}

fn random_name() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
