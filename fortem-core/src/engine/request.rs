//! What is asked: who, which action, on what, under which circumstances.

use std::net::IpAddr;
use std::time::SystemTime;

use thiserror::Error;

use crate::identity::Identity;

/// Who asks: a person of the fleet by id, or an [`Identity`] from a token.
///
/// ```
/// use fortem_core::{Identity, engine::Principal};
///
/// let of_the_fleet = Principal::from("alice");
/// let identity = Identity::new("zoe").group("idp-payments");
/// let of_a_token = Principal::from(&identity);
/// assert_eq!((of_the_fleet.id(), of_a_token.id()), ("alice", "zoe"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Principal<'a> {
    id: &'a str,
    identity: Option<&'a Identity>,
}

impl<'a> Principal<'a> {
    /// The id that the identity provider gives.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// What a token said of the person, if that is how they came.
    #[must_use]
    pub fn identity(&self) -> Option<&'a Identity> {
        self.identity
    }
}

impl<'a> From<&'a str> for Principal<'a> {
    fn from(id: &'a str) -> Self {
        Self { id, identity: None }
    }
}

impl<'a> From<&'a String> for Principal<'a> {
    fn from(id: &'a String) -> Self {
        Self { id, identity: None }
    }
}

impl<'a> From<&'a Identity> for Principal<'a> {
    fn from(identity: &'a Identity) -> Self {
        Self { id: identity.id(), identity: Some(identity) }
    }
}

/// Where a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    Nowhere,
    Named(&'a str),
    Tagged,
}

/// What the action is done to. It comes with the request and need not be known before.
///
/// ```
/// use fortem_core::engine::Resource;
///
/// // An environment that the embedder knows, by name:
/// let service = Resource::new("Service", "orders-api").within("staging");
/// // Or what AWS says of the resource; the fleet's tag key then tells the environment:
/// let task = Resource::new("Task", "4f3a").tagged(&[("Environment", "staging")]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    pub(super) kind: &'a str,
    pub(super) id: &'a str,
    pub(super) place: Place<'a>,
    pub(super) tags: &'a [(&'a str, &'a str)],
}

impl<'a> Resource<'a> {
    /// A resource of a kind of the vocabulary, such as `Service`, in no known environment: no role reaches it.
    #[must_use]
    pub fn new(kind: &'a str, id: &'a str) -> Self {
        Self { kind, id, place: Place::Nowhere, tags: &[] }
    }

    /// An environment itself.
    #[must_use]
    pub fn environment(name: &'a str) -> Self {
        Self::new(super::operation::ENVIRONMENT, name)
    }

    /// In an environment of the fleet, by its name or an alias. One that the fleet does not know is an error.
    #[must_use]
    pub fn within(self, environment: &'a str) -> Self {
        Self { place: Place::Named(environment), ..self }
    }

    /// With its AWS tags, as key and value. Unless [`Resource::within`] says it, the value under the fleet's tag key
    /// tells the environment; with a value that names none the resource is in none. Another value under the same key, or
    /// under one that differs in letter case only, is an error. Of another key given twice the last value counts.
    #[must_use]
    pub fn tagged(self, tags: &'a [(&'a str, &'a str)]) -> Self {
        let place = if self.place == Place::Nowhere { Place::Tagged } else { self.place };
        Self { place, tags, ..self }
    }

    /// The kind, such as `Service`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.kind
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }
}

/// What is known of the person's session: the context of every request.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    pub(super) mfa: bool,
    pub(super) now: SystemTime,
    pub(super) source_ip: Option<IpAddr>,
    pub(super) approval: Option<&'a str>,
    pub(super) others: &'a [(&'a str, Detail<'a>)],
}

impl<'a> Session<'a> {
    /// A session without a second factor, at a time. Policies see milliseconds.
    ///
    /// The time has to be given, since a guard for certain hours would be silent without it.
    #[must_use]
    pub fn at(now: SystemTime) -> Self {
        Self { mfa: false, now, source_ip: None, approval: None, others: &[] }
    }

    /// A session at a time, with the second factor that the token of the person tells of.
    #[must_use]
    pub fn of(identity: &Identity, now: SystemTime) -> Self {
        Self::at(now).mfa(identity.mfa())
    }

    /// Whether the person signed in with a second factor.
    #[must_use]
    pub fn mfa(self, mfa: bool) -> Self {
        Self { mfa, ..self }
    }

    /// The address that the request comes from.
    #[must_use]
    pub fn source_ip(self, address: IpAddr) -> Self {
        Self { source_ip: Some(address), ..self }
    }

    /// The id of an approval that was given and checked.
    #[must_use]
    pub fn approval(self, id: &'a str) -> Self {
        Self { approval: Some(id), ..self }
    }

    /// With attributes that the fleet's `[context]` adds to the vocabulary. As with [`Request::details`], they are only
    /// looked at if a policy that can apply looks at the context.
    ///
    /// ```
    /// use fortem_core::engine::{Detail, Session};
    /// use std::time::SystemTime;
    ///
    /// let attributes = [("mfa_age", Detail::Number(300))];
    /// let session = Session::at(SystemTime::now()).mfa(true).with(&attributes);
    /// ```
    #[must_use]
    pub fn with(self, attributes: &'a [(&'a str, Detail<'a>)]) -> Self {
        Self { others: attributes, ..self }
    }
}

/// Something that an action or the fleet adds to the context.
#[derive(Debug, Clone, Copy)]
pub enum Detail<'a> {
    /// A text, such as the `pattern` of `flushCache`; also an address or a time, as Cedar writes them (`10.0.0.1`,
    /// `2026-03-02T09:30:00Z`), where the vocabulary says that it is one.
    Text(&'a str),
    /// Several texts, such as the `command` of `runTask`.
    Texts(&'a [&'a str]),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A resource, such as the `cluster` of `runTask`.
    Resource(Resource<'a>),
}

/// A question to the engine.
///
/// ```
/// use fortem_core::engine::{Detail, Request, Resource, Session};
/// use std::time::SystemTime;
///
/// let cache = Resource::new("Cache", "redis-staging").within("staging");
/// let session = Session::at(SystemTime::now()).mfa(true);
/// let details = [("pattern", Detail::Text("cart:*"))];
/// let request = Request::new("alice", "flushCache", cache, session).details(&details);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub(super) principal: Principal<'a>,
    pub(super) action: &'a str,
    pub(super) resource: Resource<'a>,
    pub(super) session: Session<'a>,
    pub(super) details: &'a [(&'a str, Detail<'a>)],
}

impl<'a> Request<'a> {
    /// May this person do this to that?
    pub fn new(
        principal: impl Into<Principal<'a>>,
        action: &'a str,
        resource: Resource<'a>,
        session: Session<'a>,
    ) -> Self {
        Self { principal: principal.into(), action, resource, session, details: &[] }
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> Principal<'a> {
        self.principal
    }

    /// The action.
    #[must_use]
    pub fn action(&self) -> &'a str {
        self.action
    }

    /// What it is done to.
    #[must_use]
    pub fn resource(&self) -> Resource<'a> {
        self.resource
    }

    /// What the action adds to the context. It is only looked at if a policy that can apply looks at the context.
    #[must_use]
    pub fn details(self, details: &'a [(&'a str, Detail<'a>)]) -> Self {
        Self { details, ..self }
    }

    /// What the fleet and the action add to the context.
    pub(super) fn added(&self) -> impl Iterator<Item = &'a (&'a str, Detail<'a>)> {
        self.session.others.iter().chain(self.details)
    }
}

/// Why a question cannot be asked. It is no denial: the caller made a mistake, or knows an older fleet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The fleet has no such person, and no token says who it is.
    #[error("unknown user `{name}`")]
    UnknownUser {
        /// The id.
        name: String,
    },
    /// The vocabulary has no such action; groups of actions are none.
    #[error("unknown action `{name}`{}", did_you_mean(.near.as_deref()))]
    UnknownAction {
        /// The name.
        name: String,
        /// One that is much like it.
        near: Option<String>,
    },
    /// The vocabulary has no such kind of resource.
    #[error("unknown kind of resource `{name}`{}", did_you_mean(.near.as_deref()))]
    UnknownKind {
        /// The name.
        name: String,
        /// One that is much like it.
        near: Option<String>,
    },
    /// The fleet has no such environment.
    #[error("unknown environment `{name}`{}", did_you_mean(.near.as_deref()))]
    UnknownEnvironment {
        /// The name.
        name: String,
        /// One that is much like it.
        near: Option<String>,
    },
    /// Two tags of the resource, alike but for the letter case of their keys, name different environments.
    #[error("the tag `{key}` is there twice, as `{}` and as `{}`", .values[0], .values[1])]
    TwoEnvironments {
        /// The fleet's tag key.
        key: String,
        /// The values.
        values: [String; 2],
    },
    /// The action is never done to such a resource.
    #[error("`{action}` does not apply to `{kind}`, but to {}", listed(.kinds))]
    NotApplicable {
        /// The action.
        action: String,
        /// The kind of resource.
        kind: String,
        /// The kinds that it applies to.
        kinds: Vec<String>,
    },
    /// The context lacks what the action needs, or holds something of a wrong type; in Cedar's words.
    #[error("context of the request: {0}")]
    Context(String),
    /// Cedar had not enough stack to evaluate a policy, which then would not count, even one that forbids.
    #[error("this thread has too little stack left to evaluate the policies")]
    Stack,
}

impl RequestError {
    /// A stable word for programs: `unknown_user`, `unknown_action`, `unknown_kind`, `unknown_environment`,
    /// `two_environments`, `not_applicable`, `context` or `stack`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownUser { .. } => "unknown_user",
            Self::UnknownAction { .. } => "unknown_action",
            Self::UnknownKind { .. } => "unknown_kind",
            Self::UnknownEnvironment { .. } => "unknown_environment",
            Self::TwoEnvironments { .. } => "two_environments",
            Self::NotApplicable { .. } => "not_applicable",
            Self::Context(_) => "context",
            Self::Stack => "stack",
        }
    }
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn listed(kinds: &[String]) -> String {
    kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
}
