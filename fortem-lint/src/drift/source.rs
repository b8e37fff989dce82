//! What the Cedar source permits: documents by role and environment, and who has which role where.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::diff::Side;
use fortem_compile::iam::{Document, DocumentKind};
use fortem_compile::target::{self, Target};
use fortem_compile::{CompileError, compile};
use fortem_core::{Assignee, Fleet, Mode, Problems, Source};
use thiserror::Error;

use super::Part;

/// Why a source cannot be compared with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntendedError {
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Its documents cannot be made.
    #[error("the documents cannot be made: {0}")]
    Documents(String),
    /// Its documents cannot be read back.
    #[error(transparent)]
    Refused(#[from] Problems),
}

/// Texts of documents by role and environment, if they are for one.
type Documents = BTreeMap<(String, Option<String>), Vec<String>>;

/// What a source permits.
#[derive(Debug)]
pub struct Intended {
    side: Side,
    fleet: Fleet,
    documents: Documents,
    boundaries: Documents,
    roles: BTreeSet<String>,
    assigned: BTreeSet<Part>,
}

/// What stands before the environment's tag in variables and keys of a principal that has not the tag it should have.
const MEANT: &str = "meant:";

impl Intended {
    /// Compiles a source.
    ///
    /// # Errors
    ///
    /// [`IntendedError`], when it cannot be compiled.
    pub fn of(source: &Source) -> Result<Self, IntendedError> {
        let compiled = compile(source, &[])?;
        let targets = target::targets(source, &compiled, &[Target::Identity, Target::Boundary])
            .map_err(|error| IntendedError::Documents(error.to_string()))?;
        let side = Side::of_source("the source", source, &compiled, &targets)?;
        let (mut documents, mut boundaries) = (Documents::new(), Documents::new());
        for artifact in &targets.artifacts {
            let of_kind = match artifact.kind() {
                "identity" => &mut documents,
                "boundary" => &mut boundaries,
                _ => continue,
            };
            let Some(role) = artifact.role else { continue };
            let key = (role.to_owned(), artifact.environment.map(str::to_owned));
            of_kind.entry(key).or_default().push(artifact.text.clone());
        }
        let fleet = source.fleet().clone();
        let roles = source.roles().map(|role| role.id().to_owned()).collect();
        let assigned =
            fleet.assignments().iter().flat_map(|one| parts(one.role(), one.environments()));
        Ok(Self { side, documents, boundaries, roles, assigned: assigned.collect(), fleet })
    }

    /// The documents as a side of a comparison.
    #[must_use]
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// Who has which role where, the people aside.
    #[must_use]
    pub fn assigned(&self) -> &BTreeSet<Part> {
        &self.assigned
    }

    /// The ids of the roles.
    #[must_use]
    pub fn roles(&self) -> &BTreeSet<String> {
        &self.roles
    }

    /// The roles of a person of the fleet; none if there is no such person.
    #[must_use]
    pub fn of_user(&self, name: &str) -> Option<BTreeSet<Part>> {
        let user = self.fleet.users().iter().find(|one| one.name().eq_ignore_ascii_case(name))?;
        let teams = self.with_wider(user.teams());
        let has = |assignee: &Assignee| match assignee {
            Assignee::Team(team) => teams.contains(team.as_str()),
            Assignee::User(name) => name == user.name(),
        };
        let own = self.fleet.assignments().iter().filter(|one| one.assignee().is_none_or(has));
        Some(own.flat_map(|one| parts(one.role(), one.environments())).collect())
    }

    /// Teams and those that they are part of.
    fn with_wider<'f>(&'f self, teams: impl Iterator<Item = &'f str>) -> BTreeSet<&'f str> {
        let mut all = BTreeSet::new();
        let mut next: Vec<&str> = teams.collect();
        while let Some(name) = next.pop() {
            if all.insert(name) {
                let team = self.fleet.teams().iter().filter(|team| team.name() == name);
                next.extend(team.flat_map(fortem_core::Team::teams));
            }
        }
        all
    }

    /// How documents of a role know the environment.
    #[must_use]
    pub fn mode_of(&self, role: &str) -> Mode {
        self.fleet.mode_of(role)
    }

    /// The documents of some roles; with `is_renamed` they speak of the tag that the principal should have.
    pub(super) fn documents(&self, parts: &[Part], is_renamed: bool) -> Vec<Document> {
        let read = |text: &String| {
            let renamed = is_renamed.then(|| text.replace(&self.tag(""), &self.tag(MEANT)));
            let text = renamed.as_ref().unwrap_or(text);
            Document::read(text, DocumentKind::Identity).into_parts().0
        };
        texts(&self.documents, parts).map(read).collect()
    }

    /// The permissions boundaries of some roles.
    pub(super) fn boundaries(&self, parts: &[Part]) -> Vec<Document> {
        let read = |text: &String| Document::read(text, DocumentKind::Boundary).into_parts().0;
        texts(&self.boundaries, parts).map(read).collect()
    }

    fn tag(&self, prefix: &str) -> String {
        format!("aws:PrincipalTag/{prefix}{}", self.fleet.tag_key())
    }

    /// The condition key of a tag as it should be, for what [`Self::documents`] renames.
    pub(super) fn meant_key(tag: &str) -> String {
        format!("aws:PrincipalTag/{MEANT}{tag}")
    }

    /// Whether a condition key is one of those.
    pub(super) fn is_meant_key(key: &str) -> bool {
        key.to_ascii_lowercase().starts_with(&format!("aws:principaltag/{MEANT}"))
    }
}

/// The texts for some roles.
fn texts<'d>(documents: &'d Documents, parts: &'d [Part]) -> impl Iterator<Item = &'d String> {
    let own = documents.iter().filter(|((role, environment), _)| {
        parts.iter().any(|part| {
            part.role == *role && (environment.is_none() || *environment == part.environment)
        })
    });
    own.flat_map(|(_, texts)| texts)
}

fn parts<'f>(role: &'f str, environments: impl Iterator<Item = &'f str>) -> Vec<Part> {
    let part = |environment: Option<&str>| Part {
        role: role.to_owned(),
        environment: environment.map(str::to_owned),
    };
    let mut parts: Vec<Part> = environments.map(|name| part(Some(name))).collect();
    if parts.is_empty() {
        parts.push(part(None));
    }
    parts
}
