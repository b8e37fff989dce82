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
//! let compiled = fortem_compile::compile(&source, &["exec".to_owned()])?;
//! let documents = fortem_compile::output::documents(&compiled);
//! let mut prover = Prover::new(&source, compiled.world(), "cvc5".as_ref())?;
//! println!("{}", prover.prove("exec", "execCommand", &documents)?);
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
mod request;
mod rule;
mod schema;
mod solver;
mod text;
mod view;

use std::path::Path;

use cedar_policy::{RequestEnv, Schema};
use fortem_core::{Policy, Source};

pub use self::error::{NotProvable, ProveError};
pub use self::outcome::{Answer, Counterexample, Outcome, Proof};

use self::call::Authorization;
use self::error::Untranslatable;
use self::holder::Holder;
use self::keys::Keys;
use self::question::{Question, Stop};
use self::solver::Solver;
use crate::iam::Document;
use crate::lower::World;
use crate::output::OutputFile;

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
    pub fn new(source: &'a Source, world: World<'a>, solver: &Path) -> Result<Self, ProveError> {
        Ok(Self { source, world, solver: Solver::start(solver)? })
    }

    /// Proves that documents mean what a role and the guards say of an action; `documents` are those
    /// of the role, each with its file name.
    ///
    /// # Errors
    ///
    /// [`ProveError`] when the proof could not be tried.
    pub fn prove(
        &mut self,
        role: &str,
        action: &str,
        documents: &[OutputFile],
    ) -> Result<Proof, ProveError> {
        let (source, world) = (self.source, self.world);
        let unknown = |what, name: &str| ProveError::Unknown { what, name: name.to_owned() };
        let found = source.roles().find(|policy| policy.id() == role);
        let role = found.ok_or_else(|| unknown("role", role))?;
        let found = source.vocabulary().action(action);
        let action = found.ok_or_else(|| unknown("action", action))?.name();
        let documents = read(documents)?;
        let mut proof = Proof::new(role.id(), action);
        proof.outcome = match keys(&world, action, &documents) {
            Err(why) => Outcome::NotProvable(why),
            Ok(keys) => {
                let schema = schema::extended(&keys)?;
                let subject = Subject { source, world: &world, role, documents, keys, schema };
                subject.prove(action, &mut self.solver, &mut proof.queries)?
            }
        };
        Ok(proof)
    }
}

impl Subject<'_> {
    fn prove(
        &self,
        action: &str,
        solver: &mut Solver,
        queries: &mut usize,
    ) -> Result<Outcome, ProveError> {
        match self.ask_all(action, solver, queries) {
            Ok(()) if Authorization::of(self.world, action).is_empty() => Ok(Outcome::NoCall),
            Ok(()) => Ok(Outcome::Proved),
            Err(Stop::Counterexample(found)) => Ok(Outcome::Counterexample(found)),
            Err(Stop::NotProvable(why)) => Ok(Outcome::NotProvable(why)),
            Err(Stop::Failed(error)) => Err(error),
        }
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

fn read(documents: &[OutputFile]) -> Result<Vec<(String, Document)>, ProveError> {
    let one = |(name, text): &OutputFile| {
        let failed = |source| ProveError::Document { name: name.clone(), source };
        Ok((name.clone(), Document::parse(text).map_err(failed)?))
    };
    documents.iter().map(one).collect()
}

/// The keys of every statement and of the contracts of an action.
fn keys(
    world: &World,
    action: &str,
    documents: &[(String, Document)],
) -> Result<Keys, NotProvable> {
    let mut keys = Keys::default();
    for (name, document) in documents {
        for statement in document.statements() {
            let mut conditions = statement.conditions().iter();
            let added = conditions.try_for_each(|condition| keys.add(condition));
            let place = format!("{name}#{}", statement.name());
            added.map_err(|construct| construct.in_statement(&place))?;
        }
    }
    for on in Authorization::of(world, action) {
        let conditions = contract::vocabulary(world, on).map_err(Untranslatable::in_contract)?;
        let added = conditions.iter().try_for_each(|condition| keys.add(condition));
        added.map_err(Untranslatable::in_contract)?;
    }
    Ok(keys)
}
