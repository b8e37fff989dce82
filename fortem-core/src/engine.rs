//! The decision engine: may this person do this to that, and why?
//!
//! [`Engine::load`] reads a policies directory; [`Engine::authorize`] answers requests. Cedar is the truth: for every
//! request the decision and the policies that decide are those that Cedar's authorizer gives over all policies, all
//! assignments as links of their templates, and all entities. What depends on nothing but role, action, kind of
//! resource, tier and environment was asked of Cedar when the engine was made and is looked up in a table; everything
//! else is asked of Cedar when the request comes, over just the policies that can apply.
//!
//! ```
//! use fortem_core::engine::{Engine, Request, Resource, Session};
//! use std::time::SystemTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::load("../policies")?;
//!
//! // May alice restart orders-api in staging?
//! let session = Session::at(SystemTime::now()).mfa(true);
//! let service = Resource::new("Service", "orders-api").within("staging");
//! let request = Request::new("alice", "restartService", service, session);
//! let decision = engine.authorize(&request)?;
//! assert!(decision.is_allowed());
//! assert_eq!(
//!     decision.explain().reason,
//!     "alice is developer of staging through payments; `restartService` is part of `operate`"
//! );
//!
//! // Which buttons does she see?
//! let permissions = engine.permissions("alice")?;
//! let environments: Vec<&str> =
//!     permissions.environments.iter().map(|one| one.environment.as_str()).collect();
//! assert_eq!(environments, ["dev", "staging"]);
//! # Ok(())
//! # }
//! ```
//!
//! The engine is `Send` and `Sync`; share it in an `Arc`. A decision takes no lock, and a change at run time
//! ([`Engine::apply`]) is seen as a whole or not at all.

mod ask;
mod change;
mod circumstance;
mod decision;
mod environments;
mod grants;
mod loosen;
mod of_fleet;
mod operation;
mod people;
mod permissions;
mod policies;
mod prepared;
mod reason;
mod request;
mod review;
mod rule;
mod rules;
mod scopes;
mod state;
mod stats;
mod table;
mod whole;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use cedar_policy::PolicySet;

pub use self::change::{Change, ChangeError};
pub use self::circumstance::Circumstance;
pub use self::decision::{Applied, Decision, Explanation, Link};
pub use self::permissions::{Answer, EnvironmentPermissions, Need, Permission, Permissions};
pub use self::prepared::{Caller, Target};
pub use self::request::{Detail, Principal, Request, RequestError, Resource, Session};
pub use self::review::{GroupHolder, Holder, MatrixRow, Review};
pub use self::stats::{AskedPolicy, Stats};

use self::state::State;
use self::whole::Whole;
use crate::digest::Digest;
use crate::fleet::{Assignee, Fleet};
use crate::problem::Problems;
use crate::source::Source;
use crate::vocabulary::Vocabulary;

/// Answers who may do what in which environment.
#[derive(Debug)]
pub struct Engine {
    state: ArcSwap<State>,
    /// Held while a change is made; readers never wait for it.
    writing: Mutex<()>,
    paranoid: Option<Paranoia>,
}

/// Who is told of differences.
struct Paranoia {
    whole: ArcSwap<(u64, Whole)>,
    report: Box<dyn Fn(&Difference) + Send + Sync>,
}

/// A request on which the engine and Cedar disagree: a defect of the engine, never expected.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The request, for a bug report.
    pub request: String,
    /// What the engine found.
    pub engine: (bool, Vec<Applied>),
    /// What Cedar says.
    pub cedar: (bool, Vec<Applied>),
}

impl fmt::Debug for Paranoia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Paranoia")
    }
}

impl Engine {
    /// Reads a policies directory: `fleet.toml` and every `.cedar` file.
    ///
    /// # Errors
    ///
    /// Everything that [`Source::load`] finds wrong.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Problems> {
        Self::of(&Source::load(directory)?)
    }

    /// An engine over a source, with the vocabulary that is its own.
    ///
    /// # Errors
    ///
    /// What Cedar refuses of the policies together; of a source that was read without problems, nothing is expected.
    pub fn of(source: &Source) -> Result<Self, Problems> {
        Self::with_vocabulary(&source.policy_set(), source.fleet(), source.vocabulary())
    }

    /// An engine over policies and a fleet, with the vocabulary that is built in and what the fleet adds to its
    /// contexts. The ids of templates are the roles that the fleet assigns; they may be any text.
    ///
    /// # Errors
    ///
    /// A policy that does not fit the vocabulary, a linked template, and an assignment of a role that is not there, or
    /// that does not name what the role has slots for.
    pub fn new(policies: &PolicySet, fleet: &Fleet) -> Result<Self, Problems> {
        let vocabulary = Vocabulary::builtin().with_context(fleet);
        Self::with_vocabulary(policies, fleet, &vocabulary.map_err(Problems::from_list)?)
    }

    /// An engine over policies and a fleet, with a vocabulary that a [`Source`] has, and nothing added to it.
    ///
    /// # Errors
    ///
    /// As with [`Engine::new`].
    pub fn with_vocabulary(
        policies: &PolicySet,
        fleet: &Fleet,
        vocabulary: &Vocabulary,
    ) -> Result<Self, Problems> {
        policies::check(policies, vocabulary)?;
        let state = ArcSwap::from_pointee(State::of_fleet(policies, fleet, vocabulary)?);
        Ok(Self { state, writing: Mutex::new(()), paranoid: None })
    }

    /// Asks Cedar over everything with each request, tells `report` where the answers differ, and then goes by Cedar.
    ///
    /// This is for tests and for a trial period in production: each decision costs what Cedar costs, which grows with
    /// the number of assignments. The context of every request is then checked, not only of those that ask Cedar.
    ///
    /// # Errors
    ///
    /// When Cedar refuses the whole of policies and entities.
    pub fn paranoid(
        self,
        report: impl Fn(&Difference) + Send + Sync + 'static,
    ) -> Result<Self, RequestError> {
        let state = self.state.load();
        let whole = ArcSwap::from_pointee((state.mark, Whole::new(&state)?));
        drop(state);
        Ok(Self { paranoid: Some(Paranoia { whole, report: Box::new(report) }), ..self })
    }

    /// May this person do this to that?
    ///
    /// # Errors
    ///
    /// When the request names what the engine does not know, or when a policy has to look at a context that does not
    /// fit the action. Neither is a denial; treat both as "no" and tell whoever maintains the caller.
    pub fn authorize<'a>(&self, request: &'a Request<'a>) -> Result<Decision<'a>, RequestError> {
        let state = self.state.load();
        let (operation, environment) = state.resolve(request)?;
        let found = state.find(request.principal)?;
        let tally = state.tally(&found, environment, operation);
        let allowed = match tally.settled() {
            Some(allowed) => allowed,
            None => decision::settle(&state, request, &found, operation, environment, tally)?,
        };
        drop(found);
        let decision = Decision { state, request, operation, environment, allowed, verdict: None };
        match &self.paranoid {
            None => Ok(decision),
            Some(paranoia) => paranoia.check(decision),
        }
    }

    /// What somebody may do everywhere: the environments to show, and for each the actions.
    ///
    /// # Errors
    ///
    /// When the person is unknown.
    pub fn permissions<'a>(
        &self,
        principal: impl Into<Principal<'a>>,
    ) -> Result<Permissions, RequestError> {
        let state = self.state.load();
        let found = state.find(principal.into())?;
        Ok(state.permissions(&found))
    }

    /// Who may do an action in an environment, for access reviews.
    ///
    /// # Errors
    ///
    /// When there is no such action or environment.
    pub fn who_can(&self, action: &str, environment: &str) -> Result<Review, RequestError> {
        let state = self.state.load();
        let operations = &state.operations;
        let of_action: Vec<_> = operations.of_action(action).map(|(id, _)| id).collect();
        if of_action.is_empty() {
            return Err(operations.unknown_action(action));
        }
        let id = state.environments.find(environment);
        let id = id.ok_or_else(|| state.unknown_environment(environment))?;
        Ok(state.review(id, &of_action))
    }

    /// What everybody of the fleet may do everywhere, by person and environment, for reports.
    #[must_use]
    pub fn matrix(&self) -> Vec<MatrixRow> {
        self.state.load().matrix()
    }

    /// Gives a role to somebody in an environment. Nobody is named (`None`) for a role without `?principal`, and no
    /// environment for one without `?resource`.
    ///
    /// # Errors
    ///
    /// When one of them is unknown or does not fit the role, or the role is given already.
    pub fn assign<'a>(
        &self,
        role: &str,
        assignee: impl Into<Option<Assignee>>,
        environment: impl Into<Option<&'a str>>,
    ) -> Result<Change, ChangeError> {
        let (role, assignee) = (role.to_owned(), assignee.into());
        let environment = environment.into().map(str::to_owned);
        self.make(Change::Assign { role, assignee, environment })
    }

    /// Takes a role from somebody in an environment.
    ///
    /// # Errors
    ///
    /// When one of them is unknown or does not fit the role, or the role is not given.
    pub fn unassign<'a>(
        &self,
        role: &str,
        assignee: impl Into<Option<Assignee>>,
        environment: impl Into<Option<&'a str>>,
    ) -> Result<Change, ChangeError> {
        let (role, assignee) = (role.to_owned(), assignee.into());
        let environment = environment.into().map(str::to_owned);
        self.make(Change::Unassign { role, assignee, environment })
    }

    /// Adds an environment, in which nobody has a role yet.
    ///
    /// # Errors
    ///
    /// When the name is taken, or cannot be the name of an environment.
    pub fn add_environment(
        &self,
        name: &str,
        tier: crate::Tier,
        aliases: &[String],
    ) -> Result<Change, ChangeError> {
        let (name, aliases) = (name.to_owned(), aliases.to_vec());
        self.make(Change::AddEnvironment { name, tier, aliases })
    }

    /// Puts other roles and guards in the place of all there are. Assignments stay.
    ///
    /// # Errors
    ///
    /// When a policy does not fit the vocabulary, or a role that somebody has is missing.
    pub fn replace_policies(&self, policies: &PolicySet) -> Result<Change, ChangeError> {
        // A link would be lost in the texts.
        let state = self.state.load();
        policies::check(policies, &state.vocabulary).map_err(ChangeError::Policies)?;
        let policies = policies::texts(policies);
        self.make(Change::ReplacePolicies { policies })
    }

    fn make(&self, change: Change) -> Result<Change, ChangeError> {
        self.apply(std::slice::from_ref(&change))?;
        Ok(change)
    }

    /// Makes changes, all of them or none: a decision at the same time sees the state before or after. Returns the
    /// revision, which counts the calls that changed something.
    ///
    /// # Errors
    ///
    /// The first change that cannot be made; nothing has changed then.
    pub fn apply(&self, changes: &[Change]) -> Result<u64, ChangeError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = State::clone(&self.state.load());
        for change in changes {
            state.change(change)?;
        }
        state.revision += 1;
        state.mark = State::new_mark();
        let revision = state.revision;
        self.state.store(Arc::new(state));
        Ok(revision)
    }

    /// The vocabulary: which actions and kinds of resources requests can be about.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        self.state.load().vocabulary.clone()
    }

    /// The digest of all policies: which set of them a decision was made by.
    #[must_use]
    pub fn policy_set(&self) -> Digest {
        self.state.load().rules.digest
    }

    /// What the engine holds, and which policies the table does not settle.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state.load().stats()
    }
}

impl Paranoia {
    /// Asks Cedar too, reports a difference, and answers as Cedar does.
    fn check<'a>(&self, decision: Decision<'a>) -> Result<Decision<'a>, RequestError> {
        let state: &State = &decision.state;
        // Its own from here on: another thread may put that of a later state in its place.
        let mut whole = self.whole.load_full();
        if whole.0 != state.mark {
            whole = Arc::new((state.mark, Whole::new(state)?));
            self.whole.store(Arc::clone(&whole));
        }
        let verdict = whole.1.authorize(state, decision.request, decision.operation)?;
        let engine = (decision.allowed, decision.explain().policies);
        let cedar = (verdict.allowed, verdict.policies.clone());
        if engine == cedar {
            return Ok(decision);
        }
        let request = format!("{:?}", decision.request);
        (self.report)(&Difference { request, engine, cedar });
        Ok(Decision { allowed: verdict.allowed, verdict: Some(Box::new(verdict)), ..decision })
    }
}
