//! All calls of one principal, as far as any statement tells them apart.
//!
//! What a call shows is its resource and its condition keys, each free of the others. A statement applies
//! when it holds for each of them. So a call is put together one choice at a time, the resource first,
//! then key after key, and after each choice only the statements count that still may apply: calls that
//! leave the same statements are one. Nothing is lost by that, since what follows depends on those
//! statements alone, and the number of calls to look at does not multiply.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::DomainError;
use super::bits::Bits;
use super::keys::Key;
use super::language::Languages;
use super::resources::{Patterns, Resources, Target};
use crate::iam::condition::Condition;
use crate::iam::{Context, Statement, Truth, Values};
use crate::reference::Reference;

/// The most kinds of calls that are looked at together.
const MOST_KINDS: usize = 1 << 17;

/// The statements that apply after some choices: certainly, and under some reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Applying {
    pub(crate) surely: Bits,
    pub(crate) perhaps: Bits,
}

impl Applying {
    /// All of so many statements.
    pub(crate) fn all(count: usize) -> Self {
        Self { surely: Bits::below(count), perhaps: Bits::below(count) }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { surely: self.surely.and(other.surely), perhaps: self.perhaps.and(other.perhaps) }
    }

    fn only(self, bits: Bits) -> Self {
        self.and(Self { surely: bits, perhaps: bits })
    }

    /// Puts in or takes out a statement.
    pub(crate) fn put(&mut self, number: usize, truth: Truth) {
        self.surely.insert(number);
        self.perhaps.insert(number);
        self.keep_if(number, truth);
    }

    /// Takes out a statement that does not hold.
    pub(crate) fn keep_if(&mut self, number: usize, truth: Truth) {
        if truth != Truth::Yes {
            self.surely.remove(number);
        }
        if truth == Truth::No {
            self.perhaps.remove(number);
        }
    }
}

/// A value, and the statements that hold for it.
#[derive(Debug, Clone)]
pub(crate) struct Choice<T> {
    pub(crate) value: T,
    pub(crate) applying: Applying,
}

/// Of the choices that leave the same statements, the first.
pub(crate) fn distinct<T>(choices: impl Iterator<Item = Choice<T>>) -> Vec<Choice<T>> {
    let mut seen = BTreeSet::new();
    choices.filter(|choice| seen.insert(choice.applying)).collect()
}

/// The statements that bear on a principal, with everything they tell apart.
pub(crate) struct Search {
    /// What the principal's own tag leaves.
    start: Applying,
    keys: Vec<Key>,
    patterns: Patterns,
}

/// One concrete call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) resource: String,
    pub(crate) keys: Vec<(String, Values)>,
    pub(crate) applying: Applying,
}

impl Search {
    /// Gathers what the statements tell apart. `fixed` are the keys of which the principal's context says
    /// all: a value, or that there is none.
    pub(crate) fn new(
        statements: &[&Statement],
        principal: &Context,
        fixed: &[String],
        reference: &Reference,
        languages: &mut Languages,
    ) -> Result<Self, DomainError> {
        if statements.len() > Bits::CAPACITY {
            return Err(DomainError::TooManyStatements(statements.len()));
        }
        let mut by_key: BTreeMap<String, Vec<(usize, &Condition)>> = BTreeMap::new();
        for (number, statement) in statements.iter().enumerate() {
            for condition in statement.conditions() {
                by_key.entry(condition.key().to_lowercase()).or_default().push((number, condition));
            }
        }
        let mut start = Applying::all(statements.len());
        for (number, condition) in
            fixed.iter().filter_map(|key| by_key.remove(&key.to_lowercase())).flatten()
        {
            start.keep_if(number, condition.holds(principal));
        }
        if by_key.len() > Bits::CAPACITY {
            return Err(DomainError::TooManyKeys(by_key.len()));
        }
        let all = Applying::all(statements.len());
        let keys = by_key
            .values()
            .map(|conditions| Key::new(conditions, all, principal, reference, languages));
        let keys = keys.collect::<Result<Vec<Key>, _>>()?;
        Ok(Self { start, keys, patterns: Patterns::of(statements, principal)? })
    }

    /// The names of the keys that the statements ask about.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// Of some statements, those that the principal's tag leaves.
    pub(crate) fn left(&self, statements: Bits) -> Bits {
        self.start.perhaps.and(statements)
    }

    /// Of the keys that a call may carry, by number, those that some of these statements ask about.
    pub(crate) fn asked(&self, relevant: Bits, carried: impl Fn(usize) -> bool) -> Bits {
        let numbered = self.keys.iter().enumerate();
        let asked = numbered.filter(|(number, key)| key.users.meets(relevant) && carried(*number));
        asked.map(|(number, _)| number).collect()
    }

    /// The resources that the statements tell apart.
    pub(crate) fn resources(
        &self,
        target: Target<'_>,
        statements: &[&Statement],
        principal: &Context,
        languages: &mut Languages,
    ) -> Result<Resources, DomainError> {
        self.patterns.resources(target, statements, principal, languages)
    }

    /// The first call on one of the resources, with some of the `carried` keys, on which the `relevant`
    /// statements bear and to which `judge` answers.
    pub(crate) fn find<T>(
        &self,
        resources: &Resources,
        relevant: Bits,
        carried: Bits,
        judge: impl Fn(Applying) -> Option<T>,
    ) -> Result<Option<(Found, T)>, DomainError> {
        let kinds = self.kinds(resources, relevant, carried, |_| true)?;
        let found = kinds.iter().find_map(|(at, applying)| Some((at, judge(applying)?)));
        Ok(found.and_then(|(at, answer)| Some((kinds.call(at)?, answer))))
    }

    /// Every kind of call on one of the resources, with some of the `carried` keys, on which the `relevant`
    /// statements bear; those that leave nothing `of_interest` are left out as soon as that shows.
    pub(crate) fn kinds<'s>(
        &'s self,
        resources: &'s Resources,
        relevant: Bits,
        carried: Bits,
        of_interest: impl Fn(Applying) -> bool,
    ) -> Result<Kinds<'s>, DomainError> {
        let start = Step { applying: self.start.only(relevant), before: 0, choice: None };
        let first = resources.choices.iter().enumerate();
        let first = first.map(|(number, one)| (Some(number), one.applying));
        let mut layers = vec![extended(&[start], &restricted(first, relevant), &of_interest)?];
        for (number, key) in self.keys.iter().enumerate() {
            let present: &[_] = if carried.contains(number) { &key.present } else { &[] };
            let present = present.iter().enumerate();
            let present = present.map(|(number, one)| (Some(number), one.applying));
            let choices = restricted(std::iter::once((None, key.absent)).chain(present), relevant);
            let last = layers.last().map(Vec::as_slice).unwrap_or_default();
            let next = extended(last, &choices, &of_interest)?;
            layers.push(next);
        }
        Ok(Kinds { search: self, resources, layers })
    }
}

/// Kinds of calls: of all that leave the same statements, one.
pub(crate) struct Kinds<'s> {
    search: &'s Search,
    resources: &'s Resources,
    layers: Vec<Vec<Step>>,
}

impl Kinds<'_> {
    /// Each kind by its number, with the statements that apply to it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Applying)> {
        self.layers.last().into_iter().flatten().map(|step| step.applying).enumerate()
    }

    /// A call of the kind with this number: the steps to it, followed back through the layers.
    pub(crate) fn call(&self, number: usize) -> Option<Found> {
        let applying = self.layers.last()?.get(number)?.applying;
        let (first, of_keys) = self.layers.split_first()?;
        let mut keys = Vec::new();
        let mut at = number;
        for (layer, key) in of_keys.iter().zip(&self.search.keys).rev() {
            let step = layer.get(at)?;
            if let Some(choice) = step.choice {
                keys.push((key.name.clone(), key.present.get(choice)?.value.clone()));
            }
            at = step.before;
        }
        keys.reverse();
        let resource = self.resources.choices.get(first.get(at)?.choice?)?.value.clone();
        Some(Found { resource, keys, applying })
    }
}

/// A call put together as far as one choice.
#[derive(Debug, Clone, Copy)]
struct Step {
    applying: Applying,
    /// The step before, in the layer before.
    before: usize,
    /// The value chosen; none for a key that the call does not have.
    choice: Option<usize>,
}

/// Choices that the relevant statements tell apart.
fn restricted(
    choices: impl Iterator<Item = (Option<usize>, Applying)>,
    relevant: Bits,
) -> Vec<(Option<usize>, Applying)> {
    let mut distinct: Vec<(Option<usize>, Applying)> = Vec::new();
    for (choice, applying) in choices {
        let applying = applying.only(relevant);
        if distinct.iter().all(|(_, known)| *known != applying) {
            distinct.push((choice, applying));
        }
    }
    distinct
}

/// Each step with each choice; of those that leave the same statements, the first.
fn extended(
    steps: &[Step],
    choices: &[(Option<usize>, Applying)],
    of_interest: &impl Fn(Applying) -> bool,
) -> Result<Vec<Step>, DomainError> {
    let mut seen = HashSet::new();
    let mut next = Vec::new();
    for (choice, applying) in choices {
        for (before, step) in steps.iter().enumerate() {
            let applying = step.applying.and(*applying);
            if of_interest(applying) && seen.insert(applying) {
                next.push(Step { applying, before, choice: *choice });
            }
        }
        if next.len() > MOST_KINDS {
            return Err(DomainError::TooManyCalls);
        }
    }
    Ok(next)
}
