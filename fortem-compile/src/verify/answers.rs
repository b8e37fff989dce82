//! Cedar's answers about calls of which AWS shows some circumstances and hides others.
//!
//! A call is permitted if Cedar permits it whatever the hidden circumstances are; it may be denied if some of them
//! would forbid it.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use fortem_core::Policy;

use super::VerifyError;
use super::cedar::{Cedar, Forbidden, Permitted, Target, once};
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
    all: HashMap<BTreeSet<String>, ByCircumstance>,
    /// Answers by what Cedar said under each of what is hidden.
    by_said: HashMap<BTreeSet<Said>, Rc<Answers>>,
    /// What two answers have in common, by where they lie and what the environment is called in each.
    both: HashMap<(Both, String, String), Rc<Answers>>,
    /// Each answer once, so that equal ones are the same.
    distinct: HashSet<Rc<Answers>>,
}

type ByCircumstance = HashMap<(Option<String>, Circumstance), Rc<Answers>>;

type Both = [*const Answers; 2];

/// What is permitted and what is forbidden, of which Cedar gives equal ones once: here they are told apart by where
/// they lie.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) permitted: Rc<Permitted>,
    forbidden: Rc<Forbidden>,
}

impl Said {
    fn place(&self) -> (*const Permitted, *const Forbidden) {
        (Rc::as_ptr(&self.permitted), Rc::as_ptr(&self.forbidden))
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &Target> {
        self.permitted.iter().filter(|target| !self.forbidden.contains_key(*target))
    }

    fn answers(&self) -> Answers {
        let open: BTreeSet<Target> = self.open().cloned().collect();
        let forbidden = Forbidden::clone(&self.forbidden);
        Answers { may_be_open: open.clone(), open, may_be_forbidden: forbidden.clone(), forbidden }
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Said {}

impl PartialOrd for Said {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Said {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl Hash for Said {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place().hash(state);
    }
}

impl Given {
    /// What is open in the person's `own` environment by both answers, when the second calls it `other`.
    pub(super) fn both(
        &mut self,
        answers: &Rc<Answers>,
        own: &str,
        others: &Rc<Answers>,
        other: &str,
    ) -> Rc<Answers> {
        let asked = ([answers, others].map(Rc::as_ptr), own.to_owned(), other.to_owned());
        if let Some(known) = self.both.get(&asked) {
            return Rc::clone(known);
        }
        let mut both = Answers::clone(answers);
        let renamed = |target: &Target| match target.place.as_deref() {
            Some(place) if place == own => {
                Target { place: Some(other.to_owned()), ..target.clone() }
            }
            _ => target.clone(),
        };
        both.open.retain(|target| others.open.contains(&renamed(target)));
        both.may_be_open.retain(|target| others.may_be_open.contains(&renamed(target)));
        let both = once(&mut self.distinct, both);
        self.both.insert(asked, Rc::clone(&both));
        both
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
        let asked = (environment.map(str::to_owned), when.clone());
        if let Some(known) = given.all.get(shown).and_then(|all| all.get(&asked)) {
            return Ok(Rc::clone(known));
        }
        let keys = self.keys();
        let mut said = BTreeSet::new();
        for hidden in self.circumstances.all(keys.difference(shown)) {
            let whole: Circumstance = when.iter().chain(&hidden).map(owned).collect();
            said.insert(self.said(cedar, environment, &whole)?);
        }
        let answers = match given.by_said.entry(said) {
            Entry::Occupied(known) => Rc::clone(known.get()),
            Entry::Vacant(new) => {
                let each = new.key().iter().map(Said::answers);
                let both = each.reduce(|earlier, one| earlier.and(&one));
                let both = once(&mut given.distinct, both.unwrap_or_else(Answers::nothing));
                Rc::clone(new.insert(both))
            }
        };
        given.all.entry(shown.clone()).or_default().insert(asked, Rc::clone(&answers));
        Ok(answers)
    }

    /// What Cedar says where nothing is hidden.
    pub(super) fn said(
        &self,
        cedar: &mut Cedar,
        environment: Option<&str>,
        when: &Circumstance,
    ) -> Result<Said, VerifyError> {
        let permitted = cedar.permitted(self.role, environment, &only(when, self.of_role))?;
        let forbidden = cedar.forbidden(&only(when, self.of_guards))?;
        Ok(Said { permitted, forbidden })
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
