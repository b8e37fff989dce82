//! What differs, gathered by API action and direction.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::change::{Change, Direction, Example};
use super::compare::Comparer;
use super::people::People;
use super::union::{Turn, Union};
use crate::domain::{Applying, Fixed, Found, Shape};
use crate::reference::ResourceType;

/// How many calls are shown of what differs about an API action in one way.
const MOST_EXAMPLES: usize = 3;

/// What differs between two sets of statements.
pub(super) struct Changes<'p> {
    comparer: &'p Comparer<'p>,
    union: &'p Union<'p>,
    /// The one environment of whose people all is.
    environment: Option<String>,
    /// The kinds of tags that principals have.
    tags: BTreeSet<Vec<String>>,
    found: BTreeMap<(Direction, String), Gathered>,
}

/// In each direction in which calls differ, the kinds that do, and the first of them.
pub(super) type Differing = BTreeMap<Direction, Kinds>;

/// Kinds of calls that differ in one direction.
pub(super) struct Kinds {
    /// The statements that apply, of each kind.
    pub(super) all: Vec<Applying>,
    pub(super) turn: Turn,
    pub(super) first: Found,
}

/// What is asked about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'s> {
    Known(&'s Shape<'s>),
    /// An API action that the reference does not have.
    Unlisted(&'s str),
}

#[derive(Default)]
struct Gathered {
    known: bool,
    actions: BTreeSet<String>,
    resource_types: BTreeSet<String>,
    tags: BTreeSet<Vec<String>>,
    kinds: HashSet<Applying>,
    examples: Vec<Example>,
}

impl<'p> Changes<'p> {
    pub(super) fn new(
        comparer: &'p Comparer<'p>,
        union: &'p Union<'p>,
        environment: Option<&str>,
    ) -> Self {
        let environment = environment.map(str::to_owned);
        let (tags, found) = (BTreeSet::new(), BTreeMap::new());
        Self { comparer, union, environment, tags, found }
    }

    /// Takes note of principals that are asked about.
    pub(super) fn see(&mut self, fixed: &Fixed) {
        self.tags.insert(self.tags_of(fixed));
    }

    /// The tags that the principals stand for; none for principals without, or if all are alike.
    fn tags_of(&self, fixed: &Fixed) -> Vec<String> {
        fixed.alike.get(&self.comparer.own_key.to_lowercase()).cloned().unwrap_or_default()
    }

    /// Adds calls that differ; of each direction the first is shown, on `resource` if that is given.
    pub(super) fn add(
        &mut self,
        subject: Subject<'_>,
        fixed: &Fixed,
        differing: &Differing,
        resource: Option<&str>,
    ) {
        let tags = self.tags_of(fixed);
        for (direction, kinds) in differing {
            let api = match subject {
                Subject::Known(shape) => shape.action.name(),
                Subject::Unlisted(api) => api,
            };
            let mut example = self.example(api, fixed, kinds);
            if let Some(resource) = resource {
                resource.clone_into(&mut example.resource);
            }
            let gathered = self.found.entry((*direction, api.to_owned())).or_default();
            if let Subject::Known(shape) = subject {
                let kind = shape.kind.map(ResourceType::name);
                gathered.known = true;
                gathered.actions.extend(self.comparer.actions_of(api, kind).map(str::to_owned));
                gathered.resource_types.extend(kind.map(str::to_owned));
            }
            gathered.tags.insert(tags.clone());
            gathered.kinds.extend(&kinds.all);
            if gathered.examples.len() < MOST_EXAMPLES {
                gathered.examples.push(example);
            }
        }
    }

    fn example(&self, api: &str, fixed: &Fixed, kinds: &Kinds) -> Example {
        let Kinds { turn, first: call, .. } = kinds;
        let fixed = fixed.context.iter().map(|(key, values)| (self.spelling(key), values));
        let own = call.keys.iter().map(|(key, values)| (key.clone(), values));
        let [a, b] = self.union.answers(*turn, call.applying);
        Example {
            api: api.to_owned(),
            resource: call.resource.clone(),
            keys: fixed.chain(own).map(|(key, values)| (key, values.as_slice().to_vec())).collect(),
            a,
            b,
            unclear: turn.unclear,
        }
    }

    /// A key as people write it.
    fn spelling(&self, key: &str) -> String {
        let statements = self.union.statements();
        let conditions = statements.iter().flat_map(|statement| statement.conditions());
        let mut written =
            conditions.map(crate::iam::Condition::key).chain([self.comparer.own_key.as_str()]);
        written.find(|written| written.eq_ignore_ascii_case(key)).unwrap_or(key).to_owned()
    }

    /// The changes, the gravest first, and those that actions of the vocabulary take before others.
    pub(super) fn finish(self) -> Vec<Change> {
        let names = &self.comparer.names;
        let statements = self.union.statements();
        let texts = statements.iter().flat_map(|statement| statement.texts());
        let words = texts.flat_map(|(_, text)| words(text));
        let known: BTreeSet<&str> = if names.is_empty() {
            words.collect()
        } else {
            names.iter().map(String::as_str).collect()
        };
        let mut changes: Vec<Change> = Vec::new();
        for ((direction, api), gathered) in self.found {
            let people = match &self.environment {
                Some(environment) => People::of_environment(environment),
                None => People::of(&gathered.tags, &self.tags, &known),
            };
            let Gathered { known, actions, resource_types, kinds, examples, .. } = gathered;
            changes.push(Change {
                direction,
                actions,
                api,
                known,
                resource_types,
                people,
                kinds: kinds.len(),
                examples,
            });
        }
        changes.sort_by_key(|change| (change.direction, change.actions.is_empty()));
        changes
    }
}

/// What stands between characters that names seldom have.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)))
        .filter(|word| !word.is_empty())
}
