//! What somebody is about to do: who, what, where, and what was decided about it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::Digest;
use super::error::NameError;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// The user's id, as in the fleet.
    pub id: String,
    /// The groups the identity provider named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The session in which they act: an id, never a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl Actor {
    /// The user of that id, in no group and no session.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), groups: Vec::new(), session: None }
    }

    /// With the groups of the identity provider.
    #[must_use]
    pub fn groups(mut self, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// With the id of the session.
    #[must_use]
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }
}

/// What is acted upon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// What it is, `Service`.
    pub kind: String,
    /// Which one, `orders-api`.
    pub id: String,
}

impl Resource {
    /// The resource of that kind and id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }

    /// Kind and id as one text; a kind has no slash.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

/// Allowed or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The actor may.
    Allow,
    /// The actor may not.
    Deny,
}

impl Effect {
    /// `allow` or `deny`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// What was decided, by which policies of which set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// Allowed or denied.
    pub effect: Effect,
    /// The ids of the policies that determined it; none when nothing permits.
    pub policies: Vec<String>,
    /// The digest of all policies that were in force.
    pub policy_set: Digest,
}

impl Decision {
    /// Allowed by these policies of that set.
    pub fn allow(
        policies: impl IntoIterator<Item = impl Into<String>>,
        policy_set: Digest,
    ) -> Self {
        let policies = policies.into_iter().map(Into::into).collect();
        Self { effect: Effect::Allow, policies, policy_set }
    }

    /// Denied by these policies of that set, or by none of them.
    pub fn deny(policies: impl IntoIterator<Item = impl Into<String>>, policy_set: Digest) -> Self {
        Self { effect: Effect::Deny, ..Self::allow(policies, policy_set) }
    }
}

/// Something that somebody asked for, before it is done.
///
/// ```
/// use fortem_core::audit::{Actor, Attempt, Decision, Digest, Resource};
/// use serde_json::json;
///
/// let policies = Digest::of(b"the text of all policies");
/// let attempt = Attempt::new(
///     Actor::new("alice").groups(["storefront"]).session("s-81"),
///     "restartService",
///     Resource::new("Service", "orders-api"),
///     Decision::allow(["developer"], policies),
/// )
/// .environment("staging")
/// .reason("orders hang")
/// .ticket("OPS-12")
/// .before(json!({ "running": 2, "desired": 2 }));
/// assert_eq!(attempt.environment.as_deref(), Some("staging"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Who.
    pub actor: Actor,
    /// The action, `restartService`.
    pub action: String,
    /// On what.
    pub resource: Resource,
    /// What was decided.
    pub decision: Decision,
    /// The environment of the resource; none when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The reason given, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket given, `OPS-12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What ties several records together: one request, one incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The state before, as far as the frontend knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
}

impl Attempt {
    /// An attempt without environment, reason, ticket, correlation and state.
    pub fn new(
        actor: Actor,
        action: impl Into<String>,
        resource: Resource,
        decision: Decision,
    ) -> Self {
        Self {
            actor,
            action: action.into(),
            resource,
            decision,
            environment: None,
            reason: None,
            ticket: None,
            correlation: None,
            before: None,
        }
    }

    /// In that environment.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// For that reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// For that ticket.
    #[must_use]
    pub fn ticket(mut self, ticket: impl Into<String>) -> Self {
        self.ticket = Some(ticket.into());
        self
    }

    /// As part of that request or incident.
    #[must_use]
    pub fn correlation(mut self, correlation: impl Into<String>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }

    /// From that state.
    #[must_use]
    pub fn before(mut self, state: impl Into<Value>) -> Self {
        self.before = Some(state.into());
        self
    }

    /// That every name is one.
    pub(crate) fn check(&self) -> Result<(), NameError> {
        check_name("actor", &self.actor.id)?;
        check_name("action", &self.action)?;
        check_name("kind of resource", &self.resource.kind)?;
        check_name("resource", &self.resource.id)?;
        if self.resource.kind.contains('/') {
            return Err(NameError::new("kind of resource", &self.resource.kind));
        }
        check_optional("environment", self.environment.as_ref())?;
        check_optional("correlation", self.correlation.as_ref())
    }
}

/// Names are looked up by: what cannot be typed or indexed is none.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), NameError> {
    let is_name = !name.is_empty() && name.len() <= 512 && !name.contains(char::is_control);
    if is_name { Ok(()) } else { Err(NameError::new(what, name)) }
}

pub(crate) fn check_optional(what: &'static str, name: Option<&String>) -> Result<(), NameError> {
    name.map_or(Ok(()), |name| check_name(what, name))
}
