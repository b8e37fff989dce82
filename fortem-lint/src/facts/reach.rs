//! Which calls a subject's whole set of policies allows on a resource of some environment.
//!
//! The answer is a concrete call that the evaluator of [`fortem_compile::iam`] allows, so that it can be shown and
//! replayed. The keys that the caller controls or that are not known (request tags, a second factor, the network) are
//! chosen so that the call passes if any choice tried lets it; what is known (the caller's tags, the resource's tag,
//! its cluster) is not.

use std::borrow::Cow;

use fortem_compile::iam::{Context, Statement, Truth, Values};
use fortem_compile::reference::{Action, ResourceType};

mod reached;
mod trial;

pub use self::reached::{Guard, Reached, ReachedGroup};
use self::trial::Trial;
use super::candidates::{self, Resource, Search};
use super::scope::{TagOf, tag_of_key};
use super::{Facts, Subject, Who};
use crate::catalogue::Call;
use crate::unit::{Policy, PrincipalKind};

/// The resource that a call is to reach.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The environment that its name says it belongs to.
    pub environment: &'t str,
    /// The value of its environment tag; none if it has no such tag.
    pub tag: Option<&'t str>,
    /// The environment of the cluster, where the call names one; the resource's if none.
    pub cluster: Option<&'t str>,
    /// Condition keys with the value that they must have; without value they must be absent.
    pub keys: &'t [(&'t str, Option<&'t str>)],
    /// Its type as the reference calls it, where only one of the action's types will do.
    pub kind: Option<&'t str>,
}

impl<'t> Target<'t> {
    /// A resource that belongs to an environment by name and tag.
    #[must_use]
    pub fn tagged(environment: &'t str) -> Self {
        Self { environment, tag: Some(environment), cluster: None, keys: &[], kind: None }
    }

    /// A resource that belongs to an environment by name, and has no tag.
    #[must_use]
    pub fn untagged(environment: &'t str) -> Self {
        Self { environment, tag: None, cluster: None, keys: &[], kind: None }
    }

    /// The same with condition keys that are given.
    #[must_use]
    pub fn with(self, keys: &'t [(&'t str, Option<&'t str>)]) -> Self {
        Self { keys, ..self }
    }

    /// The same of one type, such as `task`.
    #[must_use]
    pub fn of_type(self, kind: &'t str) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// Whether resources of a type will do.
    pub(super) fn takes(&self, kind: &str) -> bool {
        self.kind.is_none_or(|only| only == kind)
    }

    /// The same on a cluster of another environment.
    #[must_use]
    pub fn on_cluster_of(self, environment: &'t str) -> Self {
        Self { cluster: Some(environment), ..self }
    }
}

impl<'u> Subject<'u> {
    /// A call of an action on the target that the whole set of policies allows.
    #[must_use]
    pub fn reach(&self, facts: &Facts<'_>, call: Call, target: &Target<'_>) -> Option<Reached<'u>> {
        self.grants(call).find_map(|(policy, statement)| {
            self.reach_through(facts, call, target, policy, statement)
        })
    }

    /// A call that one Allow statement allows and nothing else forbids.
    #[must_use]
    pub fn reach_through(
        &self,
        facts: &Facts<'_>,
        call: Call,
        target: &Target<'_>,
        policy: &'u Policy,
        statement: &'u Statement,
    ) -> Option<Reached<'u>> {
        let known = self.known(facts, target);
        if is_ruled_out(statement, facts, target, &known) {
            return None;
        }
        let search = Search::of(self, facts, call, target, statement, &known);
        search.first(|resource| {
            self.attempt(facts, call, target, (policy, statement), resource, &known)
        })
    }

    /// A call on some resource that one Allow statement spells, of whatever environment, if nothing else forbids it.
    #[must_use]
    pub fn reach_written(
        &self,
        facts: &Facts<'_>,
        call: Call,
        target: &Target<'_>,
        policy: &'u Policy,
        statement: &'u Statement,
    ) -> Option<Reached<'u>> {
        let known = self.known(facts, target);
        if is_ruled_out(statement, facts, target, &known) {
            return None;
        }
        let resources = Search::of(self, facts, call, target, statement, &known).written();
        resources.iter().find_map(|resource| {
            self.attempt(facts, call, target, (policy, statement), resource, &known)
        })
    }

    /// A call of an action with given keys on a resource of whatever environment that one Allow statement allows: of the
    /// subject's own, of a foreign one, or without tag.
    #[must_use]
    pub fn reach_anywhere_through(
        &self,
        facts: &Facts<'_>,
        call: Call,
        keys: &[(&str, Option<&str>)],
        policy: &'u Policy,
        statement: &'u Statement,
    ) -> Option<Reached<'u>> {
        let own = self.environment_tag.as_deref().or(self.environments.first().map(String::as_str));
        let foreign = self.foreign(facts);
        let tagged =
            own.into_iter().chain(foreign.map(|one| one.name.as_str())).map(Target::tagged);
        let targets = tagged.chain([Target::untagged("example")]);
        targets.into_iter().find_map(|target| {
            let target = target.with(keys);
            self.reach_written(facts, call, &target, policy, statement)
                .or_else(|| self.reach_through(facts, call, &target, policy, statement))
        })
    }

    /// A call of an action with given keys on a resource of whatever environment.
    #[must_use]
    pub fn reach_anywhere(
        &self,
        facts: &Facts<'_>,
        call: Call,
        keys: &[(&str, Option<&str>)],
    ) -> Option<Reached<'u>> {
        self.grants(call).find_map(|(policy, statement)| {
            self.reach_anywhere_through(facts, call, keys, policy, statement)
        })
    }

    /// A call on one known resource that the whole set of policies allows; the target says what is known of it.
    #[must_use]
    pub fn reach_arn(
        &self,
        facts: &Facts<'_>,
        call: Call,
        target: &Target<'_>,
        arn: &str,
    ) -> Option<Reached<'u>> {
        let types = facts.catalogue.known(call).map(Action::resource_types).unwrap_or_default();
        let kind = types.iter().find(|kind| kind.arn().matches(arn)).map(ResourceType::name);
        let known = self.known(facts, target);
        self.grants(call).find_map(|(policy, statement)| {
            let resource = Resource { arn: arn.to_owned(), kind };
            self.attempt(facts, call, target, (policy, statement), &resource, &known)
        })
    }

    /// The call on a resource, if one Allow statement allows it and nothing else forbids it.
    fn attempt(
        &self,
        facts: &Facts<'_>,
        call: Call,
        target: &Target<'_>,
        (policy, statement): (&'u Policy, &'u Statement),
        resource: &Resource,
        known: &Context,
    ) -> Option<Reached<'u>> {
        let name = facts.catalogue.name(call);
        let of_iam = name.starts_with("iam:");
        if of_iam && !is_of_account(&resource.arn, facts.unit.account.as_deref()) {
            return None;
        }
        if (of_iam || name.starts_with("sts:")) && is_protected(&resource.arn) {
            return None;
        }
        let mut trial = Trial::new(self, facts, call, target, resource, known);
        let is_allowed = trial.run(statement);
        is_allowed.then_some(Reached {
            policy,
            statement,
            is_doubtful: trial.doubtful,
            request: trial.request,
        })
    }

    /// A Deny statement that stops a call on the target whatever allows it, and its policy; those of the identity
    /// policies first.
    #[must_use]
    pub fn denied_by(
        &self,
        facts: &Facts<'_>,
        call: Call,
        target: &Target<'_>,
    ) -> Option<Guard<'u>> {
        if !self.is_denied(call) {
            return None;
        }
        let known = self.known(facts, target);
        let action = facts.catalogue.known(call);
        let (name, account) = (facts.catalogue.name(call), facts.unit.account.as_deref());
        candidates::usual(name, action, account, target, self, facts.environments)
            .into_iter()
            .find_map(|resource| Trial::new(self, facts, call, target, &resource, &known).deny())
    }

    /// Whether a Deny statement stops a call on one known resource whatever allows it.
    #[must_use]
    pub fn is_denied_on(
        &self,
        facts: &Facts<'_>,
        call: Call,
        target: &Target<'_>,
        arn: &str,
    ) -> bool {
        let known = self.known(facts, target);
        let resource = Resource { arn: arn.to_owned(), kind: None };
        Trial::new(self, facts, call, target, &resource, &known).deny().is_some()
    }

    /// Every policy that bears on the subject, identity policies first.
    pub(super) fn all_policies(&self) -> impl Iterator<Item = &'u Policy> + '_ {
        let limits = self.limits.iter().flat_map(|layer| layer.policies.iter().copied());
        self.identity.iter().copied().chain(limits)
    }

    /// The condition keys that are known of every call of the subject on a target.
    pub(crate) fn known(&self, facts: &Facts<'_>, target: &Target<'_>) -> Cow<'_, Context> {
        let always = self.always.get_or_init(|| self.known_of_all_calls(facts));
        if target.keys.is_empty() {
            return Cow::Borrowed(always);
        }
        let mut known = always.clone();
        for (key, value) in target.keys {
            match value {
                Some(value) => known.insert(key, *value),
                None => known.remove(key),
            };
        }
        Cow::Owned(known)
    }

    fn known_of_all_calls(&self, facts: &Facts<'_>) -> Context {
        let mut known = Context::default();
        known.insert("aws:SecureTransport", "true");
        known.insert("aws:ViaAWSService", "false");
        known.insert("aws:PrincipalIsAWSService", "false");
        if let Some(tag) = &self.environment_tag {
            known.insert(
                &format!("aws:PrincipalTag/{}", facts.environments.tag_key()),
                tag.as_str(),
            );
        }
        if let Who::Principal(principal) = self.who {
            known.insert("aws:PrincipalArn", principal.arn.as_str());
            let kind = match principal.kind {
                PrincipalKind::User => "User",
                PrincipalKind::Role => "AssumedRole",
            };
            known.insert("aws:PrincipalType", kind);
            if principal.kind == PrincipalKind::User {
                known.insert("aws:username", principal.name.as_str());
            }
            for (key, value) in &principal.tags {
                known.insert(&format!("aws:PrincipalTag/{key}"), value.as_str());
            }
        }
        if let Some(account) = &facts.unit.account {
            known.insert("aws:PrincipalAccount", account.as_str());
            known.insert("aws:ResourceAccount", account.as_str());
        }
        known
    }
}

/// Whether an identity or policy can be the account's own: IAM changes, and passes, those of no other, and AWS's policies
/// belong to `aws`.
fn is_of_account(arn: &str, account: Option<&str>) -> bool {
    let of = arn.split(':').nth(4).unwrap_or_default();
    of != "aws" && account.is_none_or(|own| of.is_empty() || of == own)
}

/// Whether a role is one that AWS made for a service or for IAM Identity Center: nobody else changes it, and only that
/// service takes it on (IAM User Guide, "Service-linked roles", 2026-11).
fn is_protected(arn: &str) -> bool {
    let name = arn.splitn(6, ':').nth(5).unwrap_or_default();
    name.starts_with("role/aws-service-role/") || name.starts_with("role/aws-reserved/")
}

/// Whether a condition of a statement does not hold whatever the resource: it saves looking for one.
fn is_ruled_out(
    statement: &Statement,
    facts: &Facts<'_>,
    target: &Target<'_>,
    known: &Context,
) -> bool {
    let tag_key = facts.environments.tag_key();
    let tag = target.tag.map(Values::from);
    statement.conditions().iter().any(|one| {
        let of_resource = tag_of_key(one.key()).is_some_and(|(kind, key)| {
            kind == TagOf::Resource && key.eq_ignore_ascii_case(tag_key)
        });
        if of_resource {
            let is_plain = !one.is_negated() && !one.is_null() && !one.has_if_exists();
            let is_compared = one.variables().all(|key| known.get(key).is_some());
            return is_plain && is_compared && one.holds_with(tag.as_ref(), known) == Truth::No;
        }
        let is_given = |key: &str| {
            known.get(key).is_some()
                || target.keys.iter().any(|(of, _)| of.eq_ignore_ascii_case(key))
        };
        let values = one.values_in(known);
        (values.is_some() || is_given(one.key()))
            && one.holds_with(values, known) == Truth::No
            && one.variables().all(is_given)
    })
}
