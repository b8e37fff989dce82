//! Source → model → statements → documents, each stage on the one before; and the documents, read back,
//! against the source.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use fortem_core::{Mode, Problem, Problems, Source};
use thiserror::Error;

use crate::Identity;
use crate::classes::{self, Class, classes};
use crate::context::ContextKeys;
use crate::emit::{self, Document, TooLargeError};
use crate::lower::{self, LeftOut, LowerError, Lowered, World};
use crate::merge::merge;
use crate::model::{self, Model, Role};
use crate::preconditions;
use crate::quota::Quotas;
use crate::reference::{Reference, ReferenceError};
use crate::statement::{Effect, StatementError};
use crate::table::Table;
use crate::verify::{Difference, Verifier, VerifyError};

/// The documents of every role.
#[derive(Debug)]
pub struct Compiled<'a> {
    source: &'a Source,
    table: Cow<'static, Table>,
    reference: &'a Reference,
    /// Roles and guards as they were understood.
    pub model: Model<'a>,
    /// Actions that IAM cannot tell apart.
    pub classes: Vec<Class>,
    /// The documents, by who they are for; nobody is written for who would be allowed nothing.
    pub documents: BTreeMap<Identity<'a>, Vec<Document>>,
    /// By role: the calls that are not granted since AWS does not show what decides about them.
    pub left_out: BTreeMap<&'a str, BTreeSet<LeftOut>>,
}

impl Compiled<'_> {
    /// What it was compiled by: fleet, lowering table and service reference.
    #[must_use]
    pub fn world(&self) -> World<'_> {
        World::new(self.source, &self.table, self.reference)
    }
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
    compile_by(source, Reference::builtin()?, only)
}

/// Compiles as [`compile`] does, by another service reference than the one that is built in.
///
/// # Errors
///
/// As those of [`compile`].
pub fn compile_by<'a>(
    source: &'a Source,
    reference: &'a Reference,
    only: &[String],
) -> Result<Compiled<'a>, CompileError> {
    let table = Table::of(source, reference)?;
    let world = World::new(source, &table, reference);
    let keys = ContextKeys::of(source.fleet(), reference)?;
    let model = model::build(source, &keys)?;
    let roles = selected(&model, only)?;
    let classes = classes(source, &table);
    let mut problems = preconditions::check(&world, &roles);
    problems.extend(classes::check(source, &model, &roles, &classes));
    Problems::unless(problems, ())?;
    let mut documents = BTreeMap::new();
    let mut left_out = BTreeMap::new();
    for role in roles {
        let id = role.policy.id();
        for identity in identities(source, role) {
            let Lowered { statements, left_out: hidden } =
                lower::lower(&world, &model, role, identity).map_err(not_lowered)?;
            let merged = merge(world.reference, statements);
            let made = emit::documents(&merged, Quotas::builtin().managed_policy.limit)
                .map_err(|source| CompileError::TooLarge { role: id.to_owned(), source })?;
            if !made.is_empty() {
                documents.insert(identity, made);
            }
            left_out.entry(id).or_insert_with(BTreeSet::new).extend(hidden);
        }
    }
    let model_roles = model.roles.iter();
    let nothing = model_roles.flat_map(|role| nothing_left(&world, role, &documents, &left_out));
    Problems::unless(nothing.collect(), ())?;
    let texts = documents.iter().map(|(identity, documents)| (*identity, texts(documents)));
    let differences = Verifier::new(source, world).verify(&texts.collect())?;
    if !differences.is_empty() {
        return Err(CompileError::Differs(differences));
    }
    Ok(Compiled { source, table, reference, model, classes, documents, left_out })
}

/// Whom the documents of a role are for: everybody who has it, or an environment each.
fn identities<'a>(source: &'a Source, role: &Role<'a>) -> Vec<Identity<'a>> {
    let id = role.policy.id();
    if !role.is_assigned || source.fleet().mode_of(id) != Mode::Literal {
        return vec![Identity::of(id)];
    }
    let environments = source.fleet().environments().iter();
    environments.map(|one| Identity { role: id, environment: Some(one.name()) }).collect()
}

fn not_lowered(error: LowerError) -> CompileError {
    match error {
        LowerError::Statement(error) => CompileError::Statement(error),
        LowerError::Refused(problem) => CompileError::Refused(problem.into()),
    }
}

/// The actions of a role of which not one call is left.
fn nothing_left(
    world: &World,
    role: &Role,
    documents: &BTreeMap<Identity, Vec<Document>>,
    left_out: &BTreeMap<&str, BTreeSet<LeftOut>>,
) -> Vec<Problem> {
    let id = role.policy.id();
    let own = documents.iter().filter(|(identity, _)| identity.role == id);
    let statements = own.flat_map(|(_, all)| all).flat_map(Document::statements);
    let allows = statements.filter(|one| one.effect() == Effect::Allow);
    let granted: BTreeSet<&str> = allows.flat_map(crate::statement::Statement::apis).collect();
    let hidden = left_out.get(id).into_iter().flatten();
    let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
    for one in hidden {
        keys.entry(&one.action).or_insert(&one.key);
    }
    keys.retain(|action, _| {
        let calls = world.table.calls_of(action, world.fleet.schedule().as_str());
        calls.iter().all(|call| call.supporting || !granted.contains(call.api.as_str()))
    });
    let problem = |(action, key): (&str, &str)| {
        let message = format!("nothing of `{action}` can be granted by `{id}`");
        let label = format!("asks about `{key}`, which AWS shows in no call of `{action}`");
        Problem::new("fortem::compile::hidden_key", message)
            .at(role.policy.file(), role.policy.header_span(), label)
            .help(format!(
                "leave `{action}` out of the role, or grant it in a role without that condition"
            ))
    };
    keys.into_iter().map(problem).collect()
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
