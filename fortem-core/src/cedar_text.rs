//! Cedar text to policies, with everything that is wrong in it.

use std::ops::Range;
use std::str::FromStr;

use cedar_policy::{PolicyId, PolicySet, ValidationMode, Validator, pst};
use miette::Diagnostic;

use crate::fleet::is_slug;
use crate::policy::{Policy, header};
use crate::policy_text::{self, MOST_NESTED, PolicyText};
use crate::problem::{Problem, Problems, SourceFile};
use crate::vocabulary::Vocabulary;

/// The policies of a file as Cedar reads them, whatever they say.
///
/// ```
/// use fortem_core::{SourceFile, parse_cedar};
///
/// let policies = parse_cedar(&SourceFile::new("a.cedar", "permit (principal, action, resource);"))?;
/// assert_eq!(policies.policies().count(), 1);
/// assert!(parse_cedar(&SourceFile::new("a.cedar", "permit (principal")).is_err());
/// # Ok::<(), fortem_core::Problems>(())
/// ```
///
/// # Errors
///
/// Every syntax error, and policies that are nested more deeply than Cedar's parser has stack for.
pub fn parse_cedar(file: &SourceFile) -> Result<PolicySet, Problems> {
    let pieces = policy_text::split(file.text());
    let deep = pieces.iter().filter_map(|piece| deep_piece(file, piece)).collect();
    Problems::unless(deep, ())?;
    PolicySet::from_str(file.text()).map_err(|errors| {
        let problem = |error| from_cedar("fortem::cedar::syntax", file, error, 0..0);
        Problems::from_list(errors.iter().map(|error| problem(error)).collect())
    })
}

/// The policies of one file, parsed but not yet validated.
pub(crate) fn parse(file: &SourceFile) -> Result<Vec<Policy>, Vec<Problem>> {
    // Parsed whole first: Cedar then reports every syntax error, not only the first policy's.
    parse_cedar(file).map_err(Problems::into_vec)?;
    let pieces = policy_text::split(file.text());
    let mut policies = Vec::new();
    let mut problems = Vec::new();
    for piece in pieces {
        match one(file, piece) {
            Ok(policy) => policies.push(policy),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(policies) } else { Err(problems) }
}

fn deep_piece(file: &SourceFile, piece: &PolicyText) -> Option<Problem> {
    let problem = too_deep(file.text().get(piece.span.clone())?)?;
    Some(problem.at(file, header(file, &piece.span), "this policy"))
}

/// What is wrong with a policy whose expressions are nested too deeply; asked before Cedar sees the text.
pub(crate) fn too_deep(text: &str) -> Option<Problem> {
    let nesting = policy_text::nesting(text);
    (nesting > MOST_NESTED).then(|| {
        let message = format!("nested {nesting} deep, where {MOST_NESTED} is the most");
        Problem::new("fortem::cedar::nesting", message).help(
            "write `in […]` or `[…].contains(…)` for a chain of `||`, or several policies for one",
        )
    })
}

fn one(file: &SourceFile, piece: PolicyText) -> Result<Policy, Problem> {
    let place = header(file, &piece.span);
    let unreadable = |message: String| {
        Problem::new("fortem::cedar::syntax", message).at(file, place.clone(), "this policy")
    };
    let parsed = PolicySet::from_str(&padded(file.text(), &piece.span))
        .map_err(|error| unreadable(error.to_string()))?;
    let template = template(&parsed).map_err(unreadable)?;
    let id = match template.annotations.get("id") {
        Some(id) if is_slug(id) => id.to_string(),
        Some(id) => return Err(bad_id(id).at(file, place, "id of this policy")),
        None => return Err(missing_id().at(file, place, "this policy")),
    };
    let named = named(&parsed, &id).map_err(unreadable)?;
    Ok(Policy { id, template, named, file: file.clone(), span: piece.span, clauses: piece.clauses })
}

fn template(parsed: &PolicySet) -> Result<pst::Template, String> {
    let set = parsed.to_pst().map_err(|error| error.to_string())?;
    let statics = set.policies.values().map(pst::StaticPolicy::body);
    let mut found = set.templates.values().chain(statics);
    found.next().cloned().ok_or_else(|| "no policy here".to_owned())
}

/// The same policy under the id that its annotation gives.
pub(crate) fn named(parsed: &PolicySet, id: &str) -> Result<PolicySet, String> {
    let mut named = PolicySet::new();
    let id = PolicyId::new(id);
    for template in parsed.templates() {
        named.add_template(template.new_id(id.clone())).map_err(|error| error.to_string())?;
    }
    for policy in parsed.policies() {
        named.add(policy.new_id(id.clone())).map_err(|error| error.to_string())?;
    }
    Ok(named)
}

/// The text before the policy blanked out, so that Cedar's places are places in the file.
fn padded(text: &str, span: &Range<usize>) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let blank = before.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    blank.chain(text.get(span.clone()).unwrap_or_default().chars()).collect()
}

fn missing_id() -> Problem {
    Problem::new("fortem::cedar::missing_id", "policy without an id")
        .help("write `@id(\"a-name\")` before it: assignments and reports name policies by id")
}

fn bad_id(id: &str) -> Problem {
    Problem::new("fortem::cedar::bad_id", format!("`{id}` cannot be the id of a policy"))
        .help("use lower-case letters, digits and `-`: the id becomes a file name")
}

/// Checks one policy against the vocabulary, strictly; a warning counts as an error, since a policy
/// that can never apply is a mistake too.
pub(crate) fn validate(vocabulary: &Vocabulary, policy: &Policy) -> Vec<Problem> {
    let validator = Validator::new(vocabulary.schema().clone());
    let result = validator.validate(&policy.named, ValidationMode::Strict);
    let place = policy.header_span();
    let problem = |error: &dyn Diagnostic| {
        from_cedar("fortem::cedar::validation", &policy.file, error, place.clone())
    };
    let errors: Vec<Problem> = result.validation_errors().map(|error| problem(error)).collect();
    if !errors.is_empty() {
        return one_a_place(errors);
    }
    one_a_place(result.validation_warnings().map(|warning| problem(warning)).collect())
}

/// Cedar repeats a mistake for every action it matters to, in no fixed order.
fn one_a_place(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| (problem.span(), problem.to_string()));
    problems.dedup_by_key(|problem| problem.span());
    problems
}

/// A diagnostic of Cedar's as one of ours, at `place` if Cedar names none.
fn from_cedar(
    code: &'static str,
    file: &SourceFile,
    error: &dyn Diagnostic,
    place: Range<usize>,
) -> Problem {
    let labels: Vec<_> = error.labels().into_iter().flatten().collect();
    let mut problem = Problem::new(code, error.to_string());
    for label in &labels {
        let span = label.offset()..label.offset() + label.len();
        problem = problem.at(file, span, label.label().unwrap_or("here"));
    }
    if labels.is_empty() {
        problem = problem.at(file, place, "here");
    }
    match error.help() {
        Some(help) => problem.help(help.to_string()),
        None => problem,
    }
}
