//! The API actions that rules ask about, numbered, so that what a statement covers is a set of bits.

use std::sync::{LazyLock, Mutex, OnceLock};

use fortem_compile::iam::Statement;
use fortem_compile::reference::{Action, Carries, Reference};
use fortem_core::pattern;
use rustc_hash::FxHashMap;

use crate::facts::matrix;
use crate::rules;

/// The most actions that rules may ask about together.
const CAPACITY: usize = 64 * WORDS;
const WORDS: usize = 12;

/// A set of actions of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls([u64; WORDS]);

/// The number of an action in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call(usize);

/// Services whose actions people may ask about, all of them: those of which roles are made.
const SERVICES: [&str; 5] = ["ecs", "elasticache", "events", "logs", "scheduler"];

/// Prefixes of the condition keys for the tags of a resource (service authorization reference, 2026-09-26).
const TAG_PREFIXES: [&str; 8] =
    ["aws", "ecs", "iam", "logs", "elasticache", "secretsmanager", "ssm", "ecr"];

/// What a call shows of its resource to conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown {
    tags: [bool; TAG_PREFIXES.len()],
    /// Whether it shows the cluster.
    pub cluster: bool,
}

impl Shown {
    fn of(action: &Action, kind: Option<&str>) -> Self {
        let shows = |key: &str| {
            Reference::builtin().is_ok_and(|of| of.carries(action.name(), kind, key) != Carries::No)
        };
        let tags = TAG_PREFIXES.map(|prefix| shows(&format!("{prefix}:ResourceTag/Environment")));
        Self { tags, cluster: shows("ecs:cluster") }
    }

    /// Of an action that the reference leaves out: the general key, and that of its service.
    fn of_unknown(name: &str) -> Self {
        let service = name.split(':').next().unwrap_or_default();
        let tags = TAG_PREFIXES.map(|prefix| prefix == "aws" || prefix == service);
        Self { tags, cluster: service == "ecs" }
    }

    /// The prefixes of the condition keys that have the resource's tags: `aws` stands for `aws:ResourceTag/…`.
    pub fn tag_prefixes(&self) -> impl Iterator<Item = &'static str> {
        TAG_PREFIXES
            .into_iter()
            .zip(self.tags)
            .filter_map(|(prefix, shown)| shown.then_some(prefix))
    }
}

/// By the name of the resource's type, and of none.
type ShownByType = Vec<(Option<&'static str>, Shown)>;

/// Every action that a rule, the matrix of access or a person asks about.
#[derive(Debug)]
pub struct Catalogue {
    names: Vec<&'static str>,
    lower: Vec<String>,
    numbers: FxHashMap<&'static str, usize>,
    numbers_of_lower: FxHashMap<String, usize>,
    known: Vec<Option<&'static Action>>,
    // What the calls of each action show of the resource, with the name of its type.
    shown: Vec<OnceLock<ShownByType>>,
    // What each pattern with wildcards covers: the same few patterns stand in thousands of statements.
    covered: Mutex<FxHashMap<String, Calls>>,
}

impl Calls {
    fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether the action is in the set.
    #[must_use]
    pub fn contains(&self, call: Call) -> bool {
        self.0.get(call.0 / 64).is_some_and(|word| word & (1 << (call.0 % 64)) != 0)
    }

    /// Whether the sets share an action.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// Both sets together.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
        self
    }

    fn complement(mut self) -> Self {
        self.0.iter_mut().for_each(|word| *word = !*word);
        self
    }
}

impl Catalogue {
    /// The catalogue of the rules of this version.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            let of_rules = rules::all().iter().flat_map(|rule| rule.calls().iter().copied());
            let of_services = SERVICES.iter().flat_map(|service| {
                Reference::builtin()
                    .into_iter()
                    .flat_map(|of| of.actions(service))
                    .map(Action::name)
            });
            let mut names: Vec<&'static str> =
                of_rules.chain(matrix::calls()).chain(of_services).collect();
            names.sort_unstable();
            names.dedup();
            Catalogue::of(names)
        });
        &BUILTIN
    }

    fn of(names: Vec<&'static str>) -> Self {
        debug_assert!(names.len() <= CAPACITY, "{} actions", names.len());
        let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let numbers_of_lower = lower.iter().cloned().enumerate().map(|(at, name)| (name, at));
        let numbers_of_lower = numbers_of_lower.collect();
        let numbers = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let reference = Reference::builtin().ok();
        let known = lower.iter().map(|name| reference.and_then(|of| of.action(name))).collect();
        let shown = names.iter().map(|_| OnceLock::new()).collect();
        Self { names, lower, numbers, numbers_of_lower, known, shown, covered: Mutex::default() }
    }

    /// All actions, as AWS writes them, sorted.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The number of an action as AWS writes it; none if no rule names it in its list of calls.
    #[must_use]
    pub fn call(&self, action: &str) -> Option<Call> {
        self.numbers.get(action).map(|number| Call(*number))
    }

    /// Some actions as a set.
    #[must_use]
    pub fn set(&self, actions: &[&str]) -> Calls {
        let mut calls = Calls::default();
        actions.iter().filter_map(|action| self.call(action)).for_each(|call| calls.insert(call.0));
        calls
    }

    /// The numbers of some actions.
    pub fn calls<'a>(
        &'a self,
        actions: &'a [&'static str],
    ) -> impl Iterator<Item = (&'static str, Call)> + 'a {
        actions.iter().filter_map(|action| Some((*action, self.call(action)?)))
    }

    /// The action as AWS writes it.
    #[must_use]
    pub fn name(&self, call: Call) -> &'static str {
        self.names.get(call.0).copied().unwrap_or_default()
    }

    /// What the service authorization reference says of an action; none if the data leaves its service out.
    #[must_use]
    pub fn known(&self, call: Call) -> Option<&'static Action> {
        self.known.get(call.0).copied().flatten()
    }

    /// What calls of an action show of a resource to conditions: its tags and its cluster.
    #[must_use]
    pub fn shown(&self, call: Call, kind: Option<&str>) -> Shown {
        let Some((slot, action)) = self.shown.get(call.0).zip(self.known(call)) else {
            return Shown::of_unknown(self.name(call));
        };
        let by_type = slot.get_or_init(|| {
            let types = action.resource_types().iter().map(|kind| Some(kind.name()));
            let all = types.chain([None]);
            all.map(|kind| (kind, Shown::of(action, kind))).collect()
        });
        by_type.iter().find(|(name, _)| *name == kind).map(|(_, shown)| *shown).unwrap_or_default()
    }

    /// The actions that the `Action` or `NotAction` of a statement covers.
    #[must_use]
    pub fn covered_by(&self, statement: &Statement) -> Calls {
        let patterns = statement.actions().iter().map(|pattern| self.covered_by_pattern(pattern));
        let listed = patterns.fold(Calls::default(), Calls::or);
        if statement.is_not_action() { listed.complement() } else { listed }
    }

    fn covered_by_pattern(&self, pattern: &str) -> Calls {
        let pattern = pattern.to_ascii_lowercase();
        let mut calls = Calls::default();
        if !pattern.contains(['*', '?']) {
            if let Some(number) = self.numbers_of_lower.get(&pattern) {
                calls.insert(*number);
            }
            return calls;
        }
        let mut covered = self.covered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = covered.get(&pattern) {
            return *known;
        }
        for (number, name) in self.lower.iter().enumerate() {
            if pattern::matches(&pattern, name) {
                calls.insert(number);
            }
        }
        covered.insert(pattern, calls);
        calls
    }
}
