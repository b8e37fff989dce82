//! Findings in the making.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::Statement;
use serde_json::{Map, Value};

use super::Meta;
use crate::environments::Environment;
use crate::facts::{Facts, Reached, Region, Subject};
use crate::finding::{Confidence, Finding, Fix, Severity};
use crate::fix;
use crate::input::{NotAssessed, some};
use crate::snapshot::{Item, Listed, Summary};
use crate::source::{Place, Position};
use crate::unit::{Owner, Policy};

/// Where rules put what they find.
#[derive(Debug)]
pub struct Findings<'f> {
    facts: &'f Facts<'f>,
    found: Vec<Finding>,
    unread: Gaps,
}

/// What was not read, and the rules that ask for it.
#[derive(Debug, Default)]
pub(crate) struct Gaps(BTreeMap<Gap, BTreeSet<&'static str>>);

/// A part of an account that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Gap {
    account: Option<String>,
    what: String,
    /// Whether some of it was read.
    is_partial: bool,
    /// The Region; none if it may be any.
    region: Option<String>,
}

/// A finding in the making.
#[derive(Debug)]
pub struct Draft {
    meta: &'static Meta,
    severity: Severity,
    confidence: Confidence,
    message: String,
    place: Place,
    sid: Option<String>,
    principal: Option<String>,
    policy: Option<String>,
    resource: Option<String>,
    environment_from: Option<String>,
    environment_to: Option<String>,
    evidence: Vec<String>,
    remediation: Option<String>,
    fix: Option<Fix>,
}

impl Meta {
    /// Begins a finding at a place.
    #[must_use]
    pub fn at(&'static self, place: Place, message: impl Into<String>) -> Draft {
        Draft {
            meta: self,
            severity: self.severity,
            confidence: self.confidence,
            message: message.into(),
            place,
            sid: None,
            principal: None,
            policy: None,
            resource: None,
            environment_from: None,
            environment_to: None,
            evidence: Vec::new(),
            remediation: None,
            fix: None,
        }
    }

    /// Begins a finding about a resource.
    #[must_use]
    pub fn at_resource(
        &'static self,
        facts: &Facts<'_>,
        resource: &Summary<'_>,
        message: impl Into<String>,
    ) -> Draft {
        self.at(facts.place_of(resource), message).resource(resource.arn)
    }

    /// Begins a finding at a part of a resource, which `path` leads to.
    #[must_use]
    pub fn at_part<T: Listed>(
        &'static self,
        facts: &Facts<'_>,
        item: &Item<T>,
        path: &[&str],
        message: impl Into<String>,
    ) -> Draft {
        self.at(facts.place_in(item.place.as_ref(), path), message).resource(item.arn())
    }

    /// Begins a finding at a statement.
    #[must_use]
    pub fn at_statement(
        &'static self,
        policy: &Policy,
        statement: &Statement,
        message: impl Into<String>,
    ) -> Draft {
        let mut draft = self.at(policy.place_of(statement), message);
        draft.sid = statement.sid().map(str::to_owned);
        draft.of_policy(policy)
    }

    /// Begins a finding at a statement that lets a subject make a call.
    #[must_use]
    pub fn at_reached(
        &'static self,
        subject: &Subject<'_>,
        reached: &Reached<'_>,
        message: impl Into<String>,
    ) -> Draft {
        let draft =
            self.at_statement(reached.policy, reached.statement, message).of_subject(subject);
        let call = &reached.request;
        let mut draft = draft.resource(call.resource()).evidence(reached.to_string());
        if reached.is_doubtful {
            draft.confidence = draft.confidence.min(Confidence::Medium);
            draft =
                draft.evidence("the call rests on a point that AWS's documentation leaves open");
        }
        draft
    }
}

impl Draft {
    /// Whom the finding is about: principal and environment.
    #[must_use]
    pub fn of_subject(mut self, subject: &Subject<'_>) -> Self {
        self.principal = subject.principal().map(|one| one.arn.clone()).or(self.principal);
        if !subject.environments.is_empty() {
            self.environment_from = Some(subject.environments.join(", "));
        }
        self
    }

    /// The policy at fault.
    #[must_use]
    pub fn of_policy(mut self, policy: &Policy) -> Self {
        self.policy = policy.label();
        if let Owner::Inline(owner) | Owner::Trust(owner) = &policy.owner {
            self.principal = self.principal.or_else(|| Some(owner.clone()));
        }
        self
    }

    /// The principal at fault.
    #[must_use]
    pub fn principal(mut self, arn: impl Into<String>) -> Self {
        self.principal = Some(arn.into());
        self
    }

    /// The resource that is reached or at fault.
    #[must_use]
    pub fn resource(mut self, arn: impl Into<String>) -> Self {
        self.resource = Some(arn.into());
        self
    }

    /// The environment it comes from.
    #[must_use]
    pub fn from(mut self, environment: impl Into<String>) -> Self {
        self.environment_from = Some(environment.into());
        self
    }

    /// The environment that is reached; one level milder if it is not production.
    #[must_use]
    pub fn to(mut self, environment: &Environment) -> Self {
        if !environment.is_production {
            self.severity = self.severity.lowered();
        }
        self.environment_to = Some(environment.name.clone());
        self
    }

    /// Another severity than the rule's.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// One level milder.
    #[must_use]
    pub fn lowered(self) -> Self {
        Self { severity: self.severity.lowered(), ..self }
    }

    /// Less sure than the rule.
    #[must_use]
    pub fn confidence(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// A fact that the finding rests on.
    #[must_use]
    pub fn evidence(mut self, fact: impl Into<String>) -> Self {
        self.evidence.push(fact.into());
        self
    }

    /// What to do, where it is more than the rule's general advice.
    #[must_use]
    pub fn remediation(self, advice: impl Into<String>) -> Self {
        Self { remediation: Some(advice.into()), ..self }
    }

    /// The correction, if there is one.
    #[must_use]
    pub fn fix(self, fix: Option<Fix>) -> Self {
        Self { fix, ..self }
    }
}

/// How much of the text at a place a finding shows, in bytes.
const EXCERPT: usize = 1200;

impl<'f> Findings<'f> {
    /// None yet.
    #[must_use]
    pub fn new(facts: &'f Facts<'f>) -> Self {
        Self { facts, found: Vec::new(), unread: Gaps::default() }
    }

    /// The correction that rewrites a statement; see [`fix::statement`].
    #[must_use]
    pub fn fix(
        &self,
        policy: &Policy,
        statement: &Statement,
        description: &str,
        safe: bool,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Option<Fix> {
        let source = self.facts.unit.sources.get(policy.place.source)?;
        fix::statement(policy, statement, source, description, safe, change)
    }

    /// Adds a finding.
    pub fn report(&mut self, draft: Draft) {
        let unit = self.facts.unit;
        let source = unit.sources.get(draft.place.source);
        let file = source.map(|source| source.name().to_owned()).unwrap_or_default();
        let position = source.map(|source| source.position(draft.place.range.start));
        let fingerprint = draft.fingerprint(unit.account.as_deref().unwrap_or_default(), &file);
        self.found.push(Finding {
            rule: draft.meta.id,
            name: draft.meta.name,
            severity: draft.severity,
            confidence: draft.confidence,
            persona: draft.meta.persona,
            message: draft.message,
            file,
            position: position.unwrap_or(Position { line: 1, column: 1 }),
            excerpt: excerpt(unit.text_at(&draft.place)),
            pointer: draft.place.pointer,
            sid: draft.sid,
            account: unit.account.clone(),
            principal: draft.principal,
            policy: draft.policy,
            resource: draft.resource,
            environment_from: draft.environment_from,
            environment_to: draft.environment_to,
            evidence: draft.evidence,
            remediation: draft.remediation.unwrap_or_else(|| draft.meta.remediation.to_owned()),
            fix: draft.fix,
            criteria: draft.meta.criteria,
            fingerprint,
        });
    }

    /// The elements of a list of a Region. Where it was not read, the rule is not judged there.
    pub fn list<'u, T: Listed>(
        &mut self,
        meta: &'static Meta,
        region: &Region<'_>,
        list: &'u Option<Vec<Item<T>>>,
    ) -> &'u [Item<T>] {
        if region.lacks(list) {
            self.gap(meta, region, T::LIST, list.is_some());
        }
        list.as_deref().unwrap_or_default()
    }

    /// Notes where it was not read what runs task definitions, and so of which environments they are.
    pub fn uses(&mut self, meta: &'static Meta, region: &Region<'_>) {
        self.list(meta, region, &region.inventory.clusters);
        self.list(meta, region, &region.inventory.services);
        self.list(meta, region, &region.inventory.tasks);
    }

    /// Notes what was not read of all resources and their tags.
    pub fn resources(&mut self, meta: &'static Meta) {
        let facts = self.facts;
        for region in &facts.regions {
            for (list, is_partial) in region.unread_lists() {
                self.gap(meta, region, list, is_partial);
            }
            for list in region.lists_without_tags() {
                self.tags(meta, region, list);
            }
            // A call that failed may name no list.
            let is_told =
                region.unread_lists().next().is_some() || !region.lists_without_tags().is_empty();
            if region.has_gaps() && !is_told {
                self.assessed_in_part(meta, region, "resources");
            }
        }
        for region in facts.unread_regions() {
            self.gap_of_account(meta, "resources", region, region.is_none());
        }
    }

    /// Notes that a rule is not judged where tags of a list were not read.
    pub fn tags(&mut self, meta: &'static Meta, region: &Region<'_>, list: &str) {
        if region.lists_without_tags().contains(&list) {
            self.gap(meta, region, &format!("tags of {list}"), false);
        }
    }

    /// Notes that a rule is not judged, since something of the account as a whole was not read.
    pub fn not_assessed_in_account(&mut self, meta: &'static Meta, what: &str) {
        self.gap_of_account(meta, what, None, false);
    }

    /// Notes that a rule is not judged, since something of a Region was not read. A lone file has no gaps.
    pub fn not_assessed(&mut self, meta: &'static Meta, region: &Region<'_>, what: &str) {
        self.gap(meta, region, what, false);
    }

    /// Notes that a rule is judged in part, since something of a Region was not read.
    pub fn assessed_in_part(&mut self, meta: &'static Meta, region: &Region<'_>, what: &str) {
        self.gap(meta, region, what, true);
    }

    fn gap(&mut self, meta: &'static Meta, region: &Region<'_>, what: &str, is_partial: bool) {
        if region.is_whole {
            let name = region.inventory.region.as_deref().unwrap_or("an unknown Region");
            self.gap_of_account(meta, what, Some(name), is_partial);
        }
    }

    fn gap_of_account(
        &mut self,
        meta: &'static Meta,
        what: &str,
        region: Option<&str>,
        is_partial: bool,
    ) {
        let gap = Gap {
            account: self.facts.unit.account.clone(),
            what: what.to_owned(),
            is_partial,
            region: region.map(str::to_owned),
        };
        self.unread.0.entry(gap).or_default().insert(meta.id);
    }

    /// What was not read, and the rules that were not judged by it.
    pub(crate) fn take_gaps(&mut self) -> Gaps {
        std::mem::take(&mut self.unread)
    }

    /// These and more.
    #[must_use]
    pub fn joined_with(mut self, more: Self) -> Self {
        self.found.extend(more.found);
        self.unread.add(more.unread);
        self
    }

    /// Adds what a rule found at places where it has found nothing yet.
    pub fn add_other_places(&mut self, more: Self) {
        let known = self.found.len();
        for finding in more.found {
            let is_same = |one: &Finding| {
                one.rule == finding.rule
                    && one.pointer == finding.pointer
                    && one.policy == finding.policy
            };
            if !self.found.iter().take(known).any(is_same) {
                self.found.push(finding);
            }
        }
    }

    /// What was found, in the order in which it was reported.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.found
    }
}

impl Draft {
    /// What stays when lines move: the Sid, or else the place, and whose policy it is.
    fn fingerprint(&self, account: &str, file: &str) -> String {
        let text = |field: &'_ Option<String>| field.clone().unwrap_or_default();
        let spot = self.sid.as_deref().unwrap_or(&self.place.pointer);
        // Snapshots of an account lie in one folder today and in another tomorrow.
        let name = file.rsplit('/').next().filter(|_| !account.is_empty()).unwrap_or(file);
        let whose = self.policy.as_deref().or(self.principal.as_deref()).unwrap_or(name);
        let (principal, resource) = (text(&self.principal), text(&self.resource));
        Finding::fingerprint_of(&[self.meta.id, account, whose, &principal, spot, &resource])
    }
}

impl Gaps {
    /// Adds others.
    pub(crate) fn add(&mut self, others: Self) {
        for (gap, ids) in others.0 {
            self.0.entry(gap).or_default().extend(ids);
        }
    }

    /// What is told of them: the same in several Regions and accounts once.
    pub(crate) fn told(&self) -> Vec<NotAssessed> {
        let mut of_accounts: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (gap, ids) in &self.0 {
            let key = (&gap.what, gap.is_partial, ids, &gap.account);
            of_accounts.entry(key).or_default().extend(gap.region.clone());
        }
        let mut same: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for ((what, is_partial, ids, account), regions) in of_accounts {
            let accounts = same.entry((what, is_partial, ids, regions)).or_default();
            accounts.extend(account.clone());
        }
        let told = same.into_iter().map(|((what, is_partial, ids, regions), accounts)| {
            let ids = ids.iter().copied().collect::<Vec<_>>().join(", ");
            let mut what = what.clone();
            if !regions.is_empty() {
                what = format!("{what} in {}", some(&regions));
            }
            if !accounts.is_empty() {
                what = format!("{what} of account {}", some(&accounts));
            }
            NotAssessed {
                what,
                why: if is_partial {
                    format!("read in part, so judged in part by {ids}")
                } else {
                    format!("not read, so not judged by {ids}")
                },
                incomplete: true,
            }
        });
        told.collect()
    }
}

/// The beginning of a text.
fn excerpt(text: &str) -> String {
    let cut = (0..=text.len().min(EXCERPT)).rev().find(|at| text.is_char_boundary(*at));
    text.get(..cut.unwrap_or_default()).unwrap_or_default().to_owned()
}
