//! Policy sets that the engine takes.

use cedar_policy::{PolicySet, ValidationMode, Validator};

use crate::problem::{Problem, Problems};
use crate::vocabulary::Vocabulary;

/// A policy set from Cedar's JSON, checked.
pub(super) fn from_json(json: &serde_json::Value) -> Result<PolicySet, Problems> {
    let policies =
        PolicySet::from_json_value(json.clone()).map_err(|error| refused(error.to_string()))?;
    check(&policies)?;
    Ok(policies)
}

/// Checks policies against the vocabulary, strictly. Links stand in the fleet, not among the policies.
pub(super) fn check(policies: &PolicySet) -> Result<(), Problems> {
    let mut problems = Vec::new();
    if let Some(linked) = policies.policies().find(|policy| !policy.is_static()) {
        let message = format!("`{}` is a linked template", linked.id());
        let problem = Problem::new("fortem::engine::linked", message)
            .help("give the template alone, and assign it");
        problems.push(problem);
    }
    let validator = Validator::new(Vocabulary::builtin().schema().clone());
    let result = validator.validate(policies, ValidationMode::Strict);
    let mut errors: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
    errors.sort();
    errors.dedup();
    problems
        .extend(errors.into_iter().map(|error| Problem::new("fortem::cedar::validation", error)));
    Problems::unless(problems, ())
}

/// What Cedar refuses, in its words.
pub(super) fn refused(message: String) -> Problem {
    Problem::new("fortem::engine::refused", message)
}
