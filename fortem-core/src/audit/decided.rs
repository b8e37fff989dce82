//! Records of what the engine decided.

use super::attempt::{Actor, Attempt, Decision, Resource};
use crate::engine;

impl From<&engine::Explanation> for Decision {
    fn from(explanation: &engine::Explanation) -> Self {
        let policies = explanation.policies.iter().map(ToString::to_string);
        if explanation.allowed {
            Self::allow(policies, explanation.policy_set)
        } else {
            Self::deny(policies, explanation.policy_set)
        }
    }
}

/// Who asked for what, and what was decided; reason, ticket and state are still to be given.
///
/// ```
/// use fortem_core::audit::{Attempt, AuditLog, Memory};
/// use fortem_core::engine::{Engine, Request, Resource, Session};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::load("../policies")?;
/// let log = AuditLog::new(Memory::new());
///
/// let service = Resource::new("Service", "orders-api").within("staging");
/// let session = Session::at(SystemTime::now());
/// let request = Request::new("alice", "restartService", service, session);
/// let decision = engine.authorize(&request)?;
/// let record = log.begin(Attempt::from(&decision).reason("orders hang"))?;
/// if decision.is_allowed() {
///     // Restart it here.
///     log.complete(record, serde_json::json!({ "running": 2 }))?;
/// }
/// # Ok(())
/// # }
/// ```
impl From<&engine::Decision<'_>> for Attempt {
    fn from(decision: &engine::Decision<'_>) -> Self {
        let request = decision.request();
        let principal = request.principal();
        let groups = principal.identity().map_or(&[] as &[_], |identity| identity.groups());
        let resource = request.resource();
        let attempt = Self::new(
            Actor::new(principal.id()).groups(groups.iter().cloned()),
            request.action(),
            Resource::new(resource.kind(), resource.id()),
            Decision::from(&decision.explain()),
        );
        match decision.environment() {
            Some(environment) => attempt.environment(environment),
            None => attempt,
        }
    }
}
