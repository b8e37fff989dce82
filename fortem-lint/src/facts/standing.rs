//! Who is as good as an administrator, and who belongs to another environment.

use fortem_compile::iam::{Effect, Statement};

use super::{Facts, Subject, Target};
use crate::environments::{Environment, Environments};
use crate::unit::{Policy, Principal};

/// Calls with which whoever has them for any resource gives himself everything else (Rhino Security Labs, "AWS IAM
/// privilege escalation methods"; <https://pathfinding.cloud>, 2026-11).
const DECISIVE: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
];

/// Policies of AWS that make an administrator, for inputs that leave their documents out.
const OF_AWS: [&str; 2] =
    ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/IAMFullAccess"];

/// The policy of AWS that allows everything.
pub(crate) const ADMINISTRATOR_ACCESS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// What is not said of a call that changes policies: that the target is bounded, or that the policy is a harmless one.
pub(crate) const UNBOUNDED: &[(&str, Option<&str>)] =
    &[("iam:PermissionsBoundary", None), ("iam:PolicyARN", Some(ADMINISTRATOR_ACCESS))];

impl<'u> Subject<'u> {
    /// Whether it may change policies at will, and so give itself everything.
    #[must_use]
    pub fn is_administrator(&self, facts: &Facts<'_>) -> bool {
        if self.has_missing(&OF_AWS) {
            return true;
        }
        let target = Target::untagged("example").with(UNBOUNDED);
        facts.catalogue.calls(DECISIVE).any(|(_, call)| {
            self.may_call(call)
                && self.grants(call).any(|(policy, statement)| {
                    let reached = self.reach_written(facts, call, &target, policy, statement);
                    reached.is_some_and(|one| one.request.resource().ends_with("/example"))
                })
        })
    }

    /// Whether it may do everything, so that of all the ways to another environment none is worth telling but this one.
    /// Whoever is held back by a boundary or, belonging to an environment, by a Deny, is not meant.
    #[must_use]
    pub fn is_plain_administrator(&self, facts: &Facts<'_>) -> bool {
        let has_all = self.everything().is_some() || self.has_missing(&[ADMINISTRATOR_ACCESS]);
        if !has_all || self.principal().is_some_and(|one| one.boundary.is_some()) {
            return false;
        }
        let statements = self.identity.iter().flat_map(|one| one.document.statements());
        let is_denied = statements.into_iter().any(|one| one.effect() == Effect::Deny);
        if is_denied && (self.principal().is_none() || self.is_scoped()) {
            return false;
        }
        (!is_denied && self.limits.is_empty()) || self.is_administrator(facts)
    }

    /// The statement that allows everything on everything, if there is one.
    #[must_use]
    pub fn everything(&self) -> Option<(&'u Policy, &'u Statement)> {
        let is_all = |one: &&Statement| {
            one.effect() == Effect::Allow
                && !one.is_not_action()
                && one.actions().iter().any(|action| matches!(action.as_str(), "*" | "*:*"))
                && one.resources().iter().any(|resource| resource == "*")
                && one.conditions().is_empty()
        };
        let mut policies = self.identity.iter().copied();
        policies
            .find_map(|policy| Some((policy, policy.document.statements().iter().find(is_all)?)))
    }

    fn has_missing(&self, policies: &[&str]) -> bool {
        let missing = self.principal().map(|one| one.missing.as_slice()).unwrap_or_default();
        missing.iter().any(|arn| policies.contains(&arn.as_str()))
    }

    /// The environment to which a principal belongs by its tag, or else by its name.
    #[must_use]
    pub fn home<'f>(&self, facts: &'f Facts<'_>) -> Option<&'f Environment> {
        facts.environments.named(self.home_name()?)
    }

    /// The environment of another principal, if it is not one of this one's.
    #[must_use]
    pub fn foreign_home<'f>(
        &self,
        facts: &'f Facts<'_>,
        other: &Subject<'_>,
    ) -> Option<&'f Environment> {
        let (own, home) = (self.home_name(), other.home_name()?);
        if own == Some(home) || self.environments.iter().any(|one| one == home) {
            return None;
        }
        // Whoever belongs to no environment is out of place in production alone.
        let is_unscoped = self.environments.is_empty() && own.is_none();
        facts.environments.named(home).filter(|one| !is_unscoped || one.is_production)
    }
}

/// The environment to which a principal belongs by its tag, or else by its name.
#[must_use]
pub fn home_of<'e>(
    environments: &'e Environments,
    principal: &Principal,
) -> Option<&'e Environment> {
    if let Some(tag) = principal.tag(environments.tag_key()) {
        return environments.meant_by(tag);
    }
    let name = principal.arn.splitn(6, ':').nth(5).unwrap_or(&principal.name);
    match environments.named_in(name).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
