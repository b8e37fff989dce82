//! One call in the making: keys that can be chosen are chosen so that a statement allows it and nothing stops it.

use fortem_compile::iam::{Condition, Context, Effect, Request, Statement, Truth, Values};
use fortem_compile::reference::Carries;

use super::{Guard, Target};
use crate::catalogue::Call;
use crate::facts::candidates::{self, Resource};
use crate::facts::scope::{TagOf, tag_of_key};
use crate::facts::{Facts, Subject, Who, plausible};

/// How often a call is changed so that a Deny no longer applies.
const REPAIRS: usize = 6;

/// One call in the making.
pub(super) struct Trial<'a, 'u> {
    subject: &'a Subject<'u>,
    facts: &'a Facts<'a>,
    call: Call,
    kind: Option<&'static str>,
    target: &'a Target<'a>,
    known: &'a Context,
    pub(super) request: Request,
    pub(super) doubtful: bool,
}

impl<'a, 'u> Trial<'a, 'u> {
    pub(super) fn new(
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
    pub(super) fn run(&mut self, statement: &Statement) -> bool {
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
    pub(super) fn deny(&mut self) -> Option<Guard<'u>> {
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
