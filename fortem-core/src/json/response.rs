//! What is answered, as JSON.

use serde::Serialize;

use crate::engine::{Change, Explanation, MatrixRow, Permissions, RequestError, Review, Stats};
use crate::problem::Problems;

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Response {
    Decision(Explanation),
    Permissions(Permissions),
    Review(Review),
    Matrix(Vec<MatrixRow>),
    Stats(Stats),
    PolicySet(crate::Digest),
    Applied(Applied),
    Error(Failure),
}

/// Changes that were made, to be kept.
#[derive(Debug, Serialize)]
pub(super) struct Applied {
    pub(super) revision: u64,
    pub(super) changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
pub(super) struct Failure {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Fault>,
}

/// What is wrong with a policy.
#[derive(Debug, Serialize)]
struct Fault {
    code: &'static str,
    message: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: String) -> Self {
        Self { code, message, problems: Vec::new() }
    }

    pub(super) fn with_problems(self, problems: &Problems) -> Self {
        let fault = |one: &crate::Problem| Fault { code: one.code(), message: one.to_string() };
        Self { problems: problems.as_slice().iter().map(fault).collect(), ..self }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
