//! One call as a line of JSON, the format in which evaluators are compared.

mod answer;
mod entries;
mod keys;

use serde::Deserialize;
use thiserror::Error;

use super::answer::{Answer, Decision};
use super::document::{Document, DocumentError};
use super::evaluate::{NamedDocument, Policies};
use super::json::Json;
use super::truth::Ambiguity;
use entries::{ContextValue, Entries, OneOrMany};

pub use answer::CaseAnswer;
pub use keys::KeyCarrier;

/// One API call by one principal under a set of documents.
///
/// # Examples
///
/// ```
/// use fortem_compile::iam::{Case, Decision, KeyCarrier};
///
/// /// The service reference of a service all of whose actions carry all keys.
/// struct EveryKey;
///
/// impl KeyCarrier for EveryKey {
///     fn carries(&self, _action: &str, _resource: &str, _key: &str) -> bool {
///         true
///     }
/// }
///
/// let case: Case = serde_json::from_str(
///     r#"{"id": "restart", "identity_policies": [{"name": "role", "document": {"Version": "2012-10-17",
///         "Statement": {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*", "Condition":
///         {"StringEquals": {"aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}"}}}}}],
///         "principal": {"arn": "arn:aws:iam::111122223333:role/dev", "account": "111122223333",
///         "tags": {"Environment": "staging"}}, "action": "ecs:UpdateService",
///         "resource": {"arn": "arn:aws:ecs:eu-west-1:111122223333:service/staging/web",
///         "tags": {"Environment": "staging"}}, "expect": "allow"}"#,
/// )?;
/// assert_eq!(case.decide(&EveryKey)?.decision(), Decision::Allow);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    id: String,
    #[serde(default)]
    identity_policies: Vec<IdentityPolicy>,
    #[serde(default)]
    scps: Option<Vec<Vec<Json>>>,
    #[serde(default)]
    permission_boundary: Option<OneOrMany<Json>>,
    #[serde(default)]
    session_policy: Option<Json>,
    principal: Principal,
    // The four of `Check`, which serde cannot flatten while it refuses unknown fields.
    action: String,
    #[serde(alias = "resources")]
    resource: OneOrMany<Resource>,
    #[serde(default)]
    request_tags: Option<Entries<String>>,
    #[serde(default)]
    context: Option<Entries<ContextValue>>,
    #[serde(default)]
    also: Vec<Check>,
    #[serde(default)]
    expect: Option<Verdict>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityPolicy {
    name: String,
    document: Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Principal {
    arn: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    tags: Option<Entries<String>>,
}

/// One authorization that the call needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    action: String,
    #[serde(alias = "resources")]
    resource: OneOrMany<Resource>,
    #[serde(default)]
    request_tags: Option<Entries<String>>,
    #[serde(default)]
    context: Option<Entries<ContextValue>>,
}

/// A resource with its tags.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    arn: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    tags: Option<Entries<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Allow,
    Deny,
    Error,
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allow,
            Decision::Deny => Self::Deny,
        }
    }
}

/// A case that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CaseError {
    /// A document is refused.
    #[error("{document}: {error}")]
    Document {
        /// Which document: `identity:NAME`, `scp:LEVEL.NUMBER`, `boundary:NUMBER` or `session`.
        document: String,
        /// What is wrong in it.
        error: DocumentError,
    },
    /// A list of resources is empty.
    #[error("`{action}` is asked on no resource")]
    NoResource {
        /// The API action.
        action: String,
    },
    /// A condition key is given twice in spellings that differ in case.
    #[error("context key `{0}` is given twice")]
    DuplicateKey(String),
    /// So many tag keys differ only in case that the readings cannot all be tried.
    #[error("too many tag keys of `{resource}` or its principal differ only in case")]
    TooManyReadings {
        /// The resource's ARN.
        resource: String,
    },
}

impl Case {
    /// The name of the case.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The case under other identity policies: name and document.
    #[must_use]
    pub fn with_identity_policies(mut self, policies: Vec<(String, Json)>) -> Self {
        let named = policies.into_iter();
        self.identity_policies =
            named.map(|(name, document)| IdentityPolicy { name, document }).collect();
        self
    }

    /// The case under other service control policies: one list a level of the organization.
    #[must_use]
    pub fn with_scps(mut self, levels: Vec<Vec<Json>>) -> Self {
        self.scps = Some(levels);
        self
    }

    /// The case under another permissions boundary.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Json) -> Self {
        self.permission_boundary = Some(OneOrMany::one(boundary));
        self
    }

    /// Decides the call: every resource of every authorization must be allowed.
    ///
    /// # Errors
    ///
    /// [`CaseError`] when a document is refused or the call makes no sense.
    pub fn decide(&self, carrier: &dyn KeyCarrier) -> Result<Answer, CaseError> {
        let policies = self.policies()?;
        let mut answer = None;
        for check in std::iter::once(&self.check()).chain(&self.also) {
            let one = self.decide_check(&policies, check, carrier)?;
            answer = Some(match answer {
                None => one,
                Some(so_far) => Answer::and(so_far, one),
            });
        }
        answer.ok_or_else(|| CaseError::NoResource { action: self.action.clone() })
    }

    /// Decides the call and reports in the format in which evaluators are compared.
    #[must_use]
    pub fn run(&self, carrier: &dyn KeyCarrier) -> CaseAnswer {
        CaseAnswer::of(self, self.decide(carrier))
    }

    fn check(&self) -> Check {
        Check {
            action: self.action.clone(),
            resource: self.resource.clone(),
            request_tags: self.request_tags.clone(),
            context: self.context.clone(),
        }
    }

    fn decide_check(
        &self,
        policies: &Policies,
        check: &Check,
        carrier: &dyn KeyCarrier,
    ) -> Result<Answer, CaseError> {
        let mut answer: Option<Answer> = None;
        for resource in check.resource.as_slice() {
            let readings = keys::requests(&self.principal, check, resource, carrier)?;
            let on_resource = readings
                .iter()
                .map(|request| policies.decide(request))
                .reduce(|first, second| first.or_reading(second, Ambiguity::TagKeyCase));
            answer = match (answer, on_resource) {
                (Some(so_far), Some(one)) => Some(so_far.and(one)),
                (so_far, one) => so_far.or(one),
            };
        }
        answer.ok_or_else(|| CaseError::NoResource { action: check.action.clone() })
    }

    fn policies(&self) -> Result<Policies, CaseError> {
        let mut identity = Vec::new();
        for policy in &self.identity_policies {
            let document = read(&policy.document, || format!("identity:{}", policy.name))?;
            identity.push(NamedDocument::new(&policy.name, document));
        }
        let mut levels = Vec::new();
        for (level, documents) in self.scps.iter().flatten().enumerate() {
            levels.push(read_all(documents, &format!("scp:{}.", level + 1))?);
        }
        let mut policies = Policies::of_identity(identity).with_scps(levels);
        if let Some(boundary) = &self.permission_boundary {
            policies = policies.with_boundary(read_all(boundary.as_slice(), "boundary:")?);
        }
        if let Some(session) = &self.session_policy {
            policies = policies.with_session(read(session, || "session".to_owned())?);
        }
        Ok(policies)
    }
}

fn read(json: &Json, name: impl FnOnce() -> String) -> Result<Document, CaseError> {
    Document::from_json(json).map_err(|error| CaseError::Document { document: name(), error })
}

fn read_all(documents: &[Json], prefix: &str) -> Result<Vec<Document>, CaseError> {
    let numbered = documents.iter().enumerate();
    numbered.map(|(index, json)| read(json, || format!("{prefix}{}", index + 1))).collect()
}
