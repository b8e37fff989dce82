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

use fortem_core::{Environment, Fleet, Organization, Source};
use serde_json::Value;

use crate::Identity;
use crate::compile::Compiled;
use crate::emit::Document;
use crate::quota::{Quota, Quotas, Size};
use crate::statement::{Statement, StatementError};

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

    fn write(self, input: &Input, output: &mut Targets) -> Result<(), StatementError> {
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
pub struct Targets {
    /// The documents, target by target.
    pub files: Vec<TargetFile>,
    /// What is missing, target by target.
    pub left_out: Vec<LeftOut>,
}

/// One document.
#[derive(Debug, Clone)]
pub struct TargetFile {
    /// What it is.
    pub target: Target,
    /// The path below the output directory.
    pub path: String,
    /// The text.
    pub text: String,
    /// How large it is, and how large it may be; `None` if AWS sets no limit.
    pub size: Option<Size>,
    /// The role it is for; `None` if it is for all.
    pub role: Option<String>,
    /// The one environment it is for.
    pub environment: Option<String>,
    /// Its statements, where it is a policy that is made of the roles and guards.
    pub statements: Vec<Statement>,
}

/// A document that is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it would be.
    pub target: Target,
    /// The path that it would have, or the folder of all that are missing.
    pub path: String,
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
/// let written = target::files(&source, &compiled, &[Target::Boundary])?;
/// let [first, ..] = written.files.as_slice() else { panic!("a boundary a role") };
/// assert_eq!(first.path, "boundary/developer.json");
/// // The sample does not say who keeps the platform, and nobody is locked out by mistake.
/// let written = target::files(&source, &compiled, &[Target::Scp])?;
/// assert!(written.files.is_empty() && written.left_out[0].help.contains("platform_roles"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`StatementError`] if the tables claim what the service reference does not know.
pub fn files(
    source: &Source,
    compiled: &Compiled,
    chosen: &[Target],
) -> Result<Targets, StatementError> {
    let input = Input { source, compiled, quotas: Quotas::builtin() };
    let mut output = Targets::default();
    for target in Target::ALL.into_iter().filter(|target| chosen.contains(target)) {
        target.write(&input, &mut output)?;
    }
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
        let compiled = |id: &str| self.compiled.documents.keys().any(|one| one.role == id);
        self.compiled.model.roles.iter().all(|role| compiled(role.policy.id()))
    }

    /// The environments that somebody has a role in, in the order of the fleet file.
    fn environments_of(&self, role: &str) -> Vec<&'a Environment> {
        let own = self.fleet().assignments().iter().filter(|one| one.role() == role);
        let names: BTreeSet<&str> = own.flat_map(|one| one.environments()).collect();
        let all = self.fleet().environments().iter();
        all.filter(|environment| names.contains(environment.name())).collect()
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

impl Targets {
    /// Takes a document in if it fits.
    fn add(&mut self, file: TargetFile, quota: &Quota) {
        let size = quota.size(&file.text);
        self.add_of_size(file, size, quota);
    }

    /// Takes a document in if the part of it that a quota is about fits.
    fn add_of_size(&mut self, file: TargetFile, size: Size, quota: &Quota) {
        if size.fits() {
            self.files.push(TargetFile { size: Some(size), ..file });
            return;
        }
        self.left_out.push(LeftOut {
            target: file.target,
            path: file.path,
            why: format!("it takes {} characters of the {} that AWS allows", size.used, size.limit),
            help: format!("shorten names, or make less of {}", quota.what),
        });
    }

    fn leave_out(&mut self, target: Target, path: impl Into<String>, why: &str, help: &str) {
        let (why, help) = (why.to_owned(), help.to_owned());
        self.left_out.push(LeftOut { target, path: path.into(), why, help });
    }
}

impl TargetFile {
    /// A document that is for all.
    fn new(target: Target, path: impl Into<String>, text: String) -> Self {
        let (role, environment, statements) = (None, None, Vec::new());
        Self { target, path: path.into(), text, size: None, role, environment, statements }
    }

    fn for_identity(self, identity: &Identity) -> Self {
        let environment = identity.environment.map(str::to_owned);
        Self { role: Some(identity.role.to_owned()), environment, ..self }
    }
}

/// JSON as people read it.
fn indented(json: &Value) -> String {
    format!("{json:#}\n")
}
