//! What the identity documents of a directory allow that Cedar does not, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Problem, Source};
use serde::Serialize;
use serde::ser::Serializer;
use serde_json::json;

use super::found::Found;
use crate::verify::{Difference, Kind, Verifier, VerifyError};
use crate::{Compiled, Identity};

/// A call on which the documents that are found differ from Cedar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The role.
    pub role: String,
    /// In which way they differ.
    pub kind: Kind,
    /// The environment's tag of whoever calls; none for somebody without.
    pub principal: Option<String>,
    /// The API action.
    pub api: String,
    /// The ARN, or `*` for a call without a resource.
    pub resource: String,
    /// The condition keys of the call, beside the principal's tag.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The statements that apply to the call, as effect and Sid.
    pub statements: Vec<String>,
    /// The roles and guards in Cedar that apply to the call, by id.
    pub policies: BTreeSet<String>,
}

impl From<&Difference> for Call {
    fn from(difference: &Difference) -> Self {
        Self {
            role: difference.role().to_owned(),
            kind: difference.kind(),
            principal: difference.principal().map(str::to_owned),
            api: difference.api().to_owned(),
            resource: difference.resource().to_owned(),
            keys: difference.keys().iter().cloned().collect(),
            statements: difference.statements().to_vec(),
            policies: difference.policies().clone(),
        }
    }
}

/// A call on which the documents of a role differ from Cedar, for each role one of whose documents is
/// changed or foreign: one that should not be allowed, if there is such a call. Those come first.
pub(super) fn calls(
    source: &Source,
    compiled: &Compiled,
    found: &Found,
    changed: &BTreeSet<&str>,
    problems: &mut Vec<Problem>,
) -> Vec<Call> {
    let known = compiled.documents.keys().copied().collect();
    let mut groups: BTreeMap<Identity, Vec<&str>> = BTreeMap::new();
    for path in found.paths() {
        if let Some(name) = name_of(path) {
            groups.entry(identity(name, &known)).or_default().push(path);
        }
    }
    groups.retain(|_, paths| paths.iter().any(|path| changed.contains(path)));
    let mut verifier = Verifier::new(source, compiled.world());
    let mut differences = Vec::new();
    for (identity, paths) in groups {
        if !known.contains(&identity) {
            problems.push(of_no_role(identity));
            continue;
        }
        let texts: Vec<String> =
            paths.iter().filter_map(|path| found.policy(path, problems)).collect();
        let whole = texts.len() == paths.len();
        let documents = BTreeMap::from([(identity, texts)]);
        match judge(&mut verifier, &documents, whole) {
            Ok(found) => differences.extend(found),
            Err(error) => problems.push(unverified(identity, &error)),
        }
    }
    differences.sort_by(|a, b| (a.kind(), a.role()).cmp(&(b.kind(), b.role())));
    differences.iter().map(Call::from).collect()
}

/// What is allowed too much, if anything; and of documents that are all readable, what is wrong first.
fn judge(
    verifier: &mut Verifier,
    documents: &BTreeMap<Identity, Vec<String>>,
    whole: bool,
) -> Result<Vec<Difference>, VerifyError> {
    let mut differences = Vec::new();
    if whole {
        verifier.look_for(&Kind::ALL);
        differences = verifier.verify(documents)?;
    }
    if differences.iter().all(|one| one.kind() != Kind::Excess) {
        verifier.look_for(&[Kind::Excess]);
        differences.extend(verifier.verify(documents)?);
    }
    Ok(differences)
}

/// `developer-2` or `developer/staging` of an identity document.
fn name_of(path: &str) -> Option<&str> {
    path.strip_prefix("identity/")?.strip_suffix(".json")
}

/// Who a document is for: one of those that are known, or somebody of the document's own name.
fn identity<'a>(name: &'a str, known: &BTreeSet<Identity<'a>>) -> Identity<'a> {
    let unnumbered = name.rsplit_once('-').and_then(|(name, number)| {
        let number: usize = number.parse().ok()?;
        (number > 1).then_some(name)
    });
    let named = |name: &str| known.iter().find(|identity| identity.name("/") == name);
    let found = named(name).or_else(|| unnumbered.and_then(named));
    found.copied().unwrap_or_else(|| Identity::of(name))
}

fn of_no_role(identity: Identity) -> Problem {
    let message = format!("`{}` is of no role that the output is for", identity.file(0));
    Problem::new("fortem::check::no_role", message).help(
        "whatever it allows, Cedar does not permit; remove it, and detach the policy made of it",
    )
}

fn unverified(identity: Identity, error: &VerifyError) -> Problem {
    let message = format!("the documents of `{identity}` cannot be compared with Cedar: {error}");
    Problem::new("fortem::check::unverified", message)
        .help("what they allow is not known; build anew")
}

/// Code, message and place of each problem.
pub(super) fn as_messages<S: Serializer>(
    problems: &[Problem],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.iter().map(
        |one| json!({"code": one.code(), "message": one.to_string(), "location": one.location()}),
    ))
}
