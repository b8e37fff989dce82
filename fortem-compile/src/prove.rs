//! The deep proof: each emitted document, translated back to Cedar, against the policies it came from.
//!
//! For each role, each action of the vocabulary, each AWS authorization that the action takes and each
//! class of principals, an SMT solver answers two questions about *every* request there can be:
//!
//! - *no excess*: is what IAM allows permitted by Cedar, for this action or for another that takes the
//!   same call?
//! - *no shortfall*: is what Cedar permits allowed by IAM?
//!
//! An answer "no" comes with a request, which Cedar's own authorizer must confirm. A third question
//! makes sure that something can be in the environment at all, so that no proof is empty.
//!
//! The documents are read back from their JSON. A statement becomes a Cedar policy, a condition key a
//! term of the request (`view`). What has no counterpart in Cedar, such as the wildcard `?`, is refused
//! with the statement's name, never left out.
//!
//! # What the contract assumes
//!
//! Both sides get the same `forbid … unless` policies, the *contract*, since Cedar speaks of
//! environments and IAM of tags, clusters and names.
//!
//! - The role is given to the principal, and the principal's tag is the environment it is given in.
//! - A thing is in an environment exactly when the call shows it by every channel of its row in the
//!   lowering table, meets the row's further conditions, and does nothing that an integrity guard
//!   refuses. So a call that shows one environment by its tag and another by its cluster is on a thing
//!   of no environment, and the proof says that it is denied.
//! - Where a row goes by the tag alone, no thing bears the name of another environment of the fleet.
//! - What the call is authorized on has the tags of the action's resource; ARNs have the form that the
//!   service reference gives them; `context.mfa` is `aws:MultiFactorAuthPresent`.
//!
//! # What the proof does not show
//!
//! That the lowering table is right: which calls an action takes, what AWS shows of them. Calls that
//! no action takes, accepted leaks among them. Principals whose tag is another spelling of an
//! environment. Environments that the fleet does not know are one in the proof, called `unknown`.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use fortem_compile::prove::Prover;
//! use fortem_core::Source;
//!
//! let source = Source::load("policies")?;
//! let compiled = fortem_compile::compile(&source, &[])?;
//! let mut prover = Prover::new(&source, "cvc5".as_ref())?;
//! for (role, documents) in &compiled.documents {
//!     for proof in prover.prove_documents(role, documents)? {
//!         println!("{proof}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod call;
mod contract;
mod error;
mod holder;
mod intent;
mod keys;
mod outcome;
mod pattern;
mod question;
mod rule;
mod schema;
mod solver;
mod text;
mod view;

use std::path::Path;

use cedar_policy::{RequestEnv, Schema};
use fortem_core::{Action, Policy, Source};

pub use self::error::{NotProvable, ProveError};
pub use self::outcome::{Answer, Counterexample, Outcome, Proof};

use self::call::Authorization;
use self::error::Untranslatable;
use self::holder::Holder;
use self::keys::Keys;
use self::question::{Question, Stop};
use self::solver::Solver;
use crate::emit;
use crate::iam::Document;
use crate::lower::World;
use crate::reference::Reference;
use crate::report::file_name;
use crate::table::Table;

/// A document as it was written: its file name and its text.
pub type Emitted = (String, String);

/// A solver at work on the documents of one source.
#[derive(Debug)]
pub struct Prover<'a> {
    source: &'a Source,
    world: World<'a>,
    solver: Solver,
}

/// A role and the documents that are to mean the same.
struct Subject<'a> {
    source: &'a Source,
    world: &'a World<'a>,
    role: &'a Policy,
    documents: Vec<(String, Document)>,
    keys: Keys,
    schema: Schema,
}

impl<'a> Prover<'a> {
    /// Starts the solver: an executable that reads SMT-LIB from standard input as cvc5 does.
    ///
    /// # Errors
    ///
    /// [`ProveError::Start`] when it does not start.
    pub fn new(source: &'a Source, solver: &Path) -> Result<Self, ProveError> {
        let world = World::new(source, Table::builtin(), Reference::builtin()?);
        Ok(Self { source, world, solver: Solver::start(solver)? })
    }

    /// Proves that the documents of a role mean what it and the guards say, for every action.
    ///
    /// # Errors
    ///
    /// [`ProveError`] when a proof could not be tried.
    pub fn prove_documents(
        &mut self,
        role: &str,
        documents: &[emit::Document],
    ) -> Result<Vec<Proof>, ProveError> {
        let texts = documents.iter().enumerate();
        let texts = texts.map(|(index, one)| (file_name(role, index), one.to_json()));
        self.prove(role, &texts.collect::<Vec<_>>())
    }

    /// Like [`Self::prove_documents`], for documents as text.
    ///
    /// # Errors
    ///
    /// [`ProveError`] when a proof could not be tried.
    pub fn prove(&mut self, role: &str, documents: &[Emitted]) -> Result<Vec<Proof>, ProveError> {
        let roles = || self.source.roles();
        let unknown = || ProveError::UnknownRole { role: role.to_owned() };
        let role = roles().find(|policy| policy.id() == role).ok_or_else(unknown)?;
        let documents = read(documents)?;
        let actions: Vec<&str> = self.source.vocabulary().actions().map(Action::name).collect();
        let keys = match keys(&self.world, &actions, &documents) {
            Ok(keys) => keys,
            Err(why) => {
                return Ok(actions.iter().map(|action| unproved(role, action, &why)).collect());
            }
        };
        let schema = schema::extended(&keys)?;
        let (source, world) = (self.source, self.world);
        let subject = Subject { source, world: &world, role, documents, keys, schema };
        actions.iter().map(|action| subject.prove(action, &mut self.solver)).collect()
    }
}

impl Subject<'_> {
    fn prove(&self, action: &str, solver: &mut Solver) -> Result<Proof, ProveError> {
        let mut queries = 0;
        let outcome = match self.ask_all(action, solver, &mut queries) {
            Ok(()) if Authorization::of(self.world, action).is_empty() => Outcome::NoCall,
            Ok(()) => Outcome::Proved,
            Err(Stop::Counterexample(found)) => Outcome::Counterexample(found),
            Err(Stop::NotProvable(why)) => Outcome::NotProvable(why),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let (role, action) = (self.role.id().to_owned(), action.to_owned());
        Ok(Proof { role, action, outcome, queries })
    }

    /// Up to the first question that is not answered "yes".
    fn ask_all(&self, action: &str, solver: &mut Solver, queries: &mut usize) -> Result<(), Stop> {
        let holders = Holder::all(self.world.fleet);
        let about = |environment: &RequestEnv| environment.action().id().unescaped() == action;
        for environment in self.schema.request_envs().filter(about) {
            for on in Authorization::of(self.world, action) {
                for holder in &holders {
                    let subject = self;
                    let environment = &environment;
                    let question = Question { subject, action, environment, on, holder };
                    *queries += question.ask(solver)?;
                }
            }
        }
        Ok(())
    }
}

fn read(documents: &[Emitted]) -> Result<Vec<(String, Document)>, ProveError> {
    let one = |(name, text): &Emitted| {
        let failed = |source| ProveError::Document { name: name.clone(), source };
        Ok((name.clone(), Document::parse(text).map_err(failed)?))
    };
    documents.iter().map(one).collect()
}

/// The keys of every statement and of every contract.
fn keys(
    world: &World,
    actions: &[&str],
    documents: &[(String, Document)],
) -> Result<Keys, NotProvable> {
    let mut keys = Keys::default();
    for (name, document) in documents {
        for statement in document.statements() {
            let place = || format!("{name}#{}", statement.name());
            let mut conditions = statement.conditions().iter();
            let added = conditions.try_for_each(|condition| keys.add(condition));
            added.map_err(|construct| construct.in_statement(&place()))?;
        }
    }
    for on in actions.iter().flat_map(|action| Authorization::of(world, action)) {
        let conditions = contract::vocabulary(world, on).map_err(Untranslatable::in_contract)?;
        let added = conditions.iter().try_for_each(|condition| keys.add(condition));
        added.map_err(Untranslatable::in_contract)?;
    }
    Ok(keys)
}

fn unproved(role: &Policy, action: &str, why: &NotProvable) -> Proof {
    let (role, action) = (role.id().to_owned(), action.to_owned());
    Proof { role, action, outcome: Outcome::NotProvable(why.clone()), queries: 0 }
}
