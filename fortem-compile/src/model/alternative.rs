//! One of the ways in which a policy applies: everything that must hold at once.

use std::collections::BTreeSet;

use super::comparison::{Comparison, Test, consistent};
use super::reach::Reach;

/// A conjunction. A policy applies where one of its alternatives does.
#[derive(Debug, Clone)]
pub struct Alternative<'a> {
    /// The actions it is about; `None`: every one that the policy names.
    pub actions: Option<BTreeSet<&'a str>>,
    /// The types of resource it is about, such as `Service`; `None`: every one.
    pub kinds: Option<BTreeSet<&'a str>>,
    /// The environments it is about.
    pub reach: Reach<'a>,
    /// What must hold of the condition keys of a call.
    pub tests: BTreeSet<Test>,
}

impl<'a> Alternative<'a> {
    /// What always holds.
    #[must_use]
    pub fn always() -> Self {
        Self { actions: None, kinds: None, reach: Reach::Everywhere, tests: BTreeSet::new() }
    }

    /// What holds of these environments.
    pub(super) fn reaching(reach: Reach<'a>) -> Self {
        Self { reach, ..Self::always() }
    }

    /// What holds where a comparison does.
    pub(super) fn test(test: Test) -> Self {
        Self { tests: BTreeSet::from([test]), ..Self::always() }
    }

    /// Both at once; nothing if they exclude each other.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        let mut tests = &self.tests | &other.tests;
        let both = Self {
            actions: intersection(self.actions.as_ref(), other.actions.as_ref()),
            kinds: intersection(self.kinds.as_ref(), other.kinds.as_ref()),
            reach: self.reach.and(&other.reach),
            tests: if consistent(&mut tests) { tests } else { return None },
        };
        // A tier without environments is no contradiction.
        let apart =
            both.reach.is_nowhere() && !self.reach.is_nowhere() && !other.reach.is_nowhere();
        (!both.is_impossible() && !apart).then_some(both)
    }

    pub(super) fn is_impossible(&self) -> bool {
        let none = |names: &Option<BTreeSet<&str>>| names.as_ref().is_some_and(BTreeSet::is_empty);
        none(&self.actions) || none(&self.kinds)
    }

    /// Whether the other holds wherever this one does.
    fn is_within(&self, other: &Self) -> bool {
        is_subset(self.actions.as_ref(), other.actions.as_ref())
            && is_subset(self.kinds.as_ref(), other.kinds.as_ref())
            && self.reach.is_within(&other.reach)
            && other.tests.iter().all(|test| self.implies(test))
    }

    /// One alternative in place of both, if they differ in one respect alone.
    fn joined(&self, other: &Self) -> Option<Self> {
        self.without_choice(other).or_else(|| self.united(other))
    }

    /// What both come to, if they differ in the types of resource alone, or in the actions.
    fn united(&self, other: &Self) -> Option<Self> {
        let is_alike = self.tests == other.tests
            && self.reach.is_within(&other.reach)
            && other.reach.is_within(&self.reach);
        if !is_alike || (self.actions != other.actions && self.kinds != other.kinds) {
            return None;
        }
        Some(Self {
            actions: union(self.actions.as_ref(), other.actions.as_ref()),
            kinds: union(self.kinds.as_ref(), other.kinds.as_ref()),
            ..self.clone()
        })
    }

    /// The same, of which it is not said that it is about types of resource if it is about all there are.
    pub(super) fn of_kinds(self, all: &BTreeSet<&str>) -> Self {
        let kinds = self.kinds.filter(|kinds| !all.is_subset(kinds));
        Self { kinds, ..self }
    }

    /// What both come to, if they differ in the outcome of one test alone.
    fn without_choice(&self, other: &Self) -> Option<Self> {
        let mut own = self.tests.difference(&other.tests);
        let (test, none) = (own.next()?, own.next());
        let is_choice = none.is_none()
            && self.tests.len() == other.tests.len()
            && other.tests.contains(&test.negated());
        let alike = |left: &Self, right: &Self| {
            left.actions == right.actions
                && left.kinds == right.kinds
                && left.reach.is_within(&right.reach)
                && right.reach.is_within(&left.reach)
        };
        // An order and its opposite both want a value.
        let is_either = !matches!(test.comparison, Comparison::Date(..) | Comparison::Number(..));
        (is_choice && is_either && alike(self, other)).then(|| {
            let mut both = self.clone();
            both.tests.remove(test);
            both
        })
    }

    fn implies(&self, test: &Test) -> bool {
        let absent = Test::that(test.key.clone(), Comparison::Present, false);
        self.tests.contains(test) || (test.holds_when_absent() && self.tests.contains(&absent))
    }

    /// Whether an action is one of those it is about.
    #[must_use]
    pub fn is_about(&self, action: &str) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.contains(action))
    }
}

/// The alternatives without those that another covers, each once; two that differ in one test alone, which holds in the
/// one and not in the other, are one without it, and two that differ in types of resource or in actions alone are one of
/// both.
pub(super) fn distinct(alternatives: Vec<Alternative<'_>>) -> Vec<Alternative<'_>> {
    let mut kept: Vec<Alternative> = Vec::new();
    let mut left: Vec<Alternative> = alternatives.into_iter().rev().collect();
    while let Some(one) = left.pop() {
        if let Some((at, both)) =
            kept.iter().enumerate().find_map(|(at, other)| Some((at, one.joined(other)?)))
        {
            kept.remove(at);
            left.push(both);
            continue;
        }
        if kept.iter().any(|other| one.is_within(other)) {
            continue;
        }
        kept.retain(|other| !other.is_within(&one));
        kept.push(one);
    }
    kept
}

fn intersection<'a>(
    left: Option<&BTreeSet<&'a str>>,
    right: Option<&BTreeSet<&'a str>>,
) -> Option<BTreeSet<&'a str>> {
    match (left, right) {
        (None, other) | (other, None) => other.cloned(),
        (Some(left), Some(right)) => Some(left & right),
    }
}

fn union<'a>(
    left: Option<&BTreeSet<&'a str>>,
    right: Option<&BTreeSet<&'a str>>,
) -> Option<BTreeSet<&'a str>> {
    left.zip(right).map(|(left, right)| left | right)
}

fn is_subset(left: Option<&BTreeSet<&str>>, right: Option<&BTreeSet<&str>>) -> bool {
    match (left, right) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(left), Some(right)) => left.is_subset(right),
    }
}
