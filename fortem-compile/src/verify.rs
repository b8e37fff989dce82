//! Proof that documents say what Cedar says, no more and no less, made anew with every build.
//!
//! The emitted bytes are read back and evaluated by [`crate::iam`]. They are compared with the *plain
//! reading* ([`plain`]): what they ought to say to one principal, spelt out without variables from the
//! answers of Cedar's own authorizer ([`cedar`]), the lowering table and the fleet's names. Four things
//! must hold of every call there is:
//!
//! 1. *no excess*: a call that the documents allow is part of an action that Cedar permits, on a resource
//!    that shows that environment in every way it can, and no guard forbids it;
//! 2. *no shortfall*: each call that a permitted action takes is allowed;
//! 3. *guards hold*: what a guard forbids is denied explicitly, so that no other policy of the same
//!    principal can allow it;
//! 4. *no overreach*: nothing is denied explicitly but what some guard forbids.
//!
//! # Every call
//!
//! A call is what IAM sees of it: a principal's tag, an API action, a resource and condition keys that
//! the service reference says the call carries. There is no end of calls, but statements tell only
//! finitely many kinds apart. The domain has one of each kind:
//!
//! - *API actions*: each of the service reference, on each type of resource ([`shape`]).
//! - *Environments* and so principals: one or two of each class ([`environments`]), every value that a
//!   document mentions, an unknown one, an empty tag, and none.
//! - *Keys*: a value for each way in which the comparisons come out, and absence ([`values`]).
//! - *Resources*: an ARN for each combination of patterns that has one, within the ARNs of the type
//!   ([`language`]).
//! - *All together*: every combination of these, of which those that leave the same statements are
//!   looked at once ([`search`]).
//!
//! A key of which the reference's claim is doubted is both present and absent. Where AWS leaves a point of
//! evaluation open, excess is judged by the reading that allows and shortfall by the one that denies.

mod bits;
mod cedar;
mod difference;
mod environments;
mod language;
mod plain;
mod principals;
mod search;
mod shape;
mod values;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fortem_core::{Environment, Source};
use thiserror::Error;

pub use self::difference::{Difference, Kind};

use self::bits::Bits;
use self::cedar::Cedar;
use self::environments::Environments;
use self::language::Languages;
use self::plain::{Part, Plain, Reader};
use self::principals::Principal;
use self::search::{Applying, Search};
use self::shape::{Apis, Shapes};
use crate::iam::{Document, DocumentError, Effect, Statement};
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
    /// Patterns so many or so long that their automaton takes too much memory.
    #[error("the patterns of the documents are too many: {0}")]
    Patterns(String),
    /// More statements bear on one principal than can be told apart.
    #[error("{0} statements bear on one principal, and 256 can be told apart")]
    TooManyStatements(usize),
    /// A key with more sets of values than can be looked at.
    #[error("the conditions on `{0}` tell too many sets of values apart")]
    TooManySets(String),
    /// A statement compares with a variable that is no tag of the principal.
    #[error("role `{role}`, statement `{statement}`: the variable `{key}` is not the principal's environment")]
    Variable {
        /// The role.
        role: String,
        /// The statement.
        statement: String,
        /// The variable's key.
        key: String,
    },
}

/// A role, as Cedar has it.
struct Role {
    id: String,
    /// The actions it permits in some environment, guards left aside.
    actions: BTreeSet<&'static str>,
    /// The API actions of those.
    apis: BTreeSet<String>,
}

/// Compares the documents of roles with their source; empty when they say the same.
///
/// # Errors
///
/// [`VerifyError`] when the comparison cannot be made.
pub fn verify(
    world: &World,
    source: &Source,
    documents: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Difference>, VerifyError> {
    let mut read = BTreeMap::new();
    for (role, texts) in documents {
        read.insert(role.as_str(), statements(role, texts)?);
    }
    let mut verifier = Verifier::new(world, source, &read)?;
    let mut differences = Vec::new();
    for (role, statements) in &read {
        differences.extend(verifier.differences(role, statements)?);
    }
    Ok(differences)
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

struct Verifier<'a> {
    world: &'a World<'a>,
    shapes: Shapes<'a>,
    environments: Environments,
    principals: Vec<Principal>,
    cedar: Cedar<'a>,
    languages: Languages,
    /// `aws:PrincipalTag/…`
    own_key: String,
}

impl<'a> Verifier<'a> {
    fn new(
        world: &'a World<'a>,
        source: &'a Source,
        read: &BTreeMap<&str, Vec<Statement>>,
    ) -> Result<Self, VerifyError> {
        let own_key = format!("aws:PrincipalTag/{}", world.fleet.tag_key());
        let mut constants = BTreeSet::new();
        let mut comparisons = Vec::new();
        let nobody = Principal { tag: None }.context(&own_key);
        for (role, statement) in read.iter().flat_map(|(role, all)| all.iter().map(move |one| (role, one))) {
            check_variables(role, statement, &own_key)?;
            constants.extend(statement.constants());
            let own = statement.conditions().iter().filter(|one| one.key().eq_ignore_ascii_case(&own_key));
            comparisons.extend(own.flat_map(|condition| condition.comparisons(&nobody)));
        }
        let environments = Environments::of(source, world.table, &constants);
        let mut languages = Languages::default();
        let mut tags = values::values(&comparisons, &mut languages)?;
        let asked = world.fleet.environments().iter();
        let asked = asked.filter(|one| environments.asked().contains(one.name()));
        tags.extend(asked.flat_map(Environment::spellings).map(str::to_owned));
        tags.extend([environments.unknown().to_owned(), String::new()]);
        let places: BTreeSet<String> =
            environments.asked().iter().chain(&tags).filter(|tag| !tag.is_empty()).cloned().collect();
        let principals = tags.into_iter().map(Some).chain([None]).map(|tag| Principal { tag });
        Ok(Self {
            world,
            shapes: Shapes::of(world.reference, world.table),
            principals: principals.collect(),
            cedar: Cedar::new(source, places)?,
            environments,
            languages,
            own_key,
        })
    }

    /// The first difference between a role's documents and Cedar.
    fn differences(
        &mut self,
        id: &str,
        statements: &[Statement],
    ) -> Result<Option<Difference>, VerifyError> {
        let role = self.role(id)?;
        let covered: Vec<Apis> = statements
            .iter()
            .map(|one| self.shapes.which(|api| one.covers_action(&api.name().to_ascii_lowercase())))
            .collect();
        for principal in self.principals.clone() {
            let found = self.compare(&role, &principal, statements, &covered)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What Cedar lets a role do at all.
    fn role(&mut self, id: &str) -> Result<Role, VerifyError> {
        let places: Vec<String> = self.cedar.places().iter().flatten().cloned().collect();
        let mut actions = BTreeSet::new();
        for place in places {
            let permitted = self.cedar.permitted(&place)?;
            let own = permitted.iter().filter(|(_, roles)| roles.contains(id));
            actions.extend(own.map(|((action, _, _), _)| *action));
        }
        let schedule = self.world.fleet.schedule().as_str();
        let table = self.world.table;
        let calls = actions.iter().flat_map(|action| table.calls_of(action, schedule));
        let mut apis: BTreeSet<String> = calls.map(|call| call.api.clone()).collect();
        let accepted = self.world.fleet.accepted_leaks().iter();
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
        emitted: &[Statement],
        covered: &[Apis],
    ) -> Result<Option<Difference>, VerifyError> {
        let nothing = cedar::Applying::new();
        if let Some(environment) = principal.environment() {
            self.cedar.permitted(environment)?;
        }
        let permitted = principal.environment().and_then(|name| self.cedar.known(name));
        let reader = Reader {
            world: self.world,
            shapes: &self.shapes,
            environments: &self.environments,
            cedar: &self.cedar,
            role,
            permitted: permitted.unwrap_or(&nothing),
        };
        let plain = reader.read(principal)?;
        let all: Vec<&Statement> = emitted.iter().chain(plain.iter().map(|one| &one.statement)).collect();
        let covered: Vec<&Apis> = covered.iter().chain(plain.iter().map(|one| &one.apis)).collect();
        let sides = Sides::of(emitted, &plain);
        let context = principal.context(&self.own_key);
        let search = Search::new(all, context, &self.own_key, &mut self.languages)?;
        let mut resources = BTreeMap::new();
        let mut seen = HashSet::new();
        for shape in &self.shapes.all {
            let numbers = covered.iter().enumerate().filter(|(_, apis)| apis.contains(shape));
            let relevant: Bits = numbers.map(|(number, _)| number).collect();
            let relevant = relevant.and(search.left());
            if relevant.is_empty() {
                continue;
            }
            let parts = shape.kind.and_then(|kind| kind.arn().parts());
            if !resources.contains_key(&parts) {
                resources.insert(parts, search.resources(shape.kind, &mut self.languages)?);
            }
            let carried = search.carried(shape, self.world.reference);
            if !seen.insert((relevant, parts, carried.clone())) {
                continue;
            }
            let Some(resources) = resources.get(&parts) else { continue };
            let judge = |applying: Applying| sides.judge(applying);
            if let Some((found, kind)) = search.find(resources, relevant, &carried, judge) {
                return Ok(Some(Difference::new(kind, role, principal, shape, found, emitted, &plain)));
            }
        }
        Ok(None)
    }
}

/// Which numbers are which side's statements.
struct Sides {
    allows: Bits,
    denies: Bits,
    granted: Bits,
    forbidden: Bits,
    deniable: Bits,
}

impl Sides {
    fn of(emitted: &[Statement], plain: &[Plain]) -> Self {
        let of_effect = |effect: Effect| {
            let numbered = emitted.iter().enumerate();
            numbered.filter(move |(_, one)| one.effect() == effect).map(|(number, _)| number).collect()
        };
        let of_part = |part: Part| {
            let numbered = plain.iter().enumerate().filter(move |(_, one)| one.part == part);
            numbered.map(|(number, _)| number + emitted.len()).collect()
        };
        Self {
            allows: of_effect(Effect::Allow),
            denies: of_effect(Effect::Deny),
            granted: of_part(Part::Granted),
            forbidden: of_part(Part::Forbidden),
            deniable: of_part(Part::Deniable),
        }
    }

    /// What is wrong about calls to which these statements apply.
    fn judge(&self, applying: Applying) -> Option<Kind> {
        let Applying { surely, perhaps } = applying;
        let allowed = perhaps.meets(self.allows) && !surely.meets(self.denies);
        let surely_allowed = surely.meets(self.allows) && !perhaps.meets(self.denies);
        let granted = surely.meets(self.granted);
        let forbidden = surely.meets(self.forbidden);
        let deniable = perhaps.meets(self.forbidden) || perhaps.meets(self.deniable);
        if allowed && (!granted || forbidden) {
            Some(Kind::Excess)
        } else if granted && !deniable && !surely_allowed {
            Some(Kind::Shortfall)
        } else if forbidden && !surely.meets(self.denies) {
            Some(Kind::Unguarded)
        } else if perhaps.meets(self.denies) && !deniable {
            Some(Kind::Overreach)
        } else {
            None
        }
    }
}

fn check_variables(role: &str, statement: &Statement, own: &str) -> Result<(), VerifyError> {
    let in_conditions = statement.conditions().iter().flat_map(|condition| condition.variables());
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
