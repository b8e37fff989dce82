//! Source → model → statements → documents, each stage on the one before; and the documents, read back,
//! against the source.

use std::collections::BTreeMap;

use fortem_core::{Problem, Problems, Source};
use thiserror::Error;

use crate::Identity;
use crate::classes::{self, Class, classes};
use crate::emit::{self, Document, MANAGED_POLICY_LIMIT, TooLargeError};
use crate::lower::{self, World};
use crate::merge::merge;
use crate::model::{self, Model, Role};
use crate::preconditions;
use crate::reference::{Reference, ReferenceError};
use crate::statement::StatementError;
use crate::table::Table;
use crate::verify::{Difference, Verifier, VerifyError};

/// The documents of every role.
#[derive(Debug)]
pub struct Compiled<'a> {
    /// Roles and guards as they were understood.
    pub model: Model<'a>,
    /// What lowering went by.
    pub world: World<'a>,
    /// Actions that IAM cannot tell apart.
    pub classes: Vec<Class>,
    /// The documents, by who they are for.
    pub documents: BTreeMap<Identity<'a>, Vec<Document>>,
}

/// Why a source was not compiled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The source asks for what cannot be granted or said.
    #[error(transparent)]
    Refused(#[from] Problems),
    /// The built-in service reference cannot be read.
    #[error("the built-in service reference cannot be read")]
    Reference(#[from] &'static ReferenceError),
    /// The built-in lowering table contradicts the service reference.
    #[error("the lowering table does not fit the service reference")]
    Statement(#[from] StatementError),
    /// The documents do not say what Cedar says.
    #[error("the documents differ from Cedar: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Differs(Vec<Difference>),
    /// The documents could not be compared with Cedar.
    #[error("the documents cannot be verified")]
    Unverified(#[from] VerifyError),
    /// A role does not fit the quota.
    #[error("role `{role}` is too large")]
    TooLarge {
        /// The role.
        role: String,
        /// What does not fit.
        source: TooLargeError,
    },
}

/// Compiles the roles named in `only`, or every role when it is empty, and verifies the documents.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fortem_compile::Identity;
/// use fortem_core::Source;
///
/// let source = Source::load("../policies")?;
/// let compiled = fortem_compile::compile(&source, &["developer".to_owned()])?;
/// let [document] = compiled.documents[&Identity::of("developer")].as_slice() else { panic!("one document") };
/// assert!(document.to_json().contains("${aws:PrincipalTag/Environment}"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`CompileError`]: everything that is wrong with the source, or the first fault of the tables.
pub fn compile<'a>(source: &'a Source, only: &[String]) -> Result<Compiled<'a>, CompileError> {
    let table = Table::builtin();
    let world = World::new(source, table, Reference::builtin()?);
    let model = model::build(source)?;
    let roles = selected(&model, only)?;
    let classes = classes(source, table);
    let mut problems = preconditions::check(&world, &roles);
    problems.extend(classes::check(source, &model, &roles, &classes));
    Problems::unless(problems, ())?;
    let mut documents = BTreeMap::new();
    for role in roles {
        documents.insert(Identity::of(role.policy.id()), role_documents(&world, &model, role)?);
    }
    let texts = documents.iter().map(|(identity, documents)| (*identity, texts(documents)));
    let differences = Verifier::new(source)?.verify(&texts.collect())?;
    if !differences.is_empty() {
        return Err(CompileError::Differs(differences));
    }
    Ok(Compiled { model, world, classes, documents })
}

fn selected<'m, 'a>(
    model: &'m Model<'a>,
    only: &[String],
) -> Result<Vec<&'m Role<'a>>, CompileError> {
    let known = |id: &&String| model.roles.iter().any(|role| role.policy.id() == id.as_str());
    let unknown = only.iter().filter(|id| !known(id));
    let ids: Vec<_> = model.roles.iter().map(|role| format!("`{}`", role.policy.id())).collect();
    let problems = unknown.map(|id| {
        Problem::new("fortem::compile::unknown_role", format!("no role has the id `{id}`"))
            .help(format!("the roles are {}", ids.join(", ")))
    });
    Problems::unless(problems.collect(), ())?;
    let wanted = |role: &&Role| only.is_empty() || only.iter().any(|id| id == role.policy.id());
    Ok(model.roles.iter().filter(wanted).collect())
}

/// The documents as they are written.
fn texts(documents: &[Document]) -> Vec<String> {
    documents.iter().map(Document::to_json).collect()
}

fn role_documents(
    world: &World,
    model: &Model,
    role: &Role,
) -> Result<Vec<Document>, CompileError> {
    let statements = merge(world.reference, lower::lower(world, model, role)?);
    emit::documents(&statements, MANAGED_POLICY_LIMIT)
        .map_err(|source| CompileError::TooLarge { role: role.policy.id().to_owned(), source })
}
