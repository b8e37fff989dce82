//! What can go wrong in a proof, and what cannot be proved.

use std::io;

use thiserror::Error;

use crate::iam::DocumentError;

/// A construct of IAM that has no counterpart in Cedar.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{construct}")]
pub(super) struct Untranslatable {
    construct: String,
}

impl Untranslatable {
    pub(super) fn new(construct: impl Into<String>) -> Self {
        Self { construct: construct.into() }
    }

    pub(super) fn in_statement(self, statement: &str) -> NotProvable {
        let Self { construct } = self;
        NotProvable::Statement { statement: statement.to_owned(), construct }
    }

    pub(super) fn in_contract(self) -> NotProvable {
        NotProvable::Contract { construct: self.construct }
    }
}

/// Why there is neither a proof nor a counterexample.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotProvable {
    /// A statement uses what Cedar cannot say.
    #[error("statement `{statement}` cannot be said in Cedar: {construct}")]
    Statement {
        /// The document and the statement's Sid, else its number.
        statement: String,
        /// The construct.
        construct: String,
    },
    /// The contract would need what Cedar cannot say.
    #[error("the contract cannot be said in Cedar: {construct}")]
    Contract {
        /// The construct.
        construct: String,
    },
    /// No thing is in the environment, so that the proof would say nothing.
    #[error("the contract leaves nothing to ask: {query}")]
    Nothing {
        /// The question.
        query: String,
    },
    /// The solver gave up.
    #[error("the solver gave no answer: {query}")]
    Unknown {
        /// The question.
        query: String,
    },
}

/// Why the proof could not be tried.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The solver cannot be started.
    #[error("cannot start the solver `{program}`")]
    Start {
        /// The executable.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The solver, or the translation to its language, failed.
    #[error("the solver failed: {query}")]
    Solver {
        /// The question.
        query: String,
        /// What it said.
        source: Box<cedar_policy_symcc::err::Error>,
    },
    /// The source has no such role or action.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// Which of them.
        what: &'static str,
        /// The id or name.
        name: String,
    },
    /// An emitted document cannot be read.
    #[error("document `{name}` cannot be read")]
    Document {
        /// The file name.
        name: String,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// The translation is not valid Cedar.
    #[error("`{what}` was not translated to valid Cedar")]
    Translation {
        /// The policy or the schema.
        what: String,
        /// What Cedar said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Cedar's authorizer does not confirm the solver's counterexample.
    #[error("a counterexample does not hold on Cedar's authorizer: {query}")]
    NotReplayed {
        /// The question.
        query: String,
    },
}

impl ProveError {
    pub(super) fn translation<E>(what: &str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let what = what.to_owned();
        move |source| Self::Translation { what, source: source.into() }
    }
}
