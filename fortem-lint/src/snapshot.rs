//! The snapshot: what was read from accounts, as plain JSON in a directory.
//!
//! ```text
//! snapshot.json            the manifest: schema, version, accounts, and what could not be read
//! organization.json        the tree of the Organization with its policies (optional)
//! 111122223333/iam.json    `aws iam get-account-authorization-details`, as it is printed
//! 111122223333/tag-policy.json  `aws organizations describe-effective-policy`, of an account that cannot read the tree
//! 111122223333/eu-west-1.json   what runs there
//! ```
//!
//! A file of a Region is an [`Inventory`]: lists in the field names of the AWS APIs, unknown fields ignored. A list that
//! is absent was not read, and rules that need it say so; an empty list says that nothing is there. In the same way a
//! resource without `tags` is one whose tags were not read, and one with empty `tags` has none.
//!
//! A lone file of a Region is an input too, and so is what `aws ecs describe-services`, `describe-task-definition` and
//! their kin print, since their lists have the same names.

mod ecs;
mod inventory;
mod other;
mod redacted;
mod tags;

use serde::{Deserialize, Serialize};

pub use ecs::{
    AccountSetting, AwsvpcConfiguration, Capabilities, CapacityProvider, Cluster,
    ClusterConfiguration, Container, ContainerInstance, ContainerOverride, Deployment,
    ExecConfiguration, ExecLog, Host, LinuxParameters, LogConfiguration, NetworkConfiguration,
    Overrides, SecretReference, Service, Strategy, Task, TaskDefinition, Variable, Volume,
};
pub(crate) use inventory::Lists;
pub use inventory::{Inventory, Item, Listed, Summary};
pub use other::{
    CacheCluster, CacheUser, CacheUserGroup, EcsParameters, Endpoint, EventRule, LogGroup,
    NodeGroup, Parameter, ReplicationGroup, Repository, ScalableTarget, Schedule, ScheduleGroup,
    Secret, ServerlessCache, Target, Trail,
};
pub use redacted::{Redacted, Verdict};
pub use tags::Tags;

/// What the manifest says of itself in `schema`.
pub const SCHEMA: &str = "fortem-snapshot";
/// The version of the format that is written, and the highest that is read.
pub const VERSION: u32 = 1;
/// The name of the manifest.
pub const MANIFEST: &str = "snapshot.json";
/// The name of the file with the Organization.
pub const ORGANIZATION: &str = "organization.json";
/// The name of the file with an account's users, roles, groups and policies.
pub const IAM: &str = "iam.json";

/// The name of the file with the tag policy in effect for an account.
pub const TAG_POLICY: &str = "tag-policy.json";

/// The manifest of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the format.
    pub version: u32,
    /// What wrote it.
    #[serde(default)]
    pub tool: String,
    /// When, as RFC 3339.
    #[serde(default)]
    pub collected: String,
    /// The Regions that were asked.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The number of the management account, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_account: Option<String>,
    /// The accounts; each has a folder.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// What could not be read.
    #[serde(default)]
    pub unread: Vec<Unread>,
    /// The collection that made it, unless somebody put it together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// A collection through the AWS APIs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Tells it from others.
    pub id: String,
    /// The account whose credentials it began with.
    pub account: String,
    /// What was asked for.
    pub scope: Scope,
    /// When it was resumed, as RFC 3339.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<String>,
    /// Whether it came to its end.
    #[serde(default)]
    pub is_finished: bool,
}

/// What a collection was to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Whether all accounts of the Organization.
    #[serde(default)]
    pub organization: bool,
    /// The role that is entered in other accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Only these accounts; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Not these accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_accounts: Vec<String>,
    /// Only these Regions; all that are enabled if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
}

/// An account of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: String,
    /// Its name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The Regions that were asked in it; those of the manifest if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<String>>,
}

/// A call that failed while a snapshot was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The account.
    #[serde(default)]
    pub account: String,
    /// The Region; empty for global services.
    #[serde(default)]
    pub region: String,
    /// The service, as in action names.
    #[serde(default)]
    pub service: String,
    /// The call.
    #[serde(default)]
    pub call: String,
    /// Why it failed.
    #[serde(default)]
    pub reason: String,
    /// The lists of the Region's file that are short of what it would have told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
}

/// What `aws organizations describe-effective-policy` prints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EffectivePolicyAnswer {
    /// The policy.
    pub effective_policy: EffectivePolicy,
}

/// A policy of the Organization as it is in effect for an account, its inherited parts put together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EffectivePolicy {
    /// The document, without the operators of inheritance; an empty object if there is none.
    pub policy_content: String,
    /// The account.
    pub target_id: String,
    /// `TAG_POLICY`.
    pub policy_type: String,
}

/// What runs in one account.
#[derive(Debug, Default)]
pub struct Resources {
    /// One for each Region, in the order of their names.
    pub regions: Vec<Inventory>,
    /// Whether an absent list is a gap. It is none in a lone file, which is whatever a person chose to give.
    pub is_whole: bool,
}

impl Resources {
    /// Calls `visit` with key and value of every tag.
    pub fn each_tag(&self, mut visit: impl FnMut(&str, &str)) {
        for region in &self.regions {
            region.each(|resource| {
                let tags = resource.tags.into_iter().flat_map(Tags::iter);
                tags.for_each(|(key, value)| visit(key, value));
            });
        }
    }
}
