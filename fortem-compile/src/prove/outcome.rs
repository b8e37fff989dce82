//! What came of a role and an action.

use std::fmt;

use super::error::NotProvable;

/// What came of one role and one action of the vocabulary.
///
/// Displayed as a line for a report; a counterexample takes several.
#[derive(Debug, Clone)]
pub struct Proof {
    pub(super) role: String,
    pub(super) action: String,
    pub(super) outcome: Outcome,
    pub(super) queries: usize,
}

/// Whether documents and Cedar mean the same.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// They do, for every request.
    Proved,
    /// The action takes no AWS call, so there is nothing to compare.
    NoCall,
    /// They do not: here is a request.
    Counterexample(Box<Counterexample>),
    /// Nobody knows.
    NotProvable(NotProvable),
}

/// A request that one side allows and the other denies, confirmed by Cedar's authorizer.
#[derive(Debug, Clone)]
pub struct Counterexample {
    pub(super) query: String,
    pub(super) iam: Answer,
    pub(super) cedar: Answer,
    pub(super) request: String,
}

/// What Cedar's authorizer says of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(super) allows: bool,
    pub(super) because: Vec<String>,
}

impl Proof {
    /// One that nothing has been asked for yet.
    pub(super) fn new(role: &str, action: &str) -> Self {
        let (role, action) = (role.to_owned(), action.to_owned());
        Self { role, action, outcome: Outcome::NoCall, queries: 0 }
    }

    /// The role's id.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The action's name, `restartService`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// What came of it.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// How many questions the solver was asked.
    #[must_use]
    pub fn queries(&self) -> usize {
        self.queries
    }
}

impl Counterexample {
    /// The question it answers.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// What the emitted documents say.
    #[must_use]
    pub fn iam(&self) -> &Answer {
        &self.iam
    }

    /// What roles and guards say.
    #[must_use]
    pub fn cedar(&self) -> &Answer {
        &self.cedar
    }

    /// The request and its entities, as text.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }
}

impl Answer {
    /// Whether the request is allowed.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.allows
    }

    /// The statements or policies that decided; sorted, empty when nothing permits.
    #[must_use]
    pub fn because(&self) -> &[String] {
        &self.because
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, outcome, queries } = self;
        write!(f, "{role} {action}: ")?;
        match outcome {
            Outcome::Proved => write!(f, "proved, {queries} queries"),
            Outcome::NoCall => f.write_str("proved, it takes no AWS call"),
            Outcome::NotProvable(why) => write!(f, "not provable, {why}"),
            Outcome::Counterexample(found) => write!(f, "counterexample, {found}"),
        }
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.query)?;
        writeln!(f, "  IAM {}", self.iam)?;
        write!(f, "  Cedar {}", self.cedar)?;
        self.request.lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.allows { "allows" } else { "denies" })?;
        if self.because.is_empty() {
            return Ok(());
        }
        write!(f, " by {}", self.because.join(", "))
    }
}
