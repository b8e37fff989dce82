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

mod cedar;
mod difference;
mod environments;
mod plain;
mod principals;
mod sides;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use fortem_core::{Environment, Source};
use thiserror::Error;

pub use self::difference::{Difference, Kind};

use self::cedar::Cedar;
use self::environments::Environments;
use self::plain::{Reader, Role};
use self::principals::Principal;
use self::sides::Sides;
use crate::Identity;
use crate::domain::{self, Calls, DomainError, Languages, Search, Shapes};
use crate::iam::{Condition, Document, DocumentError, Statement};
use crate::lower::World;
use crate::reference::{Carries, Reference, ReferenceError};
use crate::table::Table;

/// Why documents could not be compared with their source: nothing is shown of them, so they are not to be
/// used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Cedar could not answer a question.
    #[error("Cedar cannot answer: {0}")]
    Cedar(String),
    /// The built-in service reference cannot be read.
    #[error("the built-in service reference cannot be read: {0}")]
    Reference(#[from] &'static ReferenceError),
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
    /// A statement compares with a variable that is no tag of the principal.
    #[error(
        "role `{role}`, statement `{statement}`: the variable `{key}` is not the principal's environment"
    )]
    Variable {
        /// The role.
        role: String,
        /// The statement.
        statement: String,
        /// The variable's key.
        key: String,
    },
}

impl VerifyError {
    /// Whether the policies ask for more than can be compared, which smaller ones would not; otherwise the
    /// compiler is at fault.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Domain(error) if error.is_limit())
    }
}

/// Compares documents of roles with their source.
#[derive(Debug)]
pub struct Verifier<'a> {
    source: &'a Source,
    world: World<'a>,
    shapes: Shapes<'a>,
    languages: Languages,
    /// `aws:PrincipalTag/…`
    own_key: String,
}

impl<'a> Verifier<'a> {
    /// Makes ready to compare documents with a source.
    ///
    /// # Errors
    ///
    /// When the built-in service reference cannot be read.
    pub fn new(source: &'a Source) -> Result<Self, VerifyError> {
        let world = World::new(source, Table::builtin(), Reference::builtin()?);
        Ok(Self {
            source,
            world,
            shapes: Shapes::of(world.reference, world.table),
            languages: Languages::new(world.fleet.partition().as_str()),
            own_key: format!("aws:PrincipalTag/{}", world.fleet.tag_key()),
        })
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
    /// use fortem_core::Source;
    ///
    /// let source = Source::load("../policies")?;
    /// let compiled = fortem_compile::compile(&source, &["operator".to_owned()])?;
    /// let emitted = compiled.documents[&Identity::of("operator")][0].to_json();
    /// let wide = r#"{"Version": "2012-10-17", "Statement":
    ///     {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}}"#;
    /// let documents = BTreeMap::from([(Identity::of("operator"), vec![emitted, wide.to_owned()])]);
    /// let differences = Verifier::new(&source)?.verify(&documents)?;
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
        let mut read = BTreeMap::new();
        for (identity, texts) in documents {
            read.insert(identity.role, statements(identity.role, texts)?);
        }
        let mut domain = Domain::of(self, &read)?;
        let mut differences = Vec::new();
        for (role, statements) in &read {
            differences.extend(domain.differences(role, statements)?);
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

/// The environments and principals that the documents tell apart, and what Cedar says of them.
struct Domain<'v, 'a> {
    verifier: &'v mut Verifier<'a>,
    environments: Environments,
    principals: Vec<Principal>,
    cedar: Cedar<'a>,
}

impl<'v, 'a> Domain<'v, 'a> {
    fn of(
        verifier: &'v mut Verifier<'a>,
        read: &BTreeMap<&str, Vec<Statement>>,
    ) -> Result<Self, VerifyError> {
        let own_key = &verifier.own_key;
        let mut comparisons = Vec::new();
        let nobody = Principal { tag: None }.context(own_key);
        let all = read.iter().flat_map(|(role, all)| all.iter().map(move |one| (role, one)));
        for (role, statement) in all {
            check_variables(role, statement, own_key)?;
            let conditions = statement.conditions().iter();
            let own = conditions.filter(|one| one.key().eq_ignore_ascii_case(own_key));
            comparisons.extend(own.flat_map(|condition| condition.comparisons(&nobody)));
        }
        let Verifier { source, world, languages, .. } = verifier;
        let statements: Vec<&Statement> = read.values().flatten().collect();
        let environments = Environments::of(source, world.table, &statements);
        let mut tags = domain::values(own_key, &comparisons, languages)?;
        let known = world.fleet.environments().iter();
        tags.extend(known.flat_map(Environment::spellings).map(str::to_owned));
        tags.retain(|tag| !environments.is_represented(tag));
        tags.extend([environments.unknown().to_owned(), String::new()]);
        let principals = tags.into_iter().map(Some).chain([None]).map(|tag| Principal { tag });
        let principals = principals.collect();
        let cedar = Cedar::new(source, environments.asked().clone())?;
        Ok(Self { verifier, environments, principals, cedar })
    }

    /// The first difference between a role's documents and Cedar.
    fn differences(
        &mut self,
        id: &str,
        emitted: &[Statement],
    ) -> Result<Option<Difference>, VerifyError> {
        let role = self.role(id)?;
        let forbidden = self.reader(&role).forbidden()?;
        let shapes = &self.verifier.shapes;
        let calls = emitted.iter().map(|one| shapes.covered_by(one));
        let calls: Vec<Calls> = calls.collect();
        for principal in self.principals.clone() {
            let granted = match principal.environment() {
                None => Vec::new(),
                Some(environment) => {
                    self.cedar.permitted(self.environments.asked_for(environment))?;
                    self.reader(&role).granted(environment)?
                }
            };
            let sides = Sides { emitted, forbidden: &forbidden, granted: &granted };
            let found = self.compare(&role, &principal, &sides, &calls)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn reader<'r>(&'r self, role: &'r Role) -> Reader<'r, 'a> {
        let Self { verifier, environments, cedar, .. } = self;
        Reader { world: &verifier.world, shapes: &verifier.shapes, environments, cedar, role }
    }

    /// What Cedar lets a role do at all.
    fn role(&mut self, id: &str) -> Result<Role, VerifyError> {
        let places: Vec<String> = self.cedar.places().iter().flatten().cloned().collect();
        let mut questions = BTreeSet::new();
        for place in places {
            let permitted = self.cedar.permitted(&place)?;
            let own = permitted.iter().filter(|(_, roles)| roles.contains(id));
            questions.extend(own.map(|(question, _)| question.clone()));
        }
        let actions: BTreeSet<&str> = questions.iter().map(|(action, _, _)| *action).collect();
        let open = questions.iter().filter(|one| self.cedar.forbidding(one).is_none());
        let open: BTreeSet<&str> = open.map(|(action, _, _)| *action).collect();
        let World { fleet, table, .. } = self.verifier.world;
        let schedule = fleet.schedule().as_str();
        let mut apis = BTreeSet::new();
        for action in &actions {
            let calls = table.calls_of(action, schedule);
            let calls = calls.into_iter().filter(|call| !call.supporting || open.contains(action));
            apis.extend(calls.map(|call| call.api.clone()));
        }
        let accepted = fleet.accepted_leaks().iter();
        let leaks = accepted.filter_map(|one| {
            let mut rows = table.blind.iter().filter(|row| row.api == one.name());
            rows.find(|row| row.actions.iter().any(|action| actions.contains(action.as_str())))
        });
        apis.extend(leaks.map(|row| row.api.clone()));
        Ok(Role { id: id.to_owned(), actions, apis })
    }

    /// The documents and the plain reading, for one principal.
    fn compare(
        &mut self,
        role: &Role,
        principal: &Principal,
        sides: &Sides,
        emitted: &[Calls],
    ) -> Result<Option<Difference>, VerifyError> {
        let Verifier { world, shapes, languages, own_key, .. } = &mut *self.verifier;
        let statements = sides.statements();
        let context = principal.context(own_key);
        let search = Search::new(&statements, &context, own_key, world.reference, languages)?;
        let covering = sides.covering(emitted, shapes.count());
        let carrying: Vec<_> = search.keys().map(|key| shapes.carrying(key)).collect();
        let judge = sides.judge();
        let mut resources = HashMap::new();
        let mut seen = HashSet::new();
        for (place, shape) in shapes.iter() {
            let covering = covering.get(place).copied().unwrap_or_default();
            let relevant = search.left(covering);
            if relevant.is_empty() {
                continue;
            }
            let resources = match resources.entry(shape.form) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(search.resources(shape.kind, &statements, &context, languages)?)
                }
            };
            let is_carried = |key: usize| {
                carrying
                    .get(key)
                    .and_then(|all| all.get(place))
                    .is_some_and(|one| *one != Carries::No)
            };
            let carried = search.asked(relevant, is_carried);
            if seen.insert((relevant, resources.is_named.then_some(shape.form), carried))
                && let Some((found, kind)) =
                    search.find(resources, relevant, carried, |one| judge.of(one))
            {
                return Ok(Some(Difference::new(kind, role, principal, shape, found, sides)));
            }
        }
        Ok(None)
    }
}

fn check_variables(role: &str, statement: &Statement, own: &str) -> Result<(), VerifyError> {
    let in_conditions = statement.conditions().iter().flat_map(Condition::variables);
    let mut all = statement.resource_variables().chain(in_conditions);
    match all.find(|key| !key.eq_ignore_ascii_case(own)) {
        None => Ok(()),
        Some(key) => Err(VerifyError::Variable {
            role: role.to_owned(),
            statement: statement.name(),
            key: key.to_owned(),
        }),
    }
}
