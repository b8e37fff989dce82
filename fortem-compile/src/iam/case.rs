//! One call as a line of JSON, the format in which evaluators are compared.

mod answer;
mod document;
mod entries;
mod keys;

use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

use super::answer::{Answer, Decision};
use super::document::{Document, DocumentError};
use super::evaluate::{NamedDocument, Policies};
use super::truth::Ambiguity;
use document::{CaseDocument, OneOrManyDocuments};
use entries::{ContextValue, Entries, OneOrMany};

pub use answer::CaseAnswer;
pub use document::DocumentCache;
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
#[serde(from = "Line")]
pub struct Case {
    id: String,
    identity_policies: Vec<IdentityPolicy>,
    scps: Vec<Vec<CaseDocument>>,
    boundary: Option<Vec<CaseDocument>>,
    session: Option<CaseDocument>,
    principal: Principal,
    // INVARIANT: not empty; the first is the call's own.
    checks: Vec<Check>,
    expect: Option<Verdict>,
}

/// A case as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(default)]
    identity_policies: Vec<IdentityPolicy>,
    #[serde(default)]
    scps: Option<Vec<Vec<CaseDocument>>>,
    #[serde(default)]
    permission_boundary: Option<OneOrManyDocuments>,
    #[serde(default)]
    session_policy: Option<CaseDocument>,
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

impl From<Line> for Case {
    fn from(line: Line) -> Self {
        let Line { action, resource, request_tags, context, .. } = line;
        let own = Check { action, resource, request_tags, context };
        Self {
            id: line.id,
            identity_policies: line.identity_policies,
            scps: line.scps.unwrap_or_default(),
            boundary: line.permission_boundary.map(OneOrManyDocuments::into_list),
            session: line.session_policy,
            principal: line.principal,
            checks: std::iter::once(own).chain(line.also).collect(),
            expect: line.expect,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityPolicy {
    name: String,
    document: CaseDocument,
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
    pub fn with_identity_policies(mut self, policies: &[(String, Arc<Document>)]) -> Self {
        let policies = policies.iter().cloned();
        self.identity_policies = policies
            .map(|(name, document)| IdentityPolicy { name, document: document.into() })
            .collect();
        self
    }

    /// The case under other service control policies: one list a level of the organization.
    #[must_use]
    pub fn with_scps(mut self, levels: Vec<Vec<Arc<Document>>>) -> Self {
        let level = |level: Vec<_>| level.into_iter().map(CaseDocument::from).collect();
        self.scps = levels.into_iter().map(level).collect();
        self
    }

    /// The case under another permissions boundary.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Arc<Document>) -> Self {
        self.boundary = Some(vec![boundary.into()]);
        self
    }

    /// Decides the call: every resource of every authorization must be allowed.
    ///
    /// # Errors
    ///
    /// [`CaseError`] when a document is refused or the call makes no sense.
    pub fn decide(&self, carrier: &dyn KeyCarrier) -> Result<Answer, CaseError> {
        self.decide_with(carrier, &mut DocumentCache::default())
    }

    /// Decides the call and reports in the format in which evaluators are compared; documents that an earlier case had,
    /// too, come from the cache.
    #[must_use]
    pub fn run(&self, carrier: &dyn KeyCarrier, cache: &mut DocumentCache) -> CaseAnswer {
        CaseAnswer::of(self, self.decide_with(carrier, cache))
    }

    fn decide_with(
        &self,
        carrier: &dyn KeyCarrier,
        cache: &mut DocumentCache,
    ) -> Result<Answer, CaseError> {
        let policies = self.policies(cache)?;
        let mut answer: Option<Answer> = None;
        for check in &self.checks {
            for resource in check.resource.as_slice() {
                let one = self.decide_check(&policies, check, resource, carrier)?;
                answer = Some(match answer {
                    None => one,
                    Some(so_far) => so_far.and(one),
                });
            }
            if check.resource.as_slice().is_empty() {
                return Err(CaseError::NoResource { action: check.action.clone() });
            }
        }
        answer.ok_or_else(|| CaseError::NoResource { action: String::new() })
    }

    fn decide_check(
        &self,
        policies: &Policies,
        check: &Check,
        resource: &Resource,
        carrier: &dyn KeyCarrier,
    ) -> Result<Answer, CaseError> {
        let no_resource = || CaseError::NoResource { action: check.action.clone() };
        let readings = keys::requests(&self.principal, check, resource, carrier)?;
        let answers = readings.iter().map(|request| policies.decide(request));
        answers
            .reduce(|first, second| first.or_reading(second, Ambiguity::TagKeyCase))
            .ok_or_else(no_resource)
    }

    fn policies(&self, cache: &mut DocumentCache) -> Result<Policies, CaseError> {
        let mut identity = Vec::with_capacity(self.identity_policies.len());
        for IdentityPolicy { name, document } in &self.identity_policies {
            let document = document.read(cache, || format!("identity:{name}"))?;
            identity.push(NamedDocument::new(name.as_str(), document));
        }
        let mut levels = Vec::with_capacity(self.scps.len());
        for (level, documents) in self.scps.iter().enumerate() {
            levels.push(document::read_all(documents, cache, &format!("scp:{}.", level + 1))?);
        }
        let mut policies = Policies::of_identity(identity).with_scps(levels);
        if let Some(boundary) = &self.boundary {
            policies = policies.with_boundary(document::read_all(boundary, cache, "boundary:")?);
        }
        if let Some(session) = &self.session {
            policies = policies.with_session(session.read(cache, || "session".to_owned())?);
        }
        Ok(policies)
    }
}
