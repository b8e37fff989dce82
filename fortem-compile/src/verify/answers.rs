//! Cedar's answers about calls of which AWS shows some circumstances and hides others.
//!
//! A call is permitted if Cedar permits it whatever the hidden circumstances are; it may be denied if some of them
//! would forbid it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use fortem_core::Policy;

use super::VerifyError;
use super::cedar::{Cedar, Forbidden, Target};
use super::circumstances::{Circumstance, Circumstances};

/// What Cedar says of each target under what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Answers {
    /// Permitted, and forbidden by no guard, whatever is hidden.
    pub(super) open: BTreeSet<Target>,
    /// Permitted, and forbidden by no guard, under some of what is hidden.
    pub(super) may_be_open: BTreeSet<Target>,
    /// Forbidden whatever is hidden.
    pub(super) forbidden: Forbidden,
    /// Forbidden under some of what is hidden.
    pub(super) may_be_forbidden: Forbidden,
}

/// A role and the keys that decide about it.
pub(super) struct Questions<'q, 'a> {
    pub(super) role: &'a Policy,
    pub(super) circumstances: &'q Circumstances,
    /// The keys that the role asks about.
    pub(super) of_role: &'q BTreeSet<String>,
    /// The keys that guards ask about.
    pub(super) of_guards: &'q BTreeSet<String>,
}

/// Answers that were given before, by environment and what was shown.
#[derive(Default)]
pub(super) struct Given {
    all: HashMap<(Option<String>, BTreeSet<String>, Circumstance), Rc<Answers>>,
    /// Each answer once, so that equal ones are the same.
    distinct: HashSet<Rc<Answers>>,
}

impl Given {
    fn once(&mut self, answers: Answers) -> Rc<Answers> {
        if let Some(known) = self.distinct.get(&answers) {
            return Rc::clone(known);
        }
        let answers = Rc::new(answers);
        self.distinct.insert(Rc::clone(&answers));
        answers
    }

    /// What is open in the person's `own` environment by both answers, when the second calls it `other`.
    pub(super) fn both(
        &mut self,
        answers: &Answers,
        own: &str,
        others: &Answers,
        other: &str,
    ) -> Rc<Answers> {
        let mut both = answers.clone();
        let renamed = |target: &Target| match target.place.as_deref() {
            Some(place) if place == own => {
                Target { place: Some(other.to_owned()), ..target.clone() }
            }
            _ => target.clone(),
        };
        both.open.retain(|target| others.open.contains(&renamed(target)));
        both.may_be_open.retain(|target| others.may_be_open.contains(&renamed(target)));
        self.once(both)
    }
}

impl Questions<'_, '_> {
    /// Every key that anything asks about.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.of_role | self.of_guards
    }

    /// The answers to somebody who has the role in an environment, of calls that show these keys.
    pub(super) fn answers(
        &self,
        cedar: &mut Cedar,
        given: &mut Given,
        environment: Option<&str>,
        shown: &BTreeSet<String>,
        when: &Circumstance,
    ) -> Result<Rc<Answers>, VerifyError> {
        let when = only(when, shown);
        let asked = (environment.map(str::to_owned), shown.clone(), when.clone());
        if let Some(known) = given.all.get(&asked) {
            return Ok(Rc::clone(known));
        }
        let keys = self.keys();
        let hidden = self.circumstances.all(keys.difference(shown));
        let mut answers: Option<Answers> = None;
        for hidden in hidden {
            let whole: Circumstance = when.iter().chain(&hidden).map(owned).collect();
            let (_, one) = self.under(cedar, environment, &whole)?;
            answers = Some(match answers {
                None => one,
                Some(earlier) => earlier.and(&one),
            });
        }
        let answers = given.once(answers.unwrap_or_else(Answers::nothing));
        given.all.insert(asked, Rc::clone(&answers));
        Ok(answers)
    }

    /// What the role permits where nothing is hidden, and the answers.
    pub(super) fn under(
        &self,
        cedar: &mut Cedar,
        environment: Option<&str>,
        when: &Circumstance,
    ) -> Result<(Rc<BTreeSet<Target>>, Answers), VerifyError> {
        let permitted = cedar.permitted(self.role, environment, &only(when, self.of_role))?;
        let forbidden = cedar.forbidden(&only(when, self.of_guards))?;
        let open = permitted.iter().filter(|target| !forbidden.contains_key(*target));
        let open: BTreeSet<Target> = open.cloned().collect();
        let forbidden = Forbidden::clone(&forbidden);
        let answers = Answers {
            may_be_open: open.clone(),
            open,
            may_be_forbidden: forbidden.clone(),
            forbidden,
        };
        Ok((permitted, answers))
    }
}

impl Answers {
    pub(super) fn nothing() -> Self {
        Self {
            open: BTreeSet::new(),
            may_be_open: BTreeSet::new(),
            forbidden: BTreeMap::new(),
            may_be_forbidden: BTreeMap::new(),
        }
    }

    /// Under either of what two answers were given for.
    fn and(mut self, other: &Self) -> Self {
        self.open.retain(|target| other.open.contains(target));
        self.may_be_open.extend(other.may_be_open.iter().cloned());
        self.forbidden.retain(|target, _| other.forbidden.contains_key(target));
        for (target, guards) in &other.may_be_forbidden {
            self.may_be_forbidden.entry(target.clone()).or_default().extend(guards.iter().cloned());
        }
        for (target, guards) in &mut self.forbidden {
            guards.extend(other.forbidden.get(target).into_iter().flatten().cloned());
        }
        self
    }
}

/// The circumstance as far as some keys go.
pub(super) fn only(when: &Circumstance, keys: &BTreeSet<String>) -> Circumstance {
    when.iter().filter(|(key, _)| keys.contains(*key)).map(owned).collect()
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}
