//! What is decided about a request, and why.

use std::fmt;
use std::sync::Arc;

use super::statement::Effect;
use super::truth::Ambiguity;

/// Whether a call goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// The call goes through.
    Allow,
    /// The call is refused.
    Deny,
}

/// Why a call goes through or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Every layer has a statement that allows, and none denies.
    Allowed,
    /// A layer has no statement that allows.
    ImplicitlyDenied,
    /// A statement denies.
    ExplicitlyDenied,
}

/// A layer of documents, each of which must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The service control policies of the organization.
    Scp,
    /// The identity policies.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
}

/// A statement that applied, written `Deny identity:NAME#SID`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Matched {
    pub(super) effect: Effect,
    pub(super) document: Arc<str>,
    pub(super) statement: String,
}

impl fmt::Display for Matched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}#{}", self.effect, self.document, self.statement)
    }
}

/// What the documents decide about a request, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(super) why: Why,
    pub(super) matched: Vec<Matched>,
    pub(super) blocked_by: Option<Layer>,
    pub(super) doubts: Vec<Doubt>,
}

/// A point on which AWS leaves open what is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub(super) statement: Option<Matched>,
    pub(super) ambiguity: Ambiguity,
}

impl Doubt {
    /// The statement that may apply or not; none when the doubt lies in the request.
    #[must_use]
    pub fn statement(&self) -> Option<&Matched> {
        self.statement.as_ref()
    }

    /// The open point.
    #[must_use]
    pub fn ambiguity(&self) -> Ambiguity {
        self.ambiguity
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.statement {
            Some(statement) => write!(f, "{statement}: {}", self.ambiguity),
            None => self.ambiguity.fmt(f),
        }
    }
}

impl Answer {
    /// Whether the call goes through.
    #[must_use]
    pub fn decision(&self) -> Decision {
        match self.why {
            Why::Allowed => Decision::Allow,
            Why::ImplicitlyDenied | Why::ExplicitlyDenied => Decision::Deny,
        }
    }

    /// Why.
    #[must_use]
    pub fn why(&self) -> Why {
        self.why
    }

    /// The statements that deny when the call is explicitly denied, else the statements that allow.
    #[must_use]
    pub fn matched(&self) -> &[Matched] {
        &self.matched
    }

    /// The first layer that refuses; none when the call goes through.
    #[must_use]
    pub fn blocked_by(&self) -> Option<Layer> {
        self.blocked_by
    }

    /// The points that AWS leaves open, which [`Reading`](super::Reading) decides.
    #[must_use]
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// Both answers as one: a call that needs two authorizations goes through when each does.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (mut worse, better) = if other.why > self.why { (other, self) } else { (self, other) };
        if better.why == worse.why {
            append_new(&mut worse.matched, better.matched);
        }
        append_new(&mut worse.doubts, better.doubts);
        worse
    }

    /// The answer that allows, of two readings of the same request; says so when they differ.
    #[must_use]
    pub fn or_reading(self, other: Self, ambiguity: Ambiguity) -> Self {
        let differ = self.decision() != other.decision();
        let (mut better, worse) = if other.why < self.why { (other, self) } else { (self, other) };
        append_new(&mut better.doubts, worse.doubts);
        if differ {
            append_new(&mut better.doubts, vec![Doubt { statement: None, ambiguity }]);
        }
        better
    }
}

fn append_new<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}
