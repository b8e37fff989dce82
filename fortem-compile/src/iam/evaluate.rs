//! What all documents together decide (IAM User Guide, "Policy evaluation logic").

use std::sync::Arc;

use super::answer::{Answer, Doubt, Layer, Matched, Why};
use super::document::Document;
use super::request::Request;
use super::statement::{Effect, Statement};
use super::truth::Truth;

/// A document and the name under which answers speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDocument {
    name: Arc<str>,
    document: Arc<Document>,
}

impl NamedDocument {
    /// Names a document.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, document: impl Into<Arc<Document>>) -> Self {
        Self { name: name.into(), document: document.into() }
    }

    /// Names documents by their place, from 1.
    fn numbered<D: Into<Arc<Document>>>(prefix: &str, documents: Vec<D>) -> Vec<Self> {
        let numbered = documents.into_iter().enumerate();
        numbered.map(|(at, document)| Self::new(format!("{prefix}{}", at + 1), document)).collect()
    }
}

/// Which way a point is taken that AWS leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The reading that allows: an unclear `Allow` applies, an unclear `Deny` does not.
    Permissive,
    /// The reading that denies: an unclear `Deny` applies, an unclear `Allow` does not.
    Strict,
}

impl Reading {
    /// Whether a statement that is unclear applies.
    fn takes_unclear(self, effect: Effect) -> bool {
        match self {
            Self::Permissive => effect == Effect::Allow,
            Self::Strict => effect == Effect::Deny,
        }
    }
}

/// All documents that bear on one principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    identity: Vec<NamedDocument>,
    scps: Vec<Vec<NamedDocument>>,
    boundary: Option<Vec<NamedDocument>>,
    session: Option<NamedDocument>,
}

impl Policies {
    /// Identity policies alone, with no organization, boundary or session policy.
    #[must_use]
    pub fn of_identity(identity: impl IntoIterator<Item = NamedDocument>) -> Self {
        let identity = identity.into_iter().map(|NamedDocument { name, document }| {
            NamedDocument::new(format!("identity:{name}"), document)
        });
        Self { identity: identity.collect(), ..Self::default() }
    }

    /// Adds the service control policies, one list a level of the organization, root first: every level must allow.
    #[must_use]
    pub fn with_scps<D: Into<Arc<Document>>>(mut self, levels: Vec<Vec<D>>) -> Self {
        let levels = levels.into_iter().enumerate();
        self.scps = levels
            .map(|(at, level)| NamedDocument::numbered(&format!("scp:{}.", at + 1), level))
            .collect();
        self
    }

    /// Adds a permissions boundary; of several documents, one must allow.
    #[must_use]
    pub fn with_boundary<D: Into<Arc<Document>>>(mut self, boundary: Vec<D>) -> Self {
        self.boundary = Some(NamedDocument::numbered("boundary:", boundary));
        self
    }

    /// Adds a session policy.
    #[must_use]
    pub fn with_session(mut self, session: impl Into<Arc<Document>>) -> Self {
        self.session = Some(NamedDocument::new("session", session));
        self
    }

    /// Decides one authorization check, where AWS leaves a point open for the reading that allows.
    ///
    /// An explicit `Deny` in any layer wins; otherwise each level of the organization, the identity policies, the
    /// boundary and the session policy must allow, in that order.
    #[must_use]
    pub fn decide(&self, request: &Request) -> Answer {
        self.decide_under(request, Reading::Permissive)
    }

    /// Decides one authorization check as [`Self::decide`] does, with a choice of what open points are taken for.
    #[must_use]
    pub fn decide_under(&self, request: &Request, reading: Reading) -> Answer {
        let mut found = Found::new(reading);
        for level in &self.scps {
            found.take_layer(Layer::Scp, level, request);
        }
        found.take_layer(Layer::Identity, &self.identity, request);
        if let Some(boundary) = &self.boundary {
            found.take_layer(Layer::Boundary, boundary, request);
        }
        if let Some(session) = &self.session {
            found.take_layer(Layer::Session, std::slice::from_ref(session), request);
        }
        found.conclude()
    }

    /// Decides a call that needs several authorizations: all must be allowed. Nothing when the list is empty.
    #[must_use]
    pub fn decide_all<'a>(
        &self,
        requests: impl IntoIterator<Item = &'a Request>,
    ) -> Option<Answer> {
        requests.into_iter().map(|request| self.decide(request)).reduce(Answer::and)
    }
}

/// The statements that applied so far, and what follows if no more come.
struct Found {
    reading: Reading,
    allows: Vec<Matched>,
    denies: Vec<Matched>,
    /// The first layer with a statement that denies.
    denied_by: Option<Layer>,
    /// The first layer without a statement that allows.
    lacking: Option<Layer>,
    doubts: Vec<Doubt>,
}

impl Found {
    fn new(reading: Reading) -> Self {
        let (allows, denies, doubts) = (Vec::new(), Vec::new(), Vec::new());
        Self { reading, allows, denies, denied_by: None, lacking: None, doubts }
    }

    /// Takes in documents of which one must allow.
    fn take_layer(&mut self, layer: Layer, documents: &[NamedDocument], request: &Request) {
        let (allows, denies) = (self.allows.len(), self.denies.len());
        for NamedDocument { name, document } in documents {
            for statement in document.statements() {
                self.take(statement, name, request);
            }
        }
        if self.allows.len() == allows {
            self.lacking = self.lacking.or(Some(layer));
        }
        if self.denies.len() > denies {
            self.denied_by = self.denied_by.or(Some(layer));
        }
    }

    /// Takes in one statement; where it is unclear, as the reading has it.
    fn take(&mut self, statement: &Statement, document: &Arc<str>, request: &Request) {
        let truth = statement.applies(request);
        if truth == Truth::No {
            return;
        }
        let (effect, document) = (statement.effect(), Arc::clone(document));
        let matched = Matched { effect, document, statement: statement.name() };
        if let Truth::Unclear(ambiguity) = truth {
            self.doubts.push(Doubt { statement: Some(matched.clone()), ambiguity });
        }
        match effect {
            _ if truth != Truth::Yes && !self.reading.takes_unclear(effect) => {}
            Effect::Allow => self.allows.push(matched),
            Effect::Deny => self.denies.push(matched),
        }
    }

    fn conclude(self) -> Answer {
        let (why, matched, blocked_by) = match (self.denied_by, self.lacking) {
            (Some(layer), _) => (Why::ExplicitlyDenied, self.denies, Some(layer)),
            (None, Some(layer)) => (Why::ImplicitlyDenied, self.allows, Some(layer)),
            (None, None) => (Why::Allowed, self.allows, None),
        };
        Answer { why, matched, blocked_by, doubts: self.doubts }
    }
}

#[cfg(test)]
mod tests;
