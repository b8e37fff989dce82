//! What an account needs: the identity policies of the roles, and the documents around them.
//!
//! Each kind of document is a [`Target`] with a module of its own. What cannot be written, because the fleet
//! file does not say what it takes or because it would not fit, is [left out](LeftOut) and said; there is never
//! half a document, and never a placeholder in one.

mod boundary;
mod config;
mod elasticache;
mod identity;
mod permission_set;
mod relied_on;
mod scp;
mod tag_policy;
mod trust;

use std::collections::BTreeSet;
use std::fmt;

use fortem_core::{Assignment, Environment, Fleet, Organization, Source};
use serde_json::Value;

use crate::compile::Compiled;
use crate::emit::Document;
use crate::output::Artifact;
use crate::quota::{Quota, Quotas, Size};
use crate::statement::StatementError;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// What a role may do: an IAM policy.
    Identity,
    /// The most that a role may do, whatever else is attached to it: a permissions boundary.
    Boundary,
    /// What nobody in an account may do: service control policies.
    Scp,
    /// How the environment's tag is spelt: a tag policy of Organizations.
    TagPolicy,
    /// Who may assume a role, for which environments.
    Trust,
    /// A role for IAM Identity Center.
    PermissionSet,
    /// The users of caches, each with the keys of one environment.
    Elasticache,
    /// What in ECS has no environment: rules of AWS Config.
    Config,
}

impl Target {
    /// Every target, in the order in which they are written.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Boundary,
        Self::Scp,
        Self::TagPolicy,
        Self::Trust,
        Self::PermissionSet,
        Self::Elasticache,
        Self::Config,
    ];

    /// Its name, which is that of its folder as well.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Scp => "scp",
            Self::TagPolicy => "tag-policy",
            Self::Trust => "trust",
            Self::PermissionSet => "permission-set",
            Self::Elasticache => "elasticache",
            Self::Config => "config",
        }
    }

    fn write<'a>(self, input: &Input<'a>, output: &mut Targets<'a>) -> Result<(), StatementError> {
        match self {
            Self::Identity => identity::write(input, output),
            Self::Boundary => boundary::write(input, output),
            Self::Scp => scp::write(input, output)?,
            Self::TagPolicy => tag_policy::write(input, output),
            Self::Trust => trust::write(input, output),
            Self::PermissionSet => permission_set::write(input, output),
            Self::Elasticache => elasticache::write(input, output),
            Self::Config => config::write(input, output),
        }
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The documents of some targets, and what could not be written.
#[derive(Debug, Default)]
pub struct Targets<'a> {
    /// The targets.
    pub chosen: Vec<Target>,
    /// The documents, sorted by path.
    pub artifacts: Vec<Artifact<'a>>,
    /// What is missing, target by target.
    pub left_out: Vec<LeftOut>,
}

/// A document that is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it would be.
    pub target: Target,
    /// The path that it would have below the output directory, or the folder of all that are missing.
    pub file: String,
    /// Why there is none.
    pub why: String,
    /// What would give one.
    pub help: String,
}

/// The documents of the targets chosen.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fortem_compile::target::{self, Target};
/// use fortem_core::Source;
///
/// let source = Source::load("../policies")?;
/// let compiled = fortem_compile::compile(&source, &[])?;
/// let targets = target::targets(&source, &compiled, &[Target::Boundary])?;
/// assert_eq!(targets.artifacts[0].file, "boundary/developer.json");
/// // The sample does not say who keeps the platform, and nobody is to be locked out by mistake.
/// let targets = target::targets(&source, &compiled, &[Target::Scp])?;
/// assert!(targets.artifacts.is_empty() && targets.left_out[0].help.contains("platform_roles"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`StatementError`] if the tables claim what the service reference does not know.
pub fn targets<'a>(
    source: &'a Source,
    compiled: &'a Compiled<'a>,
    chosen: &[Target],
) -> Result<Targets<'a>, StatementError> {
    let input = Input { source, compiled, quotas: Quotas::builtin() };
    let chosen = Target::ALL.into_iter().filter(|target| chosen.contains(target)).collect();
    let mut output = Targets { chosen, ..Targets::default() };
    for target in output.chosen.clone() {
        target.write(&input, &mut output)?;
    }
    output.artifacts.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(output)
}

/// What documents are made of.
struct Input<'a> {
    source: &'a Source,
    compiled: &'a Compiled<'a>,
    quotas: &'static Quotas,
}

impl<'a> Input<'a> {
    fn fleet(&self) -> &'a Fleet {
        self.source.fleet()
    }

    fn organization(&self) -> &'a Organization {
        self.fleet().organization()
    }

    /// Whether every role was compiled, so that what is for everybody can be told.
    fn is_whole(&self) -> bool {
        let roles = self.compiled.model.roles.iter();
        roles.map(|role| role.policy.id()).all(|id| self.compiled.left_out.contains_key(id))
    }

    /// The environments that somebody has a role in, in the order of the fleet file: those of its assignments, or
    /// those that the role names itself.
    fn environments_of(&self, role: &str) -> Vec<&'a Environment> {
        let own = self.fleet().assignments().iter().filter(|one| one.role() == role);
        let names: BTreeSet<&str> = own.flat_map(Assignment::environments).collect();
        let model = self.compiled.model.roles.iter().find(|one| one.policy.id() == role);
        let own = model.filter(|role| !role.is_assigned);
        let all = self.fleet().environments().iter();
        all.filter(|environment| {
            let mut itself = own.into_iter().flat_map(|role| &role.alternatives);
            names.contains(environment.name()) || itself.any(|one| one.reach.covers(environment))
        })
        .collect()
    }

    /// Every document of a role.
    fn documents_of(&self, role: &str) -> impl Iterator<Item = &'a Document> {
        let of_role = self.compiled.documents.iter().filter(move |(one, _)| one.role == role);
        of_role.flat_map(|(_, documents)| documents)
    }

    /// The roles that were compiled, each once.
    fn roles(&self) -> Vec<&'a str> {
        let mut roles: Vec<&str> = self.compiled.documents.keys().map(|one| one.role).collect();
        roles.dedup();
        roles
    }
}

impl<'a> Targets<'a> {
    /// Takes a document in if it fits.
    fn add(&mut self, target: Target, artifact: Artifact<'a>, quota: &Quota) {
        let size = quota.size(&artifact.text);
        self.add_of_size(target, artifact, size, quota);
    }

    /// Takes a document in if the part of it that a quota is about fits.
    fn add_of_size(&mut self, target: Target, artifact: Artifact<'a>, size: Size, quota: &Quota) {
        if size.fits() {
            self.artifacts.push(Artifact { size: Some(size), ..artifact });
            return;
        }
        let (characters, limit) = (size.characters, size.limit);
        let why =
            format!("it takes {characters} characters of the {limit} that {} may have", quota.what);
        self.leave_out(target, artifact.file, &why, "shorten names, or say less in one");
    }

    fn leave_out(&mut self, target: Target, file: impl Into<String>, why: &str, help: &str) {
        let (why, help) = (why.to_owned(), help.to_owned());
        self.left_out.push(LeftOut { target, file: file.into(), why, help });
    }
}

/// JSON as people read it.
fn indented(json: &Value) -> String {
    format!("{json:#}\n")
}
