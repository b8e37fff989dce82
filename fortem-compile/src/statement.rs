//! One statement of an IAM policy, which cannot hold a condition that does not work.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

pub use crate::iam::Effect;
use crate::reference::{Action, ArnPattern, Carries, Reference};

/// The API actions a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiActions {
    /// `Action`: these, wildcards allowed in a Deny.
    These(BTreeSet<String>),
    /// `NotAction`: every other one; only in a Deny.
    AllBut(BTreeSet<String>),
}

/// Where a statement comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A role or guard: id and place.
    Policy {
        /// The policy's id.
        id: String,
        /// Path and line.
        location: String,
    },
    /// An integrity guard, which no policy asked for.
    Integrity {
        /// What it prevents.
        why: String,
    },
}

/// Condition operator and key → values; all of them must hold.
pub type Conditions = BTreeMap<(String, String), BTreeSet<String>>;

/// A statement before it is checked.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The statement id, letters and digits.
    pub sid: String,
    /// Allow or Deny.
    pub effect: Effect,
    /// The API actions.
    pub actions: ApiActions,
    /// ARN patterns, or `*`.
    pub resources: BTreeSet<String>,
    /// The conditions.
    pub conditions: Conditions,
    /// Where it comes from.
    pub origin: Origin,
}

/// A checked statement: each condition key is carried by the calls it decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(crate) sid: String,
    pub(crate) effect: Effect,
    pub(crate) actions: ApiActions,
    pub(crate) resources: BTreeSet<String>,
    pub(crate) conditions: Conditions,
    pub(crate) origins: BTreeSet<Origin>,
}

/// A statement that would not do what it says; a fault of the lowering table, not of the policies.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The service reference has no such API action.
    #[error("statement `{sid}`: no API action matches `{pattern}`")]
    UnknownAction {
        /// The statement.
        sid: String,
        /// The API action or pattern.
        pattern: String,
    },
    /// An Allow names an action and resources that do not go together.
    #[error("statement `{sid}`: `{action}` is not authorized on any of its resources")]
    NoResource {
        /// The statement.
        sid: String,
        /// The API action.
        action: String,
    },
    /// An Allow with a wildcard or with `NotAction` would grant what is not known yet.
    #[error("statement `{sid}`: an Allow names its API actions one by one")]
    OpenAllow {
        /// The statement.
        sid: String,
    },
    /// AWS does not fill the key in for the call.
    #[error("statement `{sid}`: `{action}` does not carry `{key}`{doubt}")]
    KeyNotCarried {
        /// The statement.
        sid: String,
        /// The API action.
        action: String,
        /// The condition key.
        key: String,
        /// Why the reference's claim is not relied on, after a colon; empty if it makes none.
        doubt: String,
    },
}

impl Statement {
    /// Checks a draft against the service reference.
    ///
    /// A key that decides about a call must be carried by it. In a Deny a wildcard may match calls
    /// that lack the key as long as the condition then does not hold; a condition that holds on an
    /// absent key must be carried by every call.
    ///
    /// # Errors
    ///
    /// [`StatementError`], naming what does not fit.
    pub fn new(reference: &Reference, draft: Draft) -> Result<Self, StatementError> {
        for pattern in draft.patterns() {
            draft.check_pattern(reference, pattern)?;
        }
        if let ApiActions::AllBut(exempt) = &draft.actions {
            draft.check_rest(reference, exempt)?;
        }
        let Draft { sid, effect, actions, resources, conditions, origin } = draft;
        let origins = BTreeSet::from([origin]);
        Ok(Self { sid, effect, actions, resources, conditions, origins })
    }

    /// The statement id.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// Allow or Deny.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The API actions.
    #[must_use]
    pub fn actions(&self) -> &ApiActions {
        &self.actions
    }

    /// The API actions or patterns that it names, or that it excepts.
    pub fn apis(&self) -> impl Iterator<Item = &str> {
        let (ApiActions::These(apis) | ApiActions::AllBut(apis)) = &self.actions;
        apis.iter().map(String::as_str)
    }

    /// Where it comes from.
    #[must_use]
    pub fn origins(&self) -> &BTreeSet<Origin> {
        &self.origins
    }
}

impl Draft {
    fn patterns(&self) -> &BTreeSet<String> {
        match &self.actions {
            ApiActions::These(patterns) | ApiActions::AllBut(patterns) => patterns,
        }
    }

    fn check_pattern(&self, reference: &Reference, pattern: &str) -> Result<(), StatementError> {
        let sid = || self.sid.clone();
        let wildcard = pattern.contains(['*', '?']);
        if self.effect == Effect::Allow
            && (wildcard || matches!(self.actions, ApiActions::AllBut(_)))
        {
            return Err(StatementError::OpenAllow { sid: sid() });
        }
        let matching = reference.matching(pattern);
        if matching.is_empty() {
            return Err(StatementError::UnknownAction { sid: sid(), pattern: pattern.to_owned() });
        }
        let unconditional_deny = self.effect == Effect::Deny && self.conditions.is_empty();
        if unconditional_deny || matches!(self.actions, ApiActions::AllBut(_)) {
            return Ok(());
        }
        let arns = self.arns();
        let mut fires = false;
        let mut inert = None;
        for action in matching {
            let uses = uses(action, &arns);
            if uses.is_empty() && self.effect == Effect::Allow {
                let action = action.name().to_owned();
                return Err(StatementError::NoResource { sid: sid(), action });
            }
            for used in uses {
                match self.check_keys(reference, action, used) {
                    Ok(()) => fires = true,
                    Err(absent) if wildcard && !absent.holds => inert = Some(absent.error),
                    Err(absent) => return Err(absent.error),
                }
            }
        }
        match inert {
            Some(error) if !fires => Err(error),
            _ => Ok(()),
        }
    }

    /// `NotAction`: every other API action of the reference that the resources reach.
    fn check_rest(
        &self,
        reference: &Reference,
        exempt: &BTreeSet<String>,
    ) -> Result<(), StatementError> {
        let arns = self.arns();
        let all = reference.matching("*");
        for action in all.into_iter().filter(|action| !exempt.contains(action.name())) {
            for used in uses(action, &arns).into_iter().flatten() {
                self.check_keys(reference, action, Some(used)).map_err(|absent| absent.error)?;
            }
        }
        Ok(())
    }

    fn arns(&self) -> Vec<ArnPattern> {
        self.resources.iter().map(|resource| ArnPattern::new(resource)).collect()
    }

    fn check_keys(
        &self,
        reference: &Reference,
        action: &Action,
        resource_type: Option<&str>,
    ) -> Result<(), Absent> {
        for ((operator, key), values) in &self.conditions {
            let doubt = match reference.carries(action.name(), resource_type, key) {
                Carries::Yes => continue,
                // A Deny that asks for a key to be absent is right about a call that never has it.
                Carries::No
                    if self.effect == Effect::Deny && asks_for_absence(operator, values) =>
                {
                    continue;
                }
                Carries::Doubtful(reason) => format!(": {reason}"),
                Carries::No => String::new(),
            };
            return Err(Absent {
                holds: holds_when_absent(operator, values),
                error: StatementError::KeyNotCarried {
                    sid: self.sid.clone(),
                    action: action.name().to_owned(),
                    key: key.clone(),
                    doubt,
                },
            });
        }
        Ok(())
    }
}

/// The resource types of the action that the ARNs reach; `None` stands for a call without a resource,
/// which only `*` reaches.
pub(crate) fn uses<'a>(action: &'a Action, arns: &[ArnPattern]) -> Vec<Option<&'a str>> {
    if action.resource_types().is_empty() {
        return if arns.contains(&ArnPattern::new("*")) { vec![None] } else { Vec::new() };
    }
    let types = action.resource_types().iter();
    let reached = types.filter(|kind| arns.iter().any(|arn| kind.arn().overlaps(arn)));
    reached.map(|kind| Some(kind.name())).collect()
}

/// A key that a call does not carry, and whether the condition on it then holds.
struct Absent {
    holds: bool,
    error: StatementError,
}

fn asks_for_absence(operator: &str, values: &BTreeSet<String>) -> bool {
    operator == "Null" && values.iter().eq(["true"])
}

/// What a condition comes to on an absent key (IAM User Guide, Condition operators).
pub(crate) fn holds_when_absent(operator: &str, values: &BTreeSet<String>) -> bool {
    let all = operator.starts_with("ForAllValues:");
    let negated = operator.contains("Not");
    all || negated || operator.ends_with("IfExists") || asks_for_absence(operator, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(effect: Effect, action: &str, resource: &str, operator: &str, key: &str) -> Draft {
        let value = if operator == "Null" { "true" } else { "x" };
        Draft {
            sid: "S".to_owned(),
            effect,
            actions: ApiActions::These(BTreeSet::from([action.to_owned()])),
            resources: BTreeSet::from([resource.to_owned()]),
            conditions: Conditions::from([(
                (operator.to_owned(), key.to_owned()),
                BTreeSet::from([value.to_owned()]),
            )]),
            origin: Origin::Integrity { why: "test".to_owned() },
        }
    }

    fn made(effect: Effect, action: &str, resource: &str, operator: &str, key: &str) -> bool {
        let draft = draft(effect, action, resource, operator, key);
        Statement::new(Reference::builtin().unwrap(), draft).is_ok()
    }

    #[test]
    fn a_condition_on_a_key_that_the_call_does_not_carry_cannot_be_made() {
        use Effect::{Allow, Deny};
        let service = "arn:aws:ecs:*:*:service/*";
        let tag = "aws:ResourceTag/Environment";
        assert!(made(Allow, "ecs:UpdateService", service, "StringEquals", tag));
        assert!(!made(Allow, "ecs:UpdateService", service, "StringEquals", "aws:RequestTag/E"));
        assert!(!made(Allow, "ecs:ListServices", "*", "StringEquals", tag));
        assert!(!made(Deny, "ecs:ListServices", "*", "StringEquals", tag));
        assert!(!made(Allow, "ecs:RunTask", "*", "StringEquals", "ecs:subnet"));
        // The reference claims these; AWS's guides do not stand by it.
        assert!(!made(Allow, "iam:PassRole", "*", "StringEquals", tag));
        assert!(!made(Allow, "logs:GetLogEvents", "*", "StringEquals", tag));
    }

    #[test]
    fn a_wildcard_deny_may_be_inert_for_some_calls_but_never_fire_by_accident() {
        use Effect::Deny;
        assert!(made(Deny, "ecs:*", "*", "ArnLike", "ecs:cluster"));
        assert!(!made(Deny, "ecs:*", "*", "ArnNotLike", "ecs:cluster"));
        assert!(!made(Deny, "ecs:*", "*", "ArnLikeIfExists", "ecs:cluster"));
        assert!(!made(Deny, "scheduler:*", "*", "ArnLike", "ecs:cluster"));
        assert!(made(Deny, "logs:Tag*", "*", "Null", "ecs:CreateAction"));
    }

    #[test]
    fn an_allow_is_closed_and_reaches_something() {
        use Effect::Allow;
        let tag = "aws:PrincipalTag/E";
        assert!(!made(Allow, "ecs:*", "*", "StringEquals", tag));
        assert!(!made(Allow, "ecs:Restart", "*", "StringEquals", tag));
        assert!(!made(Allow, "ecs:UpdateService", "arn:aws:ecs:*:*:task/*", "StringEquals", tag));
        assert!(!made(Allow, "ecs:ListServices", "arn:aws:ecs:*:*:service/*", "StringEquals", tag));
    }
}
