//! What can be asked, as JSON.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, de};

use crate::engine::{self, Change, Principal, Request};
use crate::fleet::{Assignee, Tier};
use crate::identity::Identity;

/// A call of the engine.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Call {
    Authorize(Box<Ask>),
    Permissions {
        principal: Who,
    },
    WhoCan {
        action: String,
        environment: String,
    },
    Matrix {},
    Stats {},
    PolicySet {},
    Apply {
        changes: Vec<Change>,
    },
    Assign {
        role: String,
        assignee: Option<Assignee>,
        environment: Option<String>,
    },
    Unassign {
        role: String,
        assignee: Option<Assignee>,
        environment: Option<String>,
    },
    AddEnvironment {
        name: String,
        tier: Tier,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

/// May this person do this to that?
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    principal: Who,
    action: String,
    resource: Resource,
    session: Session,
    #[serde(default)]
    details: BTreeMap<String, Detail>,
}

/// Somebody of the fleet, or of a token.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    User(String),
    #[serde(deserialize_with = "identity")]
    Identity(Identity),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFields {
    id: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    kind: String,
    id: String,
    environment: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    #[serde(deserialize_with = "time")]
    now: SystemTime,
    #[serde(default)]
    mfa: bool,
    source_ip: Option<IpAddr>,
    approval: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Detail>,
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a detail is a text, a list of texts, a number, true, false or a resource"
)]
enum Detail {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
    Flag(bool),
    Resource(Resource),
}

fn identity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
    let IdentityFields { id, groups, tags } = IdentityFields::deserialize(deserializer)?;
    let identity = groups.into_iter().fold(Identity::new(id), Identity::group);
    Ok(tags.into_iter().fold(identity, |identity, (key, value)| identity.tag(key, value)))
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        de::Error::custom(format!("`{text}` is no time such as `2026-03-02T09:30:00Z`"))
    })?;
    Ok(time.into())
}

impl<'a> From<&'a Who> for Principal<'a> {
    fn from(who: &'a Who) -> Self {
        match who {
            Who::User(id) => id.into(),
            Who::Identity(identity) => identity.into(),
        }
    }
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn pairs(tags: &BTreeMap<String, String>) -> Pairs<'_> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

impl Resource {
    fn with_tags<'a>(&'a self, tags: &'a Pairs<'a>) -> engine::Resource<'a> {
        let resource = engine::Resource::new(&self.kind, &self.id);
        let resource = match &self.environment {
            Some(environment) => resource.within(environment),
            None => resource,
        };
        resource.tagged(tags)
    }
}

impl Detail {
    fn tags(&self) -> Pairs<'_> {
        match self {
            Self::Resource(resource) => pairs(&resource.tags),
            _ => Vec::new(),
        }
    }

    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Texts(texts) => texts.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn borrowed<'a>(&'a self, texts: &'a [&'a str], tags: &'a Pairs<'a>) -> engine::Detail<'a> {
        match self {
            Self::Text(text) => engine::Detail::Text(text),
            Self::Texts(_) => engine::Detail::Texts(texts),
            Self::Number(number) => engine::Detail::Number(*number),
            Self::Flag(flag) => engine::Detail::Flag(*flag),
            Self::Resource(resource) => engine::Detail::Resource(resource.with_tags(tags)),
        }
    }
}

/// A detail by name, with what the borrowed form of it borrows.
struct Part<'a> {
    name: &'a str,
    detail: &'a Detail,
    texts: Vec<&'a str>,
    tags: Pairs<'a>,
}

fn parts(details: &BTreeMap<String, Detail>) -> Vec<Part<'_>> {
    let all = details.iter();
    all.map(|(name, detail)| Part { name, detail, texts: detail.texts(), tags: detail.tags() })
        .collect()
}

fn borrowed<'a>(parts: &'a [Part<'a>]) -> Vec<(&'a str, engine::Detail<'a>)> {
    parts.iter().map(|one| (one.name, one.detail.borrowed(&one.texts, &one.tags))).collect()
}

impl Ask {
    /// Asks the typed request, which borrows.
    pub(super) fn with_request<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let tags = pairs(&self.resource.tags);
        let (of_session, of_action) = (parts(&self.session.context), parts(&self.details));
        let (attributes, details) = (borrowed(&of_session), borrowed(&of_action));
        let mut session = engine::Session::at(self.session.now).mfa(self.session.mfa);
        session = session.with(&attributes);
        if let Some(address) = self.session.source_ip {
            session = session.source_ip(address);
        }
        if let Some(approval) = &self.session.approval {
            session = session.approval(approval);
        }
        let resource = self.resource.with_tags(&tags);
        ask(&Request::new(&self.principal, &self.action, resource, session).details(&details))
    }
}
