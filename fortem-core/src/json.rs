//! The engine as one function over text: JSON in, JSON out, so that any language can bind to it.
//!
//! ```
//! use fortem_core::{engine::Engine, json};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::load("../policies")?;
//! let answer = json::call(&engine, r#"{"authorize": {
//!     "principal": {"user": "alice"},
//!     "action": "restartService",
//!     "resource": {"kind": "Service", "id": "orders-api", "environment": "staging"},
//!     "session": {"now": "2026-03-02T09:30:00Z", "mfa": true}
//! }}"#);
//! let answer: serde_json::Value = serde_json::from_str(&answer)?;
//! assert_eq!(answer["decision"]["allowed"], true);
//!
//! // What cannot be asked is an error, never a denial:
//! let answer = json::call(&engine, r#"{"who_can": {"action": "restartService", "environment": "stagin"}}"#);
//! assert_eq!(
//!     answer,
//!     r#"{"error":{"code":"unknown_environment","message":"unknown environment `stagin`; did you mean `staging`?"}}"#
//! );
//! # Ok(())
//! # }
//! ```
//!
//! A request is an object with one key, the call; the answer one with one key, what it holds, or `error`. Keys that are
//! not known are refused. Nothing is verified here: an `identity` is taken at its word, so whoever sends requests must
//! have checked the person's token, and must be trusted to change who has which role.
//!
//! [`REQUEST_SCHEMA`] and [`RESPONSE_SCHEMA`] describe both as JSON Schema.
//!
//! # Requests
//!
#![doc = concat!("```json\n", include_str!("../schema/request.json"), "```")]
//!
//! # Answers
//!
#![doc = concat!("```json\n", include_str!("../schema/response.json"), "```")]

mod request;
mod response;

use self::request::{Ask, Call};
use self::response::{Applied, Failure, Response};
use crate::engine::{Change, ChangeError, Engine, Principal};

/// The JSON Schema (2020-12) of what [`call`] takes.
pub const REQUEST_SCHEMA: &str = include_str!("../schema/request.json");

/// The JSON Schema (2020-12) of what [`call`] answers.
pub const RESPONSE_SCHEMA: &str = include_str!("../schema/response.json");

/// Answers a request in JSON by JSON; never by anything else, whatever the request.
#[must_use]
pub fn call(engine: &Engine, request: &str) -> String {
    let response = serde_json::from_str(request)
        .map_err(|error| Failure::new("bad_request", error.to_string()))
        .and_then(|call| answer(engine, call))
        .unwrap_or_else(Response::Error);
    serde_json::to_string(&response).unwrap_or_else(|_| UNWRITTEN.to_owned())
}

const UNWRITTEN: &str =
    r#"{"error":{"code":"unwritten","message":"the answer cannot be written as JSON"}}"#;

fn answer(engine: &Engine, call: Call) -> Result<Response, Failure> {
    Ok(match call {
        Call::Authorize(ask) => authorize(engine, &ask)?,
        Call::Permissions { principal } => {
            Response::Permissions(engine.permissions(Principal::from(&principal))?)
        }
        Call::WhoCan { action, environment } => {
            Response::Review(engine.who_can(&action, &environment)?)
        }
        Call::Matrix {} => Response::Matrix(engine.matrix()),
        Call::Stats {} => Response::Stats(engine.stats()),
        Call::PolicySet {} => Response::PolicySet(engine.policy_set()),
        Call::Apply { changes } => apply(engine, changes)?,
        Call::Assign { role, assignee, environment } => {
            apply(engine, vec![Change::Assign { role, assignee, environment }])?
        }
        Call::Unassign { role, assignee, environment } => {
            apply(engine, vec![Change::Unassign { role, assignee, environment }])?
        }
        Call::AddEnvironment { name, tier, aliases } => {
            apply(engine, vec![Change::AddEnvironment { name, tier, aliases }])?
        }
    })
}

fn authorize(engine: &Engine, ask: &Ask) -> Result<Response, Failure> {
    let explained =
        ask.with_request(|request| engine.authorize(request).map(|decision| decision.explain()))?;
    Ok(Response::Decision(explained))
}

fn apply(engine: &Engine, changes: Vec<Change>) -> Result<Response, Failure> {
    let revision = engine.apply(&changes)?;
    Ok(Response::Applied(Applied { revision, changes }))
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        let failure = Self::new(error.code(), error.to_string());
        match error {
            ChangeError::Policies(problems) => failure.with_problems(&problems),
            _ => failure,
        }
    }
}
