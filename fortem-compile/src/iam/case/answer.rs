//! The answer to a case, as one line of JSON.

use serde::Serialize;

use super::{Case, CaseError, Verdict};
use crate::iam::answer::{Answer, Layer, Why};

/// The answer to one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseAnswer {
    id: Option<String>,
    decision: Verdict,
    why: Option<&'static str>,
    matched: Vec<String>,
    blocked_by: Option<&'static str>,
    ambiguous: Vec<String>,
    errors: Vec<String>,
    expect: Option<Verdict>,
    ok: Option<bool>,
}

impl CaseAnswer {
    pub(super) fn of(case: &Case, result: Result<Answer, CaseError>) -> Self {
        let mut report = match result {
            Ok(answer) => Self::decided(&answer),
            Err(error) => Self::error(error.to_string()),
        };
        report.id = Some(case.id.clone());
        report.expect = case.expect;
        report.ok = case.expect.map(|expected| expected == report.decision);
        report
    }

    /// The answer to what is no case, with the reason.
    #[must_use]
    pub fn error(reason: String) -> Self {
        Self {
            id: None,
            decision: Verdict::Error,
            why: None,
            matched: Vec::new(),
            blocked_by: None,
            ambiguous: Vec::new(),
            errors: vec![reason],
            expect: None,
            ok: None,
        }
    }

    fn decided(answer: &Answer) -> Self {
        Self {
            id: None,
            decision: answer.decision().into(),
            why: Some(match answer.why() {
                Why::Allowed => "Allowed",
                Why::ImplicitlyDenied => "ImplicitlyDenied",
                Why::ExplicitlyDenied => "ExplicitlyDenied",
            }),
            matched: answer.matched().iter().map(ToString::to_string).collect(),
            blocked_by: answer.blocked_by().and_then(|layer| match layer {
                Layer::Identity => None,
                Layer::Scp => Some("scp"),
                Layer::Boundary => Some("boundary"),
                Layer::Session => Some("session"),
            }),
            ambiguous: answer.doubts().iter().map(ToString::to_string).collect(),
            errors: Vec::new(),
            expect: None,
            ok: None,
        }
    }

    /// Whether the case could not be answered.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.decision == Verdict::Error
    }

    /// Whether the decision is the expected one; nothing when none is expected.
    #[must_use]
    pub fn is_ok(&self) -> Option<bool> {
        self.ok
    }
}
