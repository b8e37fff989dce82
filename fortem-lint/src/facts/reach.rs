//! Which calls a subject's whole set of policies allows on a resource of some environment.
//!
//! The answer is a concrete call that the evaluator of [`fortem_compile::iam`] allows, so that it can be shown and
//! replayed. The keys that the caller controls or that are not known (request tags, a second factor, the network) are
//! chosen so that the call passes if any choice tried lets it; what is known (the caller's tags, the resource's tag,
//! its cluster) is not.

use std::borrow::Cow;

use fortem_compile::iam::{Condition, Context, Effect, Request, Statement, Truth, Values};
use fortem_compile::reference::{Action, Carries, ResourceType};

use super::candidates::{self, Resource, Search};
use super::scope::{TagOf, tag_of_key};
use super::{Facts, Subject, Who, plausible};
use crate::catalogue::{Call, Catalogue};
use crate::environments::names_word;
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

/// A call that is allowed.
#[derive(Debug)]
pub struct Reached<'u> {
    /// The policy that allows it.
    pub policy: &'u Policy,
    /// The statement that allows it.
    pub statement: &'u Statement,
    /// The call.
    pub request: Request,
    /// Whether it rests on a point that AWS leaves open.
    pub is_doubtful: bool,
}

/// A Deny statement that stops a call.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'u> {
    /// The policy that has it.
    pub policy: &'u Policy,
    /// The statement.
    pub statement: &'u Statement,
}

impl Reached<'_> {
    /// Whether the name of what is reached has that of an environment as a word.
    #[must_use]
    pub fn is_called_after(&self, environment: &str) -> bool {
        names_word(self.request.resource(), environment)
    }

    /// Whether what is reached has some value of the environment's tag.
    #[must_use]
    pub fn has_tag(&self, facts: &Facts<'_>, value: &str) -> bool {
        let key = format!("aws:ResourceTag/{}", facts.environments.tag_key());
        let tag = self.request.context().get(&key);
        tag.is_some_and(|values| values.as_slice().iter().any(|one| one == value))
    }

    /// Whether the statement spells the name of the resource, without wildcards.
    #[must_use]
    pub fn is_spelt(&self) -> bool {
        let name = |arn: &str| arn.splitn(6, ':').nth(5).map(str::to_owned);
        let spelt = self.statement.filled_resources(self.request.context());
        !self.statement.is_not_resource()
            && spelt.iter().any(|one| name(one) == name(self.request.resource()))
    }
}

/// How often a call is changed so that a Deny no longer applies.
const REPAIRS: usize = 6;

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

/// One call in the making.
struct Trial<'a, 'u> {
    subject: &'a Subject<'u>,
    facts: &'a Facts<'a>,
    call: Call,
    kind: Option<&'static str>,
    target: &'a Target<'a>,
    known: &'a Context,
    request: Request,
    doubtful: bool,
}

impl<'a, 'u> Trial<'a, 'u> {
    fn new(
        subject: &'a Subject<'u>,
        facts: &'a Facts<'a>,
        call: Call,
        target: &'a Target<'a>,
        resource: &Resource,
        known: &'a Context,
    ) -> Self {
        let mut request = Request::new(facts.catalogue.name(call), &resource.arn);
        *request.context_mut() = known.clone();
        let mut trial = Self {
            subject,
            facts,
            call,
            kind: resource.kind,
            target,
            known,
            request,
            doubtful: false,
        };
        trial.describe_resource();
        trial
    }

    /// Adds what is known of the resource: its tag, its cluster, its Region.
    fn describe_resource(&mut self) {
        let arn = self.request.resource().to_owned();
        let mut parts = arn.splitn(6, ':').skip(3);
        let (region, account, name) = (parts.next(), parts.next(), parts.next());
        let tag_key = self.facts.environments.tag_key();
        let shown = self.facts.catalogue.shown(self.call, self.kind);
        if let Some(tag) = self.target.tag {
            for prefix in shown.tag_prefixes() {
                self.request.context_mut().insert(&format!("{prefix}:ResourceTag/{tag_key}"), tag);
            }
        }
        // IAM has its one endpoint there (IAM User Guide, "aws:RequestedRegion", 2026-09).
        let of_iam = self.facts.catalogue.name(self.call).starts_with("iam:");
        let region_of_call = if of_iam { Some("us-east-1") } else { region };
        if let Some(region) = region_of_call.filter(|region| !region.is_empty()) {
            self.request.context_mut().insert("aws:RequestedRegion", region);
        }
        if shown.cluster && self.request.context().get("ecs:cluster").is_none() {
            let of_name = name
                .and_then(|name| name.split('/').nth(1))
                .filter(|_| self.kind.is_some_and(|kind| candidates::IN_CLUSTERS.contains(&kind)));
            let environment = self.target.cluster.unwrap_or(self.target.environment);
            let usual = || match self.subject.cluster_name(self.facts.environments) {
                Some(name) => name.with(environment),
                None => environment.to_owned(),
            };
            let cluster = of_name.map_or_else(usual, str::to_owned);
            let region = region.filter(|region| !region.is_empty()).unwrap_or("eu-west-1");
            let own = self.facts.unit.account.as_deref().unwrap_or("111122223333");
            let account = account.filter(|account| !account.is_empty()).unwrap_or(own);
            let partition = arn.split(':').nth(1).unwrap_or(self.subject.partition());
            let arn = format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster}");
            self.request.context_mut().insert("ecs:cluster", arn);
        }
    }

    /// Whether the statement allows the call, with keys chosen for it, and nothing forbids it.
    fn run(&mut self, statement: &Statement) -> bool {
        self.satisfy(statement) && self.pass_limits() && self.escape_denies(statement)
    }

    /// Chooses free keys so that the conditions of a statement hold.
    fn satisfy(&mut self, statement: &Statement) -> bool {
        for condition in statement.conditions() {
            let holds = condition.holds(self.request.context());
            self.doubtful |= matches!(holds, Truth::Unclear(_));
            if holds == Truth::No
                && !(self.is_free(condition.key()) && self.choose(condition.key(), statement, true))
            {
                return false;
            }
        }
        match statement.covers_resource(self.request.resource(), self.request.context()) {
            Truth::Yes => true,
            Truth::Unclear(_) => {
                self.doubtful = true;
                true
            }
            Truth::No => false,
        }
    }

    /// Gives a key a value, or none, with which all conditions of the statement on it hold (or, not `wanted`, one does
    /// not). Leaves it as it is if there is none.
    fn choose(&mut self, key: &str, statement: &Statement, wanted: bool) -> bool {
        let about: Vec<&Condition> = statement
            .conditions()
            .iter()
            .filter(|one| one.key().eq_ignore_ascii_case(key))
            .collect();
        let tried = about.iter().flat_map(|one| one.candidates(self.request.context())).collect();
        let tried = plausible::possible(key, tried, self.facts.reference.date()).into_iter();
        let tried: Vec<Option<Values>> = std::iter::once(None).chain(tried.map(Some)).collect();
        let before = self.request.context_mut().remove(key);
        for values in tried {
            match values {
                Some(values) => self.request.context_mut().insert(key, values),
                None => self.request.context_mut().remove(key),
            };
            let all = about.iter().all(|one| one.holds(self.request.context()) != Truth::No);
            if all == wanted {
                return true;
            }
        }
        match before {
            Some(values) => self.request.context_mut().insert(key, values),
            None => self.request.context_mut().remove(key),
        };
        false
    }

    /// Whether each SCP level and the boundary has a statement that allows the call.
    fn pass_limits(&mut self) -> bool {
        let (subject, call) = (self.subject, self.call);
        subject.limits.iter().all(|layer| layer.grants(call).any(|one| self.satisfy(one)))
    }

    /// Changes free keys until no Deny applies; the Allow must go on holding.
    fn escape_denies(&mut self, allow: &Statement) -> bool {
        for _ in 0..REPAIRS {
            let Some(deny) = self.deny() else { return self.all_allow(allow) };
            if !self.escape(deny.statement) {
                return false;
            }
        }
        false
    }

    /// Whether the chosen keys still satisfy the Allow and the limits.
    fn all_allow(&self, allow: &Statement) -> bool {
        let applies = |one: &Statement| one.applies(&self.request) != Truth::No;
        applies(allow)
            && self.subject.limits.iter().all(|layer| layer.grants(self.call).any(applies))
    }

    /// A Deny that applies to the call.
    fn deny(&mut self) -> Option<Guard<'u>> {
        if !self.subject.is_denied(self.call) {
            return None;
        }
        let mut doubtful = false;
        let found = self.subject.all_policies().find_map(|policy| {
            let applying = policy.statements().find(|(one, covered)| {
                let applies = one.effect() == Effect::Deny && covered.contains(self.call);
                let truth = if applies { one.applies(&self.request) } else { Truth::No };
                doubtful |= matches!(truth, Truth::Unclear(_));
                truth == Truth::Yes
            });
            applying.map(|(statement, _)| Guard { policy, statement })
        });
        self.doubtful |= doubtful;
        found
    }

    /// Makes one condition of a Deny not hold by a key that is free.
    fn escape(&mut self, deny: &Statement) -> bool {
        let keys = deny.conditions().iter().map(Condition::key);
        keys.filter(|key| self.is_free(key))
            .collect::<Vec<_>>()
            .into_iter()
            .any(|key| self.choose(key, deny, false))
    }

    /// Whether the caller, or chance, decides on a key: it is not known, and the call carries it.
    fn is_free(&self, key: &str) -> bool {
        let is_given = |(given, _): &(&str, _)| given.eq_ignore_ascii_case(key);
        if self.known.get(key).is_some() || self.target.keys.iter().any(is_given) {
            return false;
        }
        if plausible::is_never_there(key, self.subject.principal().map(|one| one.kind)) {
            return false;
        }
        // These follow from the resource.
        if ["ecs:cluster", "aws:requestedregion"].iter().any(|one| one.eq_ignore_ascii_case(key)) {
            return self.request.context().get(key).is_none() && self.is_carried(key);
        }
        match tag_of_key(key) {
            // Who the caller is, is known; who gets a policy, is not, but for the environment.
            Some((TagOf::Principal, tag)) => {
                matches!(self.subject.who, Who::Anyone)
                    && !self.facts.environments.is_environment_key(tag)
            }
            Some((TagOf::Resource, tag)) => {
                !self.facts.environments.is_environment_key(tag) && self.is_carried(key)
            }
            Some((TagOf::Request, _)) | None => self.is_carried(key),
        }
    }

    /// Whether calls of the action on this type of resource carry a key; so does a call that the reference leaves out.
    fn is_carried(&self, key: &str) -> bool {
        let Some(action) = self.facts.catalogue.known(self.call) else { return true };
        self.facts.reference.carries(action.name(), self.kind, key) != Carries::No
    }
}

impl std::fmt::Display for Reached<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let action = self.request.action();
        let names = Catalogue::builtin().names().iter();
        let action =
            names.copied().find(|name| name.eq_ignore_ascii_case(action)).unwrap_or(action);
        write!(f, "allowed: {action} on {}", self.request.resource())?;
        let telling =
            ["resourcetag/", "requesttag/", "principaltag/", "ecs:", "aws:tagkeys", "iam:passedto"];
        let mut join = " with ";
        for (key, values) in self.request.context().iter() {
            if telling.iter().any(|part| key.contains(part)) {
                write!(f, "{join}{key} = {}", values.as_slice().join(", "))?;
                join = "; ";
            }
        }
        Ok(())
    }
}

/// Calls that one statement lets a subject make.
#[derive(Debug)]
pub struct ReachedGroup<'u> {
    // INVARIANT: not empty, all of one statement.
    first: Reached<'u>,
    actions: Vec<&'static str>,
}

impl<'u> ReachedGroup<'u> {
    /// Calls by the statement that allows them, in the order of the calls.
    #[must_use]
    pub fn by_statement(calls: Vec<(&'static str, Reached<'u>)>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for (action, call) in calls {
            let same = |group: &&mut Self| std::ptr::eq(group.first.statement, call.statement);
            match groups.iter_mut().find(same) {
                Some(group) if group.actions.contains(&action) => {}
                Some(group) => group.actions.push(action),
                None => groups.push(Self { first: call, actions: vec![action] }),
            }
        }
        groups
    }

    /// The first of the calls.
    #[must_use]
    pub fn first(&self) -> &Reached<'u> {
        &self.first
    }

    /// The actions in words: `ecs:StopTask`, or `ecs:StopTask and 3 others`.
    #[must_use]
    pub fn actions(&self) -> String {
        match self.actions.as_slice() {
            [] => String::new(),
            [one] => format!("`{one}`"),
            [one, two] => format!("`{one}` and `{two}`"),
            [first, rest @ ..] => format!("`{first}` and {} others", rest.len()),
        }
    }

    /// The actions.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.actions
    }
}

impl<'u> Subject<'u> {
    /// The calls of a list that reach the target, by the statement that allows them.
    #[must_use]
    pub fn reached_by_statement(
        &self,
        facts: &Facts<'_>,
        actions: &[&'static str],
        target: &Target<'_>,
    ) -> Vec<ReachedGroup<'u>> {
        let calls = facts.catalogue.calls(actions).filter(|(_, call)| self.may_call(*call));
        let reached = calls.flat_map(|(action, call)| {
            let through = self.grants(call).filter_map(move |(policy, statement)| {
                self.reach_through(facts, call, target, policy, statement)
            });
            through.map(move |reached| (action, reached))
        });
        ReachedGroup::by_statement(reached.collect())
    }

    /// The calls of a list that reach the target through one Allow statement.
    #[must_use]
    pub fn reached_through(
        &self,
        facts: &Facts<'_>,
        actions: &[&'static str],
        target: &Target<'_>,
        policy: &'u Policy,
        statement: &'u Statement,
    ) -> Option<ReachedGroup<'u>> {
        let covered = facts.catalogue.covered_by(statement);
        let mut group: Option<ReachedGroup<'u>> = None;
        for (action, call) in facts.catalogue.calls(actions) {
            if !covered.contains(call) {
                continue;
            }
            let Some(reached) = self.reach_through(facts, call, target, policy, statement) else {
                continue;
            };
            match &mut group {
                Some(group) => group.actions.push(action),
                None => group = Some(ReachedGroup { first: reached, actions: vec![action] }),
            }
        }
        group
    }
}
