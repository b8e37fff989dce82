//! Policy sets that the engine takes.

use std::collections::BTreeMap;
use std::str::FromStr;

use cedar_policy::{PolicySet, ValidationMode, Validator};

use crate::cedar_text;
use crate::problem::{Problem, Problems};
use crate::vocabulary::Vocabulary;

/// The text of each policy, by id.
pub(super) fn texts(policies: &PolicySet) -> BTreeMap<String, String> {
    let templates = policies.templates().map(|one| (one.id(), Some(one.to_cedar())));
    let statics = policies.policies().map(|one| (one.id(), one.to_cedar()));
    let texts = templates.chain(statics);
    texts.filter_map(|(id, text)| Some((AsRef::<str>::as_ref(id).to_owned(), text?))).collect()
}

/// A policy set from the text of each policy, by id.
pub(super) fn from_texts(texts: &BTreeMap<String, String>) -> Result<PolicySet, Problems> {
    let mut all = PolicySet::new();
    let mut problems = Vec::new();
    for (id, text) in texts {
        let merged = from_text(id, text)
            .and_then(|one| all.merge(&one, false).map_err(|error| refused(error.to_string())));
        problems.extend(merged.err());
    }
    Problems::unless(problems, all)
}

fn from_text(id: &str, text: &str) -> Result<PolicySet, Problem> {
    if let Some(problem) = cedar_text::too_deep(text) {
        return Err(problem);
    }
    let in_words = |error: &dyn std::fmt::Display| refused(format!("`{id}`: {error}"));
    let parsed = PolicySet::from_str(text).map_err(|error| in_words(&error))?;
    let (policies, templates) = (parsed.policies().count(), parsed.templates().count());
    if policies + templates != 1 {
        return Err(in_words(&format!("found {} policies, expected one", policies + templates)));
    }
    cedar_text::named(&parsed, id).map_err(|error| in_words(&error))
}

/// Checks policies against the vocabulary, strictly. Links stand in the fleet, not among the policies.
pub(super) fn check(policies: &PolicySet, vocabulary: &Vocabulary) -> Result<(), Problems> {
    let mut problems = Vec::new();
    if let Some(linked) = policies.policies().find(|policy| !policy.is_static()) {
        let message = format!("`{}` is a linked template", linked.id());
        let problem = Problem::new("fortem::engine::linked", message)
            .help("give the template alone, and assign it");
        problems.push(problem);
    }
    let deep: Vec<Problem> =
        texts(policies).values().filter_map(|one| cedar_text::too_deep(one)).collect();
    if !deep.is_empty() {
        return Err(Problems::from_list(deep));
    }
    let validator = Validator::new(vocabulary.schema().clone());
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
