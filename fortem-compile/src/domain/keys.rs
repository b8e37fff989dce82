//! One condition key: its values and absence, each with the statements whose conditions then hold.

use std::collections::{BTreeSet, VecDeque};

use super::DomainError;
use super::bits::Bits;
use super::language::Languages;
use super::search::{Applying, Choice, distinct};
use super::values;
use crate::iam::condition::Condition;
use crate::iam::{Context, Truth, Values};
use crate::reference::Reference;

/// The most sets of values of one key that are looked at.
const MOST_SETS: usize = 4_096;

/// A condition key that some statement asks about.
pub(crate) struct Key {
    /// As a statement writes it.
    pub(crate) name: String,
    /// The statements that ask about it.
    pub(crate) users: Bits,
    pub(crate) absent: Applying,
    pub(crate) present: Vec<Choice<Values>>,
}

/// Conditions on one key, each with the number of its statement.
type Conditions<'c> = [(usize, &'c Condition)];

impl Key {
    /// The values that the conditions, all on one key, tell apart; `all` are the statements there are.
    pub(crate) fn new(
        conditions: &Conditions,
        all: Applying,
        principal: &Context,
        reference: &Reference,
        languages: &mut Languages,
    ) -> Result<Self, DomainError> {
        let compared = conditions.iter().flat_map(|(_, one)| one.comparisons(principal));
        let name = conditions.first().map_or("", |(_, condition)| condition.key()).to_owned();
        let singles = values::values(&name, &compared.collect::<Vec<_>>(), languages)?;
        let with = |values: Values| {
            let mut context = principal.clone();
            context.insert(&name, values);
            context
        };
        let is_multivalued = reference.key_type(&name).is_some_and(|known| known.multivalued);
        let is_set = is_multivalued || conditions.iter().any(|(_, one)| one.is_about_a_set());
        let values: Vec<Values> = if is_set {
            sets(conditions, &singles, &with)?.into_iter().map(Values::Many).collect()
        } else {
            singles.into_iter().map(Values::One).collect()
        };
        let holding = |context: &Context| {
            let mut applying = all;
            for (number, condition) in conditions {
                applying.keep_if(*number, condition.holds(context));
            }
            applying
        };
        let choices = values.into_iter().map(|values| {
            let applying = holding(&with(values.clone()));
            Choice { value: values, applying }
        });
        let present = distinct(choices);
        let users = conditions.iter().map(|(number, _)| *number).collect();
        Ok(Self { users, absent: holding(principal), present, name })
    }
}

/// Sets of single values, one for each way in which the conditions come out.
///
/// Adding a member changes each outcome in a way that depends on the outcome and the member alone, so that
/// of sets with the same outcomes only one need be extended.
fn sets(
    conditions: &Conditions,
    singles: &BTreeSet<String>,
    with: &dyn Fn(Values) -> Context,
) -> Result<Vec<Vec<String>>, DomainError> {
    let mut seen = BTreeSet::new();
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut queue: VecDeque<Vec<String>> = VecDeque::from([Vec::new()]);
    while let Some(set) = queue.pop_front() {
        for value in singles.iter().filter(|value| !set.contains(value)) {
            let larger: Vec<String> = set.iter().chain([value]).cloned().collect();
            let context = with(Values::Many(larger.clone()));
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
            let key = conditions.first().map_or("", |(_, condition)| condition.key());
            return Err(DomainError::TooManySets(key.to_owned()));
        }
    }
    Ok(found)
}
