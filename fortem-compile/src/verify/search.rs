//! All calls of one principal, as far as any statement tells them apart.
//!
//! What a call shows is its resource and its condition keys, each free of the others. A statement applies
//! when it holds for each of them. So a call is put together one choice at a time, the resource first, then
//! key after key, and after each choice only the statements count that still may apply: calls that
//! leave the same statements are one. Nothing is lost by that, since what follows depends on those
//! statements alone, and the number of calls to look at does not multiply.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use super::VerifyError;
use super::bits::Bits;
use super::language::{Language, Languages};
use super::shape::Shape;
use super::values;
use crate::iam::condition::Condition;
use crate::iam::{Context, Statement, Token, Truth, Values};
use crate::reference::{ArnPattern, Reference, ResourceType};

/// The most sets of one key that are looked at.
const MOST_SETS: usize = 4_096;

/// The statements that apply after some choices: certainly, and under some reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Applying {
    pub(super) surely: Bits,
    pub(super) perhaps: Bits,
}

impl Applying {
    fn and(self, other: Self) -> Self {
        Self { surely: self.surely.and(other.surely), perhaps: self.perhaps.and(other.perhaps) }
    }

    pub(super) fn only(self, bits: Bits) -> Self {
        self.and(Self { surely: bits, perhaps: bits })
    }

    fn set(&mut self, number: usize, truth: Truth) {
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
struct Choice<T> {
    value: T,
    applying: Applying,
}

/// A condition key that some statement asks about.
struct Key {
    /// As a statement writes it.
    name: String,
    absent: Applying,
    present: Vec<Choice<Values>>,
}

/// The statements that bear on a principal, with everything they tell apart.
pub(super) struct Search<'s> {
    statements: Vec<&'s Statement>,
    principal: Context,
    /// What the principal's own keys leave.
    start: Applying,
    keys: Vec<Key>,
    /// The resources that statements name, variables filled in.
    patterns: BTreeMap<Vec<Token>, Language>,
}

/// The resources of a type that the statements tell apart.
pub(super) struct Resources(Vec<Choice<String>>);

/// One concrete call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) resource: String,
    pub(super) keys: Vec<(String, Values)>,
    pub(super) applying: Applying,
}

impl<'s> Search<'s> {
    /// Gathers what the statements tell apart. `own` is the key that the principal brings.
    pub(super) fn new(
        statements: Vec<&'s Statement>,
        principal: Context,
        own: &str,
        languages: &mut Languages,
    ) -> Result<Self, VerifyError> {
        if statements.len() > Bits::CAPACITY {
            return Err(VerifyError::TooManyStatements(statements.len()));
        }
        let everything = Bits::below(statements.len());
        let start = Applying { surely: everything, perhaps: everything };
        let patterns = statements.iter().flat_map(|one| one.resource_patterns(&principal));
        let patterns = patterns
            .filter(|pattern| pattern.tokens() != [Token::Run])
            .map(|pattern| (pattern.tokens().to_vec(), Language::arn(&pattern)));
        let patterns = patterns.collect();
        let mut search = Self { statements, principal, start, keys: Vec::new(), patterns };
        let mut by_key: BTreeMap<String, Vec<(usize, &'s Condition)>> = BTreeMap::new();
        for (number, statement) in search.statements.iter().enumerate() {
            for condition in statement.conditions() {
                by_key.entry(condition.key().to_lowercase()).or_default().push((number, condition));
            }
        }
        for (key, conditions) in by_key {
            if key == own.to_lowercase() {
                search.start = search.applying(&conditions, &search.principal);
            } else {
                let key = search.key(&conditions, languages)?;
                search.keys.push(key);
            }
        }
        Ok(search)
    }

    /// The statements whose conditions on one key hold.
    fn applying(&self, conditions: &[(usize, &Condition)], context: &Context) -> Applying {
        let mut applying = Applying {
            surely: Bits::below(self.statements.len()),
            perhaps: Bits::below(self.statements.len()),
        };
        for (number, condition) in conditions {
            applying.set(*number, condition.holds(context));
        }
        applying
    }

    fn key(
        &self,
        conditions: &[(usize, &Condition)],
        languages: &mut Languages,
    ) -> Result<Key, VerifyError> {
        let comparisons: Vec<_> = conditions
            .iter()
            .flat_map(|(_, condition)| condition.comparisons(&self.principal))
            .collect();
        let name = conditions.first().map_or("", |(_, condition)| condition.key()).to_owned();
        let absent = self.applying(conditions, &self.principal);
        let singles = values::values(&comparisons, languages)?;
        let is_set = conditions.iter().any(|(_, condition)| condition.is_about_a_set());
        let values: Vec<Values> = if is_set {
            self.sets(conditions, &name, &singles)?.into_iter().map(Values::Many).collect()
        } else {
            singles.into_iter().map(Values::One).collect()
        };
        let present = values.into_iter().map(|values| {
            let applying = self.applying(conditions, &self.with(&name, values.clone()));
            Choice { value: values, applying }
        });
        let present = distinct(present);
        Ok(Key { name, absent, present })
    }

    fn with(&self, key: &str, values: Values) -> Context {
        let mut context = self.principal.clone();
        context.insert(key, values);
        context
    }

    /// Sets of single values, one for each way in which the conditions come out. Adding a member changes
    /// each outcome in a way that depends on the outcome and the member alone, so that a set with known
    /// outcomes need not be extended again.
    fn sets(
        &self,
        conditions: &[(usize, &Condition)],
        key: &str,
        singles: &BTreeSet<String>,
    ) -> Result<Vec<Vec<String>>, VerifyError> {
        let mut seen = BTreeSet::new();
        let mut found: Vec<Vec<String>> = Vec::new();
        let mut queue: VecDeque<Vec<String>> = VecDeque::from([Vec::new()]);
        while let Some(set) = queue.pop_front() {
            for value in singles.iter().filter(|value| !set.contains(value)) {
                let larger: Vec<String> = set.iter().chain([value]).cloned().collect();
                let context = self.with(key, Values::Many(larger.clone()));
                let outcome = |(_, condition): &(usize, &Condition)| match condition.holds(&context) {
                    Truth::No => 0,
                    Truth::Unclear(_) => 1,
                    Truth::Yes => 2,
                };
                let outcomes: Vec<u8> = conditions.iter().map(outcome).collect();
                if seen.insert((outcomes, larger.len() > 1)) {
                    found.push(larger.clone());
                    queue.push_back(larger);
                }
            }
            if found.len() > MOST_SETS {
                return Err(VerifyError::TooManySets(key.to_owned()));
            }
        }
        Ok(found)
    }

    /// The resources of a type, or the one that stands for none, that the statements tell apart.
    pub(super) fn resources(
        &self,
        kind: Option<&ResourceType>,
        languages: &mut Languages,
    ) -> Result<Resources, VerifyError> {
        let parts = kind.map(ResourceType::arn).and_then(ArnPattern::parts);
        let arns: BTreeSet<String> = match parts {
            None => BTreeSet::from(["*".to_owned()]),
            Some(parts) => {
                let patterns = self.patterns.iter().filter(|(arn, _)| may_meet(arn, parts));
                let patterns = patterns.map(|(_, language)| language.clone()).collect();
                languages.witnesses(&patterns, Some(&Language::of_type(parts)))?
            }
        };
        let choices = arns.into_iter().map(|arn| {
            let mut applying = self.start;
            for (number, statement) in self.statements.iter().enumerate() {
                applying.set(number, statement.covers_resource(&arn, &self.principal));
            }
            Choice { value: arn, applying }
        });
        Ok(Resources(distinct(choices)))
    }

    /// The statements that the principal's own keys leave.
    pub(super) fn left(&self) -> Bits {
        self.start.perhaps
    }

    /// Which of the keys a call of a shape may have.
    pub(super) fn carried(&self, shape: &Shape, reference: &Reference) -> Vec<bool> {
        self.keys.iter().map(|key| shape.may_carry(reference, &key.name)).collect()
    }

    /// Looks at every call on one of the resources, with some of the keys `carried`, on which the
    /// `relevant` statements bear, until `judge` answers.
    pub(super) fn find<T>(
        &self,
        resources: &Resources,
        relevant: Bits,
        carried: &[bool],
        judge: impl Fn(Applying) -> Option<T>,
    ) -> Option<(Found, T)> {
        let start = Step { applying: self.start.only(relevant), before: 0, choice: None };
        let first = resources.0.iter().enumerate();
        let first = first.map(|(number, one)| (Some(number), one.applying));
        let mut layers = vec![extended(&[start], &restricted(first, relevant))];
        for (key, carried) in self.keys.iter().zip(carried) {
            let present = key.present.iter().filter(|_| *carried).enumerate();
            let present = present.map(|(number, one)| (Some(number), one.applying));
            let choices = restricted(std::iter::once((None, key.absent)).chain(present), relevant);
            let last = layers.last().map(Vec::as_slice).unwrap_or_default();
            let next = extended(last, &choices);
            layers.push(next);
        }
        let mut last = layers.last()?.iter().enumerate();
        let (wanted, answer) = last.find_map(|(at, step)| Some((at, judge(step.applying)?)))?;
        Some((self.found(&layers, wanted, resources)?, answer))
    }

    /// The call to which a step of the last layer leads, followed back through the layers.
    fn found(&self, layers: &[Vec<Step>], wanted: usize, resources: &Resources) -> Option<Found> {
        let applying = layers.last()?.get(wanted)?.applying;
        let (first, of_keys) = layers.split_first()?;
        let mut keys = Vec::new();
        let mut at = wanted;
        for (layer, key) in of_keys.iter().zip(&self.keys).rev() {
            let step = layer.get(at)?;
            if let Some(choice) = step.choice {
                keys.push((key.name.clone(), key.present.get(choice)?.value.clone()));
            }
            at = step.before;
        }
        keys.reverse();
        let resource = resources.0.get(first.get(at)?.choice?)?.value.clone();
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
fn extended(steps: &[Step], choices: &[(Option<usize>, Applying)]) -> Vec<Step> {
    let mut seen = HashSet::new();
    let mut next = Vec::new();
    for (choice, applying) in choices {
        for (before, step) in steps.iter().enumerate() {
            let applying = step.applying.and(*applying);
            if seen.insert(applying) {
                next.push(Step { applying, before, choice: *choice });
            }
        }
    }
    next
}

/// Whether a pattern may match an ARN of a type, by the service alone: most do not.
fn may_meet(pattern: &[Token], parts: &[String; 6]) -> bool {
    let service = pattern.split(|token| *token == Token::Char(':')).nth(2).unwrap_or_default();
    let [_, _, of_type, ..] = parts;
    let literal = |token: &Token| match token {
        Token::Char(character) => Some(*character),
        Token::One | Token::Run => None,
    };
    let service: Option<String> = service.iter().map(literal).collect();
    let open = of_type.contains('*');
    open || service.is_none_or(|service| service.is_empty() || service == *of_type)
}

fn distinct<T>(choices: impl Iterator<Item = Choice<T>>) -> Vec<Choice<T>> {
    let mut seen = HashSet::new();
    choices.filter(|choice| seen.insert(choice.applying)).collect()
}
