//! What the engine answers, and why.

use std::fmt;
use std::sync::Arc;

use arc_swap::Guard;

use super::ask::{Asked, Asker};
use super::grants::EnvironmentId;
use super::operation::OperationId;
use super::reason;
use super::request::{Request, RequestError};
use super::rule::Condition;
use super::state::{Candidate, Found, State, Through};
use super::table::Cell;
use super::whole::Verdict;
use crate::digest::Digest;
use crate::fleet::Assignee;

/// The answer to a request, of the state of the engine when it was asked.
///
/// It borrows the request, and works out the explanation only when it is asked for.
pub struct Decision<'a> {
    pub(super) state: Guard<Arc<State>>,
    pub(super) request: &'a Request<'a>,
    pub(super) operation: OperationId,
    pub(super) environment: Option<EnvironmentId>,
    pub(super) allowed: bool,
    /// What Cedar says, where a paranoid engine found otherwise.
    pub(super) verdict: Option<Box<Verdict>>,
}

/// Why a request was allowed or denied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// Whether it was allowed.
    pub allowed: bool,
    /// The policies that decided, sorted: those that permit, or those that forbid. Empty if nothing permits.
    pub policies: Vec<Applied>,
    /// The reason, in words for the person.
    pub reason: String,
    /// Policies that Cedar could not evaluate, in its words; they did not count. Where a guard forbids, what permits is
    /// not evaluated and can have no errors.
    pub errors: Vec<String>,
    /// The digest of all policies that were in force.
    pub policy_set: Digest,
}

/// A policy that decided, and the assignment it was linked by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Applied {
    /// The id of the role or guard.
    pub policy: String,
    /// How the role was given; nothing if the policy has no slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Link>,
}

/// A role given to somebody in an environment; to everybody or everywhere, as far as it has no slot for that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Link {
    /// The person, or their team; nobody by name for a role without `?principal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// The environment; none for a role without `?resource`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl Decision<'_> {
    /// Whether the person may.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// What was asked.
    #[must_use]
    pub fn request(&self) -> &Request<'_> {
        self.request
    }

    /// The name of the environment that the resource is in, if it is in one.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.environment.map(|id| self.state.environments.name(id))
    }

    /// The policies that decided, and the reason in words.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let state: &State = &self.state;
        let policy_set = state.rules.digest;
        // Who was found once is found again in the same state.
        let found = match state.find(self.request.principal) {
            Ok(found) => found,
            Err(error) => {
                let (reason, errors) = (error.to_string(), vec![error.to_string()]);
                let policies = Vec::new();
                return Explanation { allowed: self.allowed, policies, reason, errors, policy_set };
            }
        };
        let weighed = weigh(state, self.request, &found, self.operation, self.environment);
        let (policies, reason) = match &self.verdict {
            None => (weighed.applied(state), reason::words(self, &found, &weighed)),
            Some(verdict) => {
                (verdict.policies.clone(), "Cedar decides otherwise than the engine".to_owned())
            }
        };
        let errors = weighed.errors;
        Explanation { allowed: self.allowed, policies, reason, errors, policy_set }
    }
}

impl fmt::Display for Applied {
    /// `never-prod`, or `developer (team payments in staging)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.policy)?;
        let Some(Link { assignee, environment }) = &self.assignment else { return Ok(()) };
        match (assignee, environment) {
            (Some(assignee), Some(environment)) => write!(f, " ({assignee} in {environment})"),
            (Some(assignee), None) => write!(f, " ({assignee})"),
            (None, Some(environment)) => write!(f, " (in {environment})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("request", self.request)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

/// Asks Cedar about what the table leaves open; forbids first, and no more than the decision needs.
pub(super) fn settle(
    state: &State,
    request: &Request<'_>,
    found: &Found<'_>,
    operation: OperationId,
    environment: Option<EnvironmentId>,
    tally: Cell,
) -> Result<bool, RequestError> {
    let Some(known) = state.operations.get(operation) else { return Ok(false) };
    let asker = Asker::new(state, request, found, known)?;
    let any = |forbids: bool| -> Result<bool, RequestError> {
        for one in state.candidates(found, environment, operation) {
            let is_wanted = one.cell.is_open() && one.rule.is_forbid() == forbids;
            let Some(condition) = one.rule.condition.as_ref().filter(|_| is_wanted) else {
                continue;
            };
            if asker.ask(condition)?.applies {
                return Ok(true);
            }
        }
        Ok(false)
    };
    if tally.has(Cell::MAY_FORBID) && any(true)? {
        return Ok(false);
    }
    Ok(tally.has(Cell::PERMITS) || any(false)?)
}

/// Every policy that was considered, with whether it applies.
#[derive(Debug, Default)]
pub(super) struct Weighed<'s> {
    person: String,
    pub(super) permits: Vec<Candidate<'s>>,
    pub(super) forbids: Vec<Candidate<'s>>,
    /// Would permit, but for a condition that does not hold.
    pub(super) unmet: Vec<Candidate<'s>>,
    pub(super) errors: Vec<String>,
}

impl Weighed<'_> {
    /// Those that decided.
    fn applied(&self, state: &State) -> Vec<Applied> {
        let decided = if self.forbids.is_empty() { &self.permits } else { &self.forbids };
        let mut applied: Vec<Applied> =
            decided.iter().map(|one| one.applied(state, &self.person)).collect();
        applied.sort();
        applied.dedup();
        applied
    }
}

impl Candidate<'_> {
    fn applied(&self, state: &State, person: &str) -> Applied {
        let assignee = match self.through {
            Through::Scope => None,
            Through::Person => Some(Assignee::User(person.to_owned())),
            Through::Team(team) => {
                state.teams.get(team).map(|team| Assignee::Team(team.name.to_string()))
            }
        };
        let environment = self.grant.environment().map(|id| state.environments.name(id).to_owned());
        let assignment = self.rule.is_role.then_some(Link { assignee, environment });
        Applied { policy: self.rule.id.to_string(), assignment }
    }
}

/// Asks about everything that can apply.
pub(super) fn weigh<'s>(
    state: &'s State,
    request: &Request<'_>,
    found: &Found<'s>,
    operation: OperationId,
    environment: Option<EnvironmentId>,
) -> Weighed<'s> {
    let mut weighed = Weighed { person: request.principal.id().to_owned(), ..Weighed::default() };
    let Some(known) = state.operations.get(operation) else { return weighed };
    let mut asker = None;
    let (mut forbids, permits): (Vec<_>, Vec<_>) = state
        .candidates(found, environment, operation)
        .into_iter()
        .partition(|one| one.rule.is_forbid());
    forbids.sort_by_key(|one| one.grant);
    let mut ask = |condition: &Condition| {
        let asker = match &asker {
            Some(asker) => asker,
            None => asker.insert(Asker::new(state, request, found, known)?),
        };
        asker.ask(condition)
    };
    for one in forbids.into_iter().chain(permits) {
        // Cedar does not name what permits where something forbids.
        if !one.rule.is_forbid() && !weighed.forbids.is_empty() {
            break;
        }
        // A request that cannot be asked is told among the errors: what settled the decision is named all the same.
        let answer = one.rule.condition.as_ref().map_or_else(
            || Asked { applies: true, error: None },
            |condition| {
                ask(condition).unwrap_or_else(|error| Asked {
                    applies: false,
                    error: Some(error.to_string()),
                })
            },
        );
        if answer.error.as_ref().is_some_and(|error| !weighed.errors.contains(error)) {
            weighed.errors.extend(answer.error);
        }
        match (answer.applies, one.rule.is_forbid()) {
            (true, true) => weighed.forbids.push(one),
            (true, false) => weighed.permits.push(one),
            (false, false) => weighed.unmet.push(one),
            (false, true) => {}
        }
    }
    weighed
}
