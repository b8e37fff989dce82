//! Proof that documents say what Cedar says, no more and no less, made anew with every build.
//!
//! The emitted bytes are read back and evaluated by [`crate::iam`]. They are compared with the *plain
//! reading* (`plain`): what they ought to say to one principal, spelt out without variables from the
//! answers of Cedar's own authorizer (`cedar`), the lowering table and the fleet's names. Four things
//! must hold of every call there is:
//!
//! 1. *no excess*: a call that the documents allow is part of an action that Cedar permits, on a resource
//!    that shows that environment in every way it can, and no guard forbids it;
//! 2. *no shortfall*: each call that a permitted action takes is allowed;
//! 3. *guards hold*: what a guard forbids is denied explicitly, so that no other policy of the same
//!    principal can allow it;
//! 4. *no overreach*: nothing is denied explicitly but what some guard forbids.
//!
//! Every call there is, as far as the statements of both sides tell calls apart (`domain`), and
//! *environments*, and so principals: one or two of each class (`environments`), every value that a
//! document mentions, an unknown one, an empty tag, and none.
//!
//! Where AWS leaves a point of evaluation open, excess is judged by the reading that allows and shortfall by
//! the one that denies.

mod answers;
mod asked;
mod cedar;
mod circumstances;
mod comparison;
mod difference;
mod environments;
mod plain;
mod principals;
mod sides;
mod twins;

use std::collections::BTreeMap;

use fortem_core::{Environment, Source};
use thiserror::Error;

pub use self::difference::{Difference, Kind};

use self::comparison::Domain;
use self::twins::{Model, Texts};
use crate::Identity;
use crate::domain::{DomainError, Languages, Shapes};
use crate::iam::{Document, DocumentError, Statement};
use crate::lower::World;

/// Why documents could not be compared with their source: nothing is shown of them, so they are not to be
/// used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Cedar could not answer a question.
    #[error("Cedar cannot answer: {0}")]
    Cedar(String),
    /// A document that was written cannot be read back.
    #[error("role `{role}`: {error}")]
    Unreadable {
        /// The role.
        role: String,
        /// What is wrong with the document.
        error: DocumentError,
    },
    /// The plain reading cannot be read as a document.
    #[error("the plain reading is no document: {0}")]
    Plain(DocumentError),
    /// Not all calls can be looked at.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// A statement compares with a variable that no policy asks for.
    #[error(
        "role `{role}`, statement `{statement}`: the variable `{key}` is nothing that policies ask about"
    )]
    Variable {
        /// The role.
        role: String,
        /// The statement.
        statement: String,
        /// The variable's key.
        key: String,
    },
    /// A statement goes by more than one of the principal's environments.
    #[error(
        "role `{role}`, statement `{statement}`: several environments of the principal at once"
    )]
    Slots {
        /// The role.
        role: String,
        /// The statement.
        statement: String,
    },
    /// Policies ask about more than can be told apart.
    #[error("the conditions of a role and the guards tell too many circumstances apart")]
    TooManyCircumstances,
    /// No policy of the source is called so.
    #[error("no role has the id `{0}`")]
    UnknownRole(String),
}

impl VerifyError {
    /// Whether the policies ask for more than can be compared, which smaller ones would not; otherwise the
    /// compiler is at fault.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        match self {
            Self::Domain(error) => error.is_limit(),
            other => matches!(other, Self::TooManyCircumstances),
        }
    }
}

/// Compares documents of roles with their source.
#[derive(Debug)]
pub struct Verifier<'a> {
    source: &'a Source,
    world: World<'a>,
    shapes: Shapes<'a>,
    languages: Languages,
    /// What is looked for.
    kinds: Vec<Kind>,
}

impl<'a> Verifier<'a> {
    /// Makes ready to compare documents with a source, in its world.
    #[must_use]
    pub fn new(source: &'a Source, world: World<'a>) -> Self {
        Self {
            source,
            world,
            shapes: Shapes::of(world.reference, world.table),
            languages: Languages::new(world.fleet.partition().as_str()),
            kinds: Kind::ALL.to_vec(),
        }
    }

    /// From now on looks for differences of these kinds alone.
    pub fn look_for(&mut self, kinds: &[Kind]) {
        self.kinds = kinds.to_vec();
    }

    /// The first difference of each role whose documents do not say what Cedar says; the documents are given
    /// as JSON, by who they are for.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::collections::BTreeMap;
    ///
    /// use fortem_compile::Identity;
    /// use fortem_compile::verify::{Kind, Verifier};
    /// use fortem_core::{Environment, Source};
    ///
    /// let source = Source::load("../policies")?;
    /// let compiled = fortem_compile::compile(&source, &["operator".to_owned()])?;
    /// let emitted = compiled.documents[&Identity::of("operator")][0].to_json();
    /// let wide = r#"{"Version": "2012-10-17", "Statement":
    ///     {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}}"#;
    /// let documents = BTreeMap::from([(Identity::of("operator"), vec![emitted, wide.to_owned()])]);
    /// let differences = Verifier::new(&source, compiled.world()).verify(&documents)?;
    /// assert_eq!(differences[0].kind(), Kind::Excess);
    /// assert_eq!(differences[0].api(), "ecs:StopTask");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`VerifyError`] when the comparison cannot be made.
    pub fn verify(
        &mut self,
        documents: &BTreeMap<Identity, Vec<String>>,
    ) -> Result<Vec<Difference>, VerifyError> {
        let mut by_environment: BTreeMap<Option<&str>, Texts> = BTreeMap::new();
        for (identity, texts) in documents {
            by_environment.entry(identity.environment).or_default().insert(identity.role, texts);
        }
        let fleet = self.world.fleet;
        let mut differences = Vec::new();
        let mut models: Vec<Model> = Vec::new();
        for (name, texts) in by_environment {
            let environment = name.and_then(|name| fleet.environment(name));
            let has_twin =
                |one: &Environment| models.iter().any(|model| model.has_twin(one, &texts));
            if environment.is_some_and(has_twin) {
                continue;
            }
            let read = texts.iter().map(|(role, texts)| Ok((*role, statements(role, texts)?)));
            let read: BTreeMap<&str, Vec<Statement>> = read.collect::<Result<_, VerifyError>>()?;
            let mut domain = Domain::of(self, name, &read)?;
            let before = differences.len();
            for (role, statements) in &read {
                differences.extend(domain.differences(role, statements)?);
            }
            let environments = domain.into_environments();
            if let Some(environment) = environment.filter(|_| differences.len() == before) {
                let statements = read.values().flatten();
                models.push(Model::new(environment, environments, texts, statements));
            }
        }
        Ok(differences)
    }
}

/// The statements of a role's documents; guards, which each document repeats, only once.
fn statements(role: &str, texts: &[String]) -> Result<Vec<Statement>, VerifyError> {
    let unreadable = |error| VerifyError::Unreadable { role: role.to_owned(), error };
    let mut statements: Vec<Statement> = Vec::new();
    for text in texts {
        let document = Document::parse(text).map_err(unreadable)?;
        let known = |one: &&Statement| !statements.iter().any(|other| other.says_the_same_as(one));
        let new: Vec<Statement> = document.statements().iter().filter(known).cloned().collect();
        statements.extend(new);
    }
    Ok(statements)
}
