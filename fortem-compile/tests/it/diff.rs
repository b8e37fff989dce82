//! What `diff` says of two sides, against what an evaluator of these tests says of calls.

mod command;
mod mutants;
mod random;

use std::collections::BTreeMap;

use fortem_compile::diff::{Answer, Diff, Direction, Example, Outcome, Side, diff};
use fortem_core::SourceFile;
use serde_json::Value;

use crate::evaluator::{self, Context, allows};

/// The two documents, compared.
pub(crate) fn compared(a: &Value, b: &Value) -> Diff {
    let side = |name: &str, document: &Value| {
        let file = SourceFile::new(name, document.to_string());
        Side::of_documents(name, &[file]).unwrap()
    };
    diff(&side("a.json", a), &side("b.json", b), None).unwrap()
}

/// A call, as the evaluator takes it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) api: String,
    pub(crate) resource: String,
    pub(crate) context: Context,
}

impl Call {
    fn of(example: &Example) -> Self {
        let keys = example.keys.iter();
        let context: BTreeMap<_, _> =
            keys.map(|(key, values)| (key.to_lowercase(), values.clone())).collect();
        Self { api: example.api.clone(), resource: example.resource.clone(), context }
    }

    pub(crate) fn outcome(&self, document: &Value) -> Outcome {
        let Self { api, resource, context } = self;
        let call = evaluator::Call { action: api, resource, context };
        match allows(std::slice::from_ref(document), &call) {
            (true, _) => Outcome::Allowed,
            (false, denying) if denying.is_empty() => Outcome::NotAllowed,
            (false, _) => Outcome::Denied,
        }
    }

    /// In which direction the documents differ about the call.
    pub(crate) fn direction(&self, a: &Value, b: &Value) -> Option<Direction> {
        direction(self.outcome(a), self.outcome(b))
    }
}

/// In which direction two outcomes of one call differ.
pub(crate) fn direction(from: Outcome, to: Outcome) -> Option<Direction> {
    match (from, to) {
        (from, to) if from == to => None,
        (_, Outcome::Allowed) => Some(Direction::Widened),
        (Outcome::Allowed, _) => Some(Direction::Narrowed),
        (Outcome::Denied, _) => Some(Direction::GuardLoosened),
        (Outcome::NotAllowed, _) => Some(Direction::GuardTightened),
    }
}

/// Each call that is shown comes out on both sides as is said.
#[track_caller]
pub(crate) fn examples_hold(found: &Diff, a: &Value, b: &Value) {
    for role in &found.roles {
        for change in &role.changes {
            assert!(!change.examples.is_empty(), "{}", change.api);
            for example in change.examples.iter().filter(|one| !one.unclear) {
                let call = Call::of(example);
                let said = [&example.a, &example.b].map(|answer: &Answer| answer.outcome);
                assert_eq!([call.outcome(a), call.outcome(b)], said, "{call:?}\n{a:#}\n{b:#}");
            }
        }
    }
}

/// Whether a direction is among those of an API action.
pub(crate) fn says(found: &Diff, api: &str, direction: Direction) -> bool {
    let mut changes = found.roles.iter().flat_map(|role| &role.changes);
    changes.any(|one| one.api.eq_ignore_ascii_case(api) && one.direction == direction)
}
