//! What differs between two sets of documents, as calls that one side allows and the other does not.
//!
//! A side is a policies directory, an output directory, or IAM documents ([`Side`]). For each role the
//! statements of both sides are asked about every call that they tell apart (`domain`), so that *equal*
//! means equal whatever the spelling, order and division of the documents, and *widened* comes with a call
//! that shows it. Of a call either side says one of three things ([`Outcome`]): that it is allowed, that it
//! is not, or that it is denied explicitly, so that no other policy of the same principal can allow it.
//!
//! Every API action of the service reference is asked about, and of those that it lacks one for each
//! combination of patterns; a call of such an action may be made on anything and have any condition key. A
//! condition key that the reference names for no API action may be part of any call. Where AWS leaves a point
//! of evaluation open, both sides are read alike, once each way.

mod access;
mod assignments;
mod blocks;
mod change;
mod changes;
mod compare;
mod markdown;
mod people;
mod side;
mod text;
mod union;

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Problem, Problems};
use serde::Serialize;
use thiserror::Error;

pub use self::access::{Accesses, Known};
pub use self::assignments::{Assigned, AssignmentChanges};
pub use self::change::{Answer, Change, Direction, Example, Outcome};
pub use self::markdown::Markdown;
pub use self::people::People;
pub use self::side::{Owner, Side};

use self::compare::Comparer;
use self::side::Named;
use self::union::Union;
use crate::domain::{DomainError, Languages};
use crate::iam::Statement;
use crate::reference::{Reference, ReferenceError};

/// What differs between side A and side B.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The version of this shape.
    pub version: u32,
    /// Whether B grants what A does.
    pub verdict: Verdict,
    /// Side A, as it was named.
    pub a: String,
    /// Side B, as it was named.
    pub b: String,
    /// The AWS tag that names the environment.
    pub tag_key: String,
    /// The date of the service reference, RFC 3339.
    pub service_reference: String,
    /// The roles, by name.
    pub roles: Vec<RoleDiff>,
    /// Who has which role where, if both sides say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignments: Option<AssignmentChanges>,
    /// Files of other kinds that differ, of which nothing more is said.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub differing_files: BTreeSet<String>,
    /// Kinds of documents that only one side has, and that were not compared.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_compared: BTreeSet<String>,
}

impl Diff {
    /// Whether nothing at all differs that both sides have.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.verdict == Verdict::Equal && self.differing_files.is_empty()
    }
}

/// What differs in the documents of one role, or of one environment of it.
#[derive(Debug, Clone, Serialize)]
pub struct RoleDiff {
    /// Whose documents.
    #[serde(flatten)]
    pub owner: Owner,
    /// Whether B grants what A does.
    pub verdict: Verdict,
    /// The only side that has the role; the other one allows nothing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_in: Option<Which>,
    /// What differs, widened first.
    pub changes: Vec<Change>,
}

/// One of the sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The first.
    A,
    /// The second.
    B,
}

/// Whether side B grants what side A does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The same.
    Equal,
    /// Less.
    Narrowed,
    /// More.
    Widened,
    /// More of some, less of other.
    Both,
}

impl Verdict {
    fn of(widened: bool, narrowed: bool) -> Self {
        match (widened, narrowed) {
            (false, false) => Self::Equal,
            (true, false) => Self::Widened,
            (false, true) => Self::Narrowed,
            (true, true) => Self::Both,
        }
    }

    fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        let of =
            |all: (bool, bool), one: Self| (all.0 || one.is_wider(), all.1 || one.is_narrower());
        let (widened, narrowed) = all.into_iter().fold((false, false), of);
        Self::of(widened, narrowed)
    }

    fn is_wider(self) -> bool {
        matches!(self, Self::Widened | Self::Both)
    }

    fn is_narrower(self) -> bool {
        matches!(self, Self::Narrowed | Self::Both)
    }

    /// The verdict in words, for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Narrowed => "narrowed",
            Self::Widened => "widened",
            Self::Both => "widened and narrowed",
        }
    }
}

/// Why two sides cannot be compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DiffError {
    /// The sides do not go together.
    #[error(transparent)]
    Refused(#[from] Problems),
    /// The built-in service reference cannot be read.
    #[error("the built-in service reference cannot be read: {0}")]
    Reference(#[from] &'static ReferenceError),
    /// Not all calls can be looked at.
    #[error("the documents of `{owner}` cannot be compared: {error}")]
    Domain {
        /// Whose documents.
        owner: String,
        /// Why.
        error: DomainError,
    },
}

/// Compares side B with side A; `role`, if it is given, alone. IAM documents, of which nothing says whose
/// they are, are taken for those of `role`, or of the only role of the other side.
///
/// ```
/// use fortem_compile::diff::{Side, Verdict, diff};
/// use fortem_core::SourceFile;
///
/// let side = |resource: &str| {
///     let text = format!(
///         r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "ecs:StopTask",
///             "Resource": "{resource}"}}}}"#
///     );
///     Side::of_documents("policy.json", &[SourceFile::new("policy.json", text)])
/// };
/// let narrow = side("arn:aws:ecs:*:*:task/staging/*")?;
/// let wide = side("*")?;
/// let found = diff(&narrow, &wide, None)?;
/// assert_eq!(found.verdict, Verdict::Widened);
/// let change = &found.roles[0].changes[0];
/// assert_eq!((change.api.as_str(), change.actions.first().map(String::as_str)), ("ecs:StopTask", Some("stopTask")));
/// assert!(!change.examples[0].resource.contains("task/staging/"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`DiffError`], when the sides do not go together, or tell more calls apart than can be looked at.
pub fn diff(a: &Side, b: &Side, role: Option<&str>) -> Result<Diff, DiffError> {
    diff_by(Reference::builtin()?, a, b, role)
}

/// Compares as [`diff()`] does, by another service reference than the one that is built in.
///
/// # Errors
///
/// As those of [`diff()`].
pub fn diff_by(
    reference: &Reference,
    a: &Side,
    b: &Side,
    role: Option<&str>,
) -> Result<Diff, DiffError> {
    let pairs = pairs(a, b, role)?;
    let table = if a.has_roles() { a.table() } else { b.table() };
    let comparer = Comparer::new(reference, table, [a, b]);
    let mut languages = languages([a, b].into_iter().flat_map(Side::statements));
    let mut roles = Vec::new();
    for (owner, [of_a, of_b]) in pairs {
        let [layer_a, layer_b] = [of_a, of_b].map(|side| [side.unwrap_or_default()]);
        let union = Union::of(&layer_a, &layer_b);
        let only_in = match (of_a, of_b) {
            (Some(_), None) => Some(Which::A),
            (None, Some(_)) => Some(Which::B),
            _ => None,
        };
        let environment = owner.environment.as_deref();
        let known = comparer.people_of(environment);
        let changes = comparer
            .compare(&union, environment, &known, only_in.is_some(), &mut languages)
            .map_err(|error| DiffError::Domain { owner: owner.to_string(), error })?
            .finish();
        let verdict = Verdict::of(
            changes.iter().any(|change| change.direction.is_wider()),
            changes.iter().any(|change| !change.direction.is_wider()),
        );
        roles.push(RoleDiff { owner, verdict, only_in, changes });
    }
    let assignments = AssignmentChanges::between(a, b, role);
    let verdicts = roles.iter().map(|role| role.verdict);
    let verdict =
        Verdict::of_all(verdicts.chain(assignments.iter().map(AssignmentChanges::verdict)));
    let (kinds_of_a, kinds_of_b) = (a.kinds(), b.kinds());
    let not_compared = kinds_of_a.symmetric_difference(&kinds_of_b);
    Ok(Diff {
        version: 1,
        verdict,
        a: a.name().to_owned(),
        b: b.name().to_owned(),
        tag_key: comparer.tag_key().to_owned(),
        service_reference: reference.date().to_owned(),
        roles,
        assignments,
        differing_files: differing_files(a, b, role),
        not_compared: not_compared.map(|kind| (*kind).to_owned()).collect(),
    })
}

/// The partition of most accounts.
const DEFAULT_PARTITION: &str = "aws";

/// The files that are compared as they stand and differ, of kinds that both sides have.
fn differing_files(a: &Side, b: &Side, role: Option<&str>) -> BTreeSet<String> {
    let both: BTreeSet<&str> = a.kinds().intersection(&b.kinds()).copied().collect();
    let texts = |side: &Side| -> BTreeMap<String, String> {
        let own = side.others(role).filter(|(_, other)| both.contains(other.kind.as_str()));
        own.map(|(file, other)| (file.to_owned(), other.text.clone())).collect()
    };
    let (a, b) = (texts(a), texts(b));
    let all = a.keys().chain(b.keys());
    all.filter(|file| a.get(*file) != b.get(*file)).cloned().collect()
}

/// The languages of each partition that statements speak of.
fn languages<'s>(statements: impl Iterator<Item = &'s Statement>) -> Vec<Languages> {
    let texts = statements.flat_map(Statement::texts);
    let arns = texts.filter_map(|(_, text)| text.strip_prefix("arn:"));
    let partitions = arns.filter_map(|rest| rest.split(':').next());
    let partitions = partitions.filter(|name| !name.is_empty() && !name.contains(['*', '?', '$']));
    let mut partitions: BTreeSet<&str> = partitions.collect();
    if partitions.is_empty() {
        partitions.insert(DEFAULT_PARTITION);
    }
    partitions.into_iter().map(Languages::new).collect()
}

/// The documents of an owner on either side, if it has any there.
type Pairs<'s> = BTreeMap<Owner, [Option<&'s [Named]>; 2]>;

/// Which documents are compared with which.
fn pairs<'s>(a: &'s Side, b: &'s Side, role: Option<&str>) -> Result<Pairs<'s>, Problems> {
    let name = nameless(a, b, role)?;
    let owners = [a, b].map(|side| side.documents_of(name.as_deref(), role));
    let mut pairs = Pairs::new();
    for (at, documents) in owners.into_iter().enumerate() {
        for (owner, statements) in documents {
            if let Some(side) = pairs.entry(owner).or_default().get_mut(at) {
                *side = Some(statements);
            }
        }
    }
    // Without a boundary or SCP nothing is limited, and to say that calls are is no comparison.
    pairs.retain(|owner, [a, b]| owner.is_identity() || (a.is_some() && b.is_some()));
    let environments = a.environments().chain(b.environments()).collect();
    serve_every_environment(&mut pairs, &environments);
    if pairs.is_empty() {
        let message = match role {
            Some(role) => format!("neither side has a role `{role}`"),
            None => "neither side has a role".to_owned(),
        };
        return Err(Problem::new("fortem::diff::unknown_role", message).into());
    }
    Ok(pairs)
}

/// The role that documents without one are of.
fn nameless(a: &Side, b: &Side, role: Option<&str>) -> Result<Option<String>, Problems> {
    if role.is_some() || (a.has_roles() && b.has_roles()) {
        return Ok(role.map(str::to_owned));
    }
    let roles: BTreeSet<&str> = a.roles().chain(b.roles()).collect();
    let mut names = roles.iter();
    match (names.next(), names.next()) {
        (Some(_), Some(_)) => {
            let roles: Vec<String> = roles.iter().map(|role| format!("`{role}`")).collect();
            let help = format!("name the role with --role; the roles are {}", roles.join(", "));
            let message = "nothing says which role the documents are of";
            Err(Problem::new("fortem::diff::nameless", message).help(help).into())
        }
        (only, _) => Ok(only.map(|role| (*role).to_owned())),
    }
}

/// Where one side has documents for every environment and the other one for each, the first are compared with
/// each of the others, and with nothing for an environment that the others leave out: as those see them who
/// are of that environment.
fn serve_every_environment<'s>(pairs: &mut Pairs<'s>, environments: &BTreeSet<&str>) {
    let general: Vec<(Owner, [Option<&'s [Named]>; 2])> = pairs
        .iter()
        .filter(|(owner, _)| owner.is_identity() && owner.environment.is_none())
        .map(|(owner, pair)| (owner.clone(), *pair))
        .collect();
    for (owner, whole) in general {
        let of_role = pairs.keys().filter(|other| other.is_identity() && other.role == owner.role);
        if of_role.count() < 2 {
            continue;
        }
        pairs.remove(&owner);
        for environment in environments {
            let owner = Owner { environment: Some((*environment).to_owned()), ..owner.clone() };
            let pair = pairs.entry(owner).or_default();
            for (side, whole) in pair.iter_mut().zip(whole) {
                *side = side.or(whole);
            }
        }
    }
}
