//! The lowering table: which API calls each action of the vocabulary takes, as data; built in, and a team's own rows.

mod additions;
mod check;
mod escalation;
mod rows;
mod tag_guards;

use std::borrow::Cow;
use std::sync::LazyLock;

use fortem_core::{Problems, Source};
use serde::Deserialize;

use crate::reference::Reference;

const TEXT: &str = include_str!("../data/lowering.toml");

/// `data/lowering.toml`, parsed.
///
/// ```
/// use fortem_compile::table::Table;
///
/// let table = Table::builtin();
/// let calls = table.calls.iter().filter(|call| call.actions.contains("stopTask"));
/// assert_eq!(calls.map(|call| call.api.as_str()).collect::<Vec<_>>(), ["ecs:StopTask"]);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Kinds of resource.
    #[serde(rename = "kind")]
    pub kinds: Vec<Kind>,
    /// API calls that can be tied to an environment.
    #[serde(rename = "call")]
    pub calls: Vec<Call>,
    /// API calls that nothing ties to an environment.
    #[serde(rename = "blind")]
    pub blind: Vec<Blind>,
    /// Actions that are in the vocabulary only to be refused.
    pub never: Vec<Never>,
    /// What no policy has to ask for.
    pub integrity: Vec<Integrity>,
}

/// A kind of resource: its ARNs, and which of them an environment's names reach.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// The name that rows of this table use.
    pub name: String,
    /// The type of the vocabulary, `Service`.
    pub entity: Option<String>,
    /// The service prefix, `ecs`.
    pub service: String,
    /// The resource types of the service reference.
    pub types: Vec<String>,
    /// Every ARN of the kind, after the account.
    pub any: String,
    /// The ARNs of one environment, after the account, with `{cluster}` and the like for the
    /// fleet's name patterns.
    pub own: Vec<String>,
    /// The kind is of use only to fleets that schedule this way.
    pub schedule: Option<String>,
}

/// How IAM can see the environment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The resource carries the environment's tag.
    ResourceTag,
    /// The call sets the environment's tag.
    RequestTag,
    /// The call is made in a cluster of the environment.
    Cluster,
    /// The resource's ARN holds a name of the environment.
    Name,
}

impl Channel {
    /// The channel in words, for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResourceTag => "resource tag",
            Self::RequestTag => "request tag",
            Self::Cluster => "cluster",
            Self::Name => "name",
        }
    }

    /// The channel as rows write it.
    fn word(self) -> String {
        self.as_str().replace(' ', "-")
    }
}

/// One API action that one or more actions of the vocabulary take.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Actions of the vocabulary.
    pub actions: Names,
    /// The API action, `ecs:UpdateService`.
    pub api: String,
    /// The kinds of resource it is authorized on; empty if it has none.
    #[serde(default)]
    pub kinds: Names,
    /// The type of the vocabulary that a call without a resource is about.
    pub entity: Option<String>,
    /// All of them must show the principal's environment.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Further conditions.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Where>,
    /// The call serves the action but is not what the action is.
    #[serde(default)]
    pub supporting: bool,
    /// The row holds for fleets that schedule this way.
    pub schedule: Option<String>,
    /// What IAM cannot see of the call.
    pub unseen: Option<String>,
}

/// A list of names in a row.
pub type Names = std::collections::BTreeSet<String>;

/// A condition of a row: an operator, a key, and one of four sources of values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// The IAM condition operator.
    pub operator: String,
    /// The condition key.
    pub key: String,
    /// Values as they stand.
    #[serde(default)]
    pub values: Names,
    /// The ARNs that the environment's names reach, of this kind.
    pub own: Option<String>,
    /// The fleet's tag key.
    #[serde(default)]
    pub tag_key: bool,
    /// The fleet's tag key and the further keys that a task may carry.
    #[serde(default)]
    pub tag_keys: bool,
}

/// An API action that no key and no ARN ties to an environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blind {
    /// Actions of the vocabulary that would take it.
    pub actions: Names,
    /// The API action.
    pub api: String,
    /// What it would be good for.
    #[serde(rename = "use")]
    pub purpose: String,
    /// What it shows of other environments.
    pub shows: String,
    /// The row holds for fleets that schedule this way.
    pub schedule: Option<String>,
}

/// An action that no role is ever granted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Never {
    /// The action of the vocabulary.
    pub action: String,
    /// Why.
    pub reason: String,
}

/// A Deny that is in every document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integrity {
    /// Its statement id.
    pub name: String,
    /// What it prevents.
    pub why: String,
    /// API action patterns.
    pub apis: Names,
    /// Only on resources of this kind.
    pub kind: Option<String>,
    /// The row holds for fleets that schedule this way.
    pub schedule: Option<String>,
    /// Conditions.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Where>,
}

impl Table {
    /// The table that is built into this crate.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is fixed at compile time and every test parses it"
    )]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Table> = LazyLock::new(|| {
            toml::from_str(TEXT).expect("the built-in lowering table is valid TOML of this shape")
        });
        &BUILTIN
    }

    /// The built-in table with the rows of a source's own `lowering.toml`.
    ///
    /// Rows of its own can add kinds of resources and API calls, and change nothing that is built in. Tags that they go
    /// by are guarded as the others are.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the source's own rows, each with its place.
    pub fn of(source: &Source, reference: &Reference) -> Result<Cow<'static, Self>, Problems> {
        match source.lowering() {
            None => Ok(Cow::Borrowed(Self::builtin())),
            Some(file) => Ok(Cow::Owned(additions::added(file, source, reference)?)),
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// The calls that an action takes in a fleet that schedules in the given way.
    #[must_use]
    pub fn calls_of(&self, action: &str, schedule: &str) -> Vec<&Call> {
        let calls = self.calls.iter().filter(|call| holds(call.schedule.as_deref(), schedule));
        calls.filter(|call| call.actions.contains(action)).collect()
    }

    /// The actions that take an API action on a type of resource, or on none, in a fleet that schedules in the
    /// given way; in any fleet if none is given.
    pub(crate) fn actions_of<'t>(
        &'t self,
        api: &'t str,
        resource_type: Option<&'t str>,
        schedule: Option<&'t str>,
    ) -> impl Iterator<Item = &'t str> {
        let holds = move |wanted: Option<&str>| schedule.is_none_or(|one| holds(wanted, one));
        let is_on = move |call: &&Call| match resource_type {
            None => call.kinds.is_empty(),
            Some(name) => {
                let mut kinds = call.kinds.iter().filter_map(|kind| self.kind(kind));
                kinds.any(|kind| kind.types.iter().any(|of| of == name))
            }
        };
        let calls = self
            .calls
            .iter()
            .filter(move |call| call.api == api && holds(call.schedule.as_deref()))
            .filter(is_on);
        let blind =
            self.blind.iter().filter(move |row| row.api == api && holds(row.schedule.as_deref()));
        let names = calls.map(|call| &call.actions).chain(blind.map(|row| &row.actions));
        names.flatten().map(String::as_str)
    }
}

/// Whether a row for `wanted` fleets holds for one that schedules by `schedule`.
#[must_use]
pub(crate) fn holds(wanted: Option<&str>, schedule: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == schedule)
}
