//! What all documents together decide (IAM User Guide, "Policy evaluation logic").

use super::answer::{Answer, Doubt, Layer, Matched, Reading, Why};
use super::document::Document;
use super::request::Request;
use super::statement::{Effect, Statement};
use super::truth::Truth;

/// A document and the name under which answers speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDocument {
    name: String,
    document: Document,
}

impl NamedDocument {
    /// Names a document.
    #[must_use]
    pub fn new(name: impl Into<String>, document: Document) -> Self {
        Self { name: name.into(), document }
    }
}

/// All documents that bear on one principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    identity: Vec<NamedDocument>,
    scps: Vec<Vec<Document>>,
    boundary: Option<Vec<Document>>,
    session: Option<Document>,
}

impl Policies {
    /// Identity policies alone, with no organization, boundary or session policy.
    #[must_use]
    pub fn of_identity(identity: impl IntoIterator<Item = NamedDocument>) -> Self {
        Self { identity: identity.into_iter().collect(), ..Self::default() }
    }

    /// Adds the service control policies, one list a level of the organization, root first: every level must allow.
    #[must_use]
    pub fn with_scps(mut self, levels: Vec<Vec<Document>>) -> Self {
        self.scps = levels;
        self
    }

    /// Adds a permissions boundary; of several documents, one must allow.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Vec<Document>) -> Self {
        self.boundary = Some(boundary);
        self
    }

    /// Adds a session policy.
    #[must_use]
    pub fn with_session(mut self, session: Document) -> Self {
        self.session = Some(session);
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

    /// Decides one authorization check under one reading of the points that AWS leaves open.
    #[must_use]
    pub fn decide_under(&self, request: &Request, reading: Reading) -> Answer {
        let mut found = Found::under(reading);
        for (level, documents) in self.scps.iter().enumerate() {
            let name = |index| format!("scp:{}.{}", level + 1, index + 1);
            found.take_layer(Layer::Scp, documents, name, request);
        }
        let name = |index: usize| {
            let named = self.identity.get(index);
            format!("identity:{}", named.map(|named| named.name.as_str()).unwrap_or_default())
        };
        let identity = self.identity.iter().map(|named| &named.document);
        found.take_layer(Layer::Identity, identity, name, request);
        if let Some(boundary) = &self.boundary {
            let name = |index| format!("boundary:{}", index + 1);
            found.take_layer(Layer::Boundary, boundary, name, request);
        }
        if let Some(session) = &self.session {
            found.take_layer(Layer::Session, [session], |_| "session".to_owned(), request);
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
    fn under(reading: Reading) -> Self {
        let (allows, denies, doubts) = (Vec::new(), Vec::new(), Vec::new());
        Self { reading, allows, denies, denied_by: None, lacking: None, doubts }
    }

    /// Takes in documents of which one must allow; each is named by its place, from 0, when needed.
    fn take_layer<'a>(
        &mut self,
        layer: Layer,
        documents: impl IntoIterator<Item = &'a Document>,
        name: impl Fn(usize) -> String,
        request: &Request,
    ) {
        let (allows, denies) = (self.allows.len(), self.denies.len());
        for (index, document) in documents.into_iter().enumerate() {
            for statement in document.statements() {
                self.take(statement, || name(index), request);
            }
        }
        if self.allows.len() == allows {
            self.lacking = self.lacking.or(Some(layer));
        }
        if self.denies.len() > denies {
            self.denied_by = self.denied_by.or(Some(layer));
        }
    }

    /// Takes in one statement.
    fn take(
        &mut self,
        statement: &Statement,
        document: impl FnOnce() -> String,
        request: &Request,
    ) {
        let truth = statement.applies(request);
        if truth == Truth::No {
            return;
        }
        let effect = statement.effect();
        let matched = Matched { effect, document: document(), statement: statement.name() };
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
