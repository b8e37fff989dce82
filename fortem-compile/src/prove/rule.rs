//! Cedar policies under construction: an id and a text each.

use cedar_policy::{Policy, PolicyId, PolicySet};

use super::error::{NotProvable, ProveError};
use super::text::all;
use super::view::{View, conditions};
use crate::iam::{Effect, Statement};

/// One Cedar policy.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    id: String,
    text: String,
}

impl Rule {
    pub(super) fn is_permit(&self) -> bool {
        self.text.starts_with("permit")
    }

    pub(super) fn permit_when(id: impl Into<String>, expression: &str) -> Self {
        let text = format!("permit (principal, action, resource) when {{ {expression} }};");
        Self { id: id.into(), text }
    }

    pub(super) fn forbid_when(id: impl Into<String>, expression: &str) -> Self {
        let text = format!("forbid (principal, action, resource) when {{ {expression} }};");
        Self { id: id.into(), text }
    }

    pub(super) fn forbid_unless(id: impl Into<String>, expression: &str) -> Self {
        let text = format!("forbid (principal, action, resource) unless {{ {expression} }};");
        Self { id: id.into(), text }
    }

    /// The statement as a policy on one authorization; none when it is about other API actions.
    pub(super) fn of_statement(
        view: &View,
        document: &str,
        statement: &Statement,
    ) -> Result<Option<Self>, NotProvable> {
        if !statement.covers_action(&view.on.api().to_ascii_lowercase()) {
            return Ok(None);
        }
        let id = format!("{document}#{}", statement.name());
        let resource = view.resource(statement.resources.as_ref());
        let given = conditions(view, statement.conditions());
        let applies = resource.and_then(|resource| Ok(all([resource, given?])));
        let applies = applies.map_err(|construct| construct.in_statement(&id))?;
        Ok(Some(match statement.effect() {
            Effect::Allow => Self::permit_when(id, &applies),
            Effect::Deny => Self::forbid_when(id, &applies),
        }))
    }
}

/// Adds the rules to a policy set.
pub(super) fn add(mut set: PolicySet, rules: &[Rule]) -> Result<PolicySet, ProveError> {
    for Rule { id, text } in rules {
        let policy = Policy::parse(Some(PolicyId::new(id)), text);
        let policy = policy.map_err(ProveError::translation(id))?;
        set.add(policy).map_err(ProveError::translation(id))?;
    }
    Ok(set)
}
