//! The fleet file: environments, how they are named, teams, users, and who has which role where.

mod check;
mod context;
mod modes;
mod names;
mod organization;
mod parse;
mod read;
mod roles;
mod session_tags;

use std::fmt;
use std::ops::Range;

pub(crate) use self::check::UNKNOWN_ROLE;
pub(crate) use self::context::CODE as CONTEXT;
pub use self::context::ContextKey;
pub use self::names::{NamePattern, Names};
pub use self::organization::{Oidc, Organization};
pub(crate) use self::roles::Unfit;
pub use self::roles::{RoleSlots, Roles};

use self::modes::Modes;
use self::session_tags::SessionTags;
use crate::problem::{Problem, Problems, SourceFile};

/// Names of environments and policies stand in tags, ARNs and file names: 1 to 63 of `a-z`, `0-9` and `-`.
pub(crate) fn is_slug(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(allowed)
}

/// Aliases stand in policies, which take printable Latin-1 (IAM User Guide, Grammar of the IAM JSON policy language), and
/// where `*`, `?` and `$` mean something else.
pub(crate) fn is_alias(text: &str) -> bool {
    let allowed = |c: char| matches!(c, ' '..='~' | '\u{a0}'..='\u{ff}') && !"*?${}".contains(c);
    !text.is_empty() && text.chars().all(allowed)
}

/// What `fleet.toml` says, checked.
#[derive(Debug, Clone)]
pub struct Fleet {
    file: SourceFile,
    tag_key: String,
    partition: Partition,
    schedule: ScheduleKind,
    schedule_span: Range<usize>,
    task_tags: Vec<String>,
    names: Names,
    environments: Vec<Environment>,
    teams: Vec<Team>,
    users: Vec<User>,
    assignments: Vec<Assignment>,
    accepted_leaks: Vec<Acceptance>,
    accepted_merges: Vec<Acceptance>,
    modes: Modes,
    session_tags: SessionTags,
    context: Vec<ContextKey>,
    organization: Organization,
}

/// A name and where it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

// An enum for each closed set of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// The word as it is written in the fleet file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];
        }
    };
}

words! {
    /// What an environment is for.
    Tier {
        /// Customers depend on it.
        Production = "production",
        /// Nobody outside depends on it.
        Nonproduction = "nonproduction",
    }
}

words! {
    /// The AWS partition, the second part of every ARN.
    Partition {
        /// The commercial Regions.
        Aws = "aws",
        /// China.
        AwsCn = "aws-cn",
        /// AWS GovCloud (US).
        AwsUsGov = "aws-us-gov",
    }
}

words! {
    /// What switches an environment on and off.
    ScheduleKind {
        /// EventBridge rules, enabled and disabled.
        EventBridgeRule = "eventbridge-rule",
        /// EventBridge Scheduler, one schedule group an environment.
        SchedulerGroup = "scheduler-group",
    }
}

words! {
    /// How an environment gets into a person's session, and so into the documents of a role.
    Mode {
        /// One tag: a session is in one environment, and one document serves all of them.
        Abac = "abac",
        /// A document for each environment, with its name in it; no tag.
        Literal = "literal",
        /// A few tags, `Environment1`, `Environment2`, …: a session is in several environments.
        Slots = "slots",
    }
}

words! {
    /// The type of an attribute of the Cedar context.
    ContextType {
        /// Text.
        String = "String",
        /// A whole number.
        Long = "Long",
        /// True or false.
        Bool = "Bool",
        /// An IP address or a range of them.
        IpAddr = "ipaddr",
        /// A moment.
        DateTime = "datetime",
    }
}

/// An environment: dev, staging, prod.
#[derive(Debug, Clone)]
pub struct Environment {
    name: Named,
    tier: Tier,
    aliases: Vec<Named>,
    accounts: Vec<String>,
    names: Names,
}

/// A group of people.
#[derive(Debug, Clone)]
pub struct Team {
    name: Named,
    teams: Vec<Named>,
    groups: Vec<String>,
}

/// A person and the teams they are in.
#[derive(Debug, Clone)]
pub struct User {
    name: Named,
    teams: Vec<Named>,
}

/// Who a role is given to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// Everybody in a team.
    Team(String),
    /// One person.
    User(String),
}

/// A role given to somebody in some environments; to everybody, or everywhere, where the role has no slot for that.
#[derive(Debug, Clone)]
pub struct Assignment {
    role: Named,
    assignee: Option<Assignee>,
    assignee_span: Range<usize>,
    environments: Vec<Named>,
    span: Range<usize>,
    line: usize,
}

/// Something that is granted although it should not have to be, and why.
#[derive(Debug, Clone)]
pub struct Acceptance {
    name: Named,
    reason: String,
}

impl Fleet {
    /// Reads the text of a fleet file. `roles` are those that it may name.
    ///
    /// ```
    /// use fortem_core::{Fleet, Roles, SourceFile};
    ///
    /// let text = "[[environment]]\nname = \"staging\"\ntier = \"nonproduction\"\n";
    /// let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &Roles::any())?;
    /// assert_eq!(fleet.tag_key(), "Environment");
    /// assert_eq!(fleet.names().roles.with("staging"), "/ecs/staging/");
    /// # Ok::<(), fortem_core::Problems>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Every mistake in the file, each with its place, what was found and what is expected.
    pub fn parse(file: &SourceFile, roles: &Roles) -> Result<Self, Problems> {
        let (fleet, problems) = parse::fleet(file, roles);
        match fleet {
            Some(fleet) => Problems::unless(problems, fleet),
            None => Err(Problems::from_list(problems)),
        }
    }

    /// What can be read of a fleet file, with everything that is wrong; nothing of one that is no TOML.
    pub(crate) fn read(file: &SourceFile, roles: &Roles) -> (Option<Self>, Vec<Problem>) {
        parse::fleet(file, roles)
    }

    /// The file it was read from.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The AWS tag key that names a resource's, or a principal's, environment.
    #[must_use]
    pub fn tag_key(&self) -> &str {
        &self.tag_key
    }

    /// The AWS partition.
    #[must_use]
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// What switches environments on and off.
    #[must_use]
    pub fn schedule(&self) -> ScheduleKind {
        self.schedule
    }

    /// Tag keys that a one-off task may carry beside the environment's.
    #[must_use]
    pub fn task_tags(&self) -> &[String] {
        &self.task_tags
    }

    /// How things are named where an environment does not say otherwise.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The environments, in the order of the file.
    #[must_use]
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The environment of that name; aliases do not count.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name() == name)
    }

    /// The teams, in the order of the file.
    #[must_use]
    pub fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// The users, in the order of the file.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The assignments, in the order of the file.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// Tag-blind API actions that are granted all the same.
    #[must_use]
    pub fn accepted_leaks(&self) -> &[Acceptance] {
        &self.accepted_leaks
    }

    /// API actions under which the actions of a class may be granted one by one.
    #[must_use]
    pub fn accepted_merges(&self) -> &[Acceptance] {
        &self.accepted_merges
    }
}

impl Environment {
    /// The name: the value of the tag.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// Where the name is given, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.name.span.clone()
    }

    /// What it is for.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// The name, then the other spellings of it that are met on resources.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name()).chain(self.aliases.iter().map(|alias| alias.text.as_str()))
    }

    /// The ids of the AWS accounts it is in, of 12 digits.
    #[must_use]
    pub fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// How its things are named.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }
}

impl Team {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// The names of the teams that it is part of; who is in it is in these too.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.teams.iter().map(|team| team.text.as_str())
    }

    /// The identity provider's groups whose members are in the team.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }
}

impl User {
    /// The id that the identity provider gives.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// The names of the teams the person is in.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.teams.iter().map(|team| team.text.as_str())
    }
}

impl fmt::Display for Assignee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(name) => write!(f, "team {name}"),
            Self::User(name) => f.write_str(name),
        }
    }
}

impl Assignment {
    /// The id of the role.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role.text
    }

    /// Who has it; `None` for a role without `?principal`.
    #[must_use]
    pub fn assignee(&self) -> Option<&Assignee> {
        self.assignee.as_ref()
    }

    /// The names of the environments it holds in; none for a role without `?resource`.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.environments.iter().map(|environment| environment.text.as_str())
    }

    /// The line it begins on, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl Acceptance {
    /// The API action, `ecs:ListClusters`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// Why it is accepted.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Where it is named, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.name.span.clone()
    }
}
