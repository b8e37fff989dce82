//! Questions with the names looked up beforehand.

use std::sync::Arc;

use super::Engine;
use super::grants::{EnvironmentId, Grants};
use super::operation::OperationId;
use super::people::TeamId;
use super::permissions::Answer;
use super::request::{Principal, RequestError};
use super::state::{Found, State, Teaming};
use crate::identity::Identity;

/// Somebody, looked up once: what a frontend keeps for a person's session.
///
/// It stays valid when the engine changes, and for another engine: the person is then looked up again for each question.
/// Look them up anew to be fast again.
#[derive(Debug, Clone)]
pub struct Caller {
    id: String,
    identity: Option<Identity>,
    mark: u64,
    own: Option<Grants>,
    own_rules: Option<Grants>,
    teams: Arc<[TeamId]>,
}

/// An action on a kind of resource in an environment, looked up once: what is behind a button.
#[derive(Debug, Clone)]
pub struct Target {
    environment_name: String,
    mark: u64,
    operation: OperationId,
    environment: EnvironmentId,
}

impl Caller {
    fn of(state: &State, principal: Principal<'_>) -> Result<Self, RequestError> {
        let found = state.find(principal)?;
        Ok(Self {
            id: principal.id().to_owned(),
            identity: principal.identity().cloned(),
            mark: state.mark,
            own: found.own.cloned(),
            own_rules: found.own_rules.cloned(),
            teams: found.teams.as_slice().into(),
        })
    }

    fn found(&self) -> Found<'_> {
        Found {
            own: self.own.as_ref(),
            own_rules: self.own_rules.as_ref(),
            teams: Teaming::OfFleet(&self.teams),
        }
    }

    fn principal(&self) -> Principal<'_> {
        match &self.identity {
            Some(identity) => identity.into(),
            None => self.id.as_str().into(),
        }
    }
}

impl Engine {
    /// Looks somebody up for many questions.
    ///
    /// # Errors
    ///
    /// When the person is unknown.
    pub fn caller<'a>(&self, principal: impl Into<Principal<'a>>) -> Result<Caller, RequestError> {
        Caller::of(&self.state.load(), principal.into())
    }

    /// Looks an action on a kind of resource in an environment up for many questions.
    ///
    /// # Errors
    ///
    /// When one of them is unknown, or the action does not apply to the kind.
    pub fn target(
        &self,
        action: &str,
        kind: &str,
        environment: &str,
    ) -> Result<Target, RequestError> {
        let state = self.state.load();
        let operation = state.operations.find(action, kind)?;
        let id = state.environments.find(environment);
        Ok(Target {
            environment_name: environment.to_owned(),
            mark: state.mark,
            operation,
            environment: id.ok_or_else(|| state.unknown_environment(environment))?,
        })
    }

    /// Whether somebody may do something, as far as that is known before the resource and the session are.
    ///
    /// ```
    /// use fortem_core::engine::{Answer, Engine};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::load("../policies")?;
    /// let carol = engine.caller("carol")?;
    /// let restart = engine.target("restartService", "Service", "staging")?;
    /// let shell = engine.target("execCommand", "Task", "staging")?;
    /// assert_eq!(engine.answer(&carol, &restart)?, Answer::Allowed);
    /// assert_eq!(engine.answer(&carol, &shell)?, Answer::Conditional); // a second factor
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the person or the environment has gone since.
    pub fn answer(&self, caller: &Caller, target: &Target) -> Result<Answer, RequestError> {
        let state = self.state.load();
        if caller.mark != state.mark || target.mark != state.mark {
            return again(&state, caller, target);
        }
        let tally = state.tally(&caller.found(), Some(target.environment), target.operation);
        Ok(tally.answer())
    }
}

/// The same question by names, after a change.
fn again(state: &State, caller: &Caller, target: &Target) -> Result<Answer, RequestError> {
    let found = state.find(caller.principal())?;
    let name = &target.environment_name;
    let id = state.environments.find(name).ok_or_else(|| state.unknown_environment(name))?;
    Ok(state.tally(&found, Some(id), target.operation).answer())
}
