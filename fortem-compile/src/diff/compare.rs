//! Every call that the statements of two sides tell apart, asked of both.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::access::Known;
use super::changes::{Changes, Differing, Kinds, Subject};
use super::side::Side;
use super::union::Union;
use crate::domain::{
    Applying, Bits, DomainError, Fixed, Languages, Resources, Search, Shapes, Target, Variables,
    unlisted_apis,
};
use crate::iam::Statement;
use crate::reference::{Carries, Reference};
use crate::table::Table;

/// The tag that a fleet file has by default.
const DEFAULT_TAG_KEY: &str = "Environment";

const OWN_TAG: &str = "aws:PrincipalTag/";

/// What statements are compared by.
pub(super) struct Comparer<'c> {
    reference: &'c Reference,
    table: &'c Table,
    shapes: Shapes<'c>,
    /// `aws:PrincipalTag/…` of the environment.
    pub(super) own_key: String,
    /// Names and aliases of environments, if they are known.
    pub(super) names: BTreeSet<String>,
    /// How the fleet schedules, if it is known.
    schedule: Option<&'static str>,
}

/// What differs between two sets of statements.
struct Comparison<'p> {
    comparer: &'p Comparer<'p>,
    union: &'p Union<'p>,
    statements: Vec<&'p Statement>,
    variables: Variables<'p>,
    /// For each shape, the statements about its API action.
    covering: Vec<Bits>,
    /// Only one side has the role at all: what its documents deny is of no interest.
    is_one_sided: bool,
}

/// Calls that come out alike: the same statements about the same resources, with the same keys.
type Group = (Bits, Option<usize>, Bits);

impl<'c> Comparer<'c> {
    pub(super) fn new(reference: &'c Reference, table: &'c Table, sides: [&Side; 2]) -> Self {
        let tag_key = sides.iter().find_map(|side| side.tag_key()).unwrap_or(DEFAULT_TAG_KEY);
        let names = sides.iter().flat_map(|side| side.spellings()).map(str::to_owned);
        Self {
            reference,
            table,
            shapes: Shapes::of(reference, table),
            own_key: format!("{OWN_TAG}{tag_key}"),
            names: names.collect(),
            schedule: sides.iter().find_map(|side| side.schedule()),
        }
    }

    /// The tag that names the environment.
    pub(super) fn tag_key(&self) -> &str {
        self.own_key.strip_prefix(OWN_TAG).unwrap_or_default()
    }

    /// The actions of the vocabulary that take an API action.
    pub(super) fn actions_of<'t>(
        &'t self,
        api: &'t str,
        resource_type: Option<&'t str>,
    ) -> impl Iterator<Item = &'t str> {
        self.table.actions_of(api, resource_type, self.schedule)
    }

    /// People of an environment, as far as they are known.
    pub(super) fn people_of(&self, environment: Option<&str>) -> Known {
        let mut known = Known::default();
        if let Some(environment) = environment {
            known.set(&self.own_key, Some(environment));
        }
        known
    }

    /// What differs, for people of an environment if one is given, and of whom some keys are known.
    pub(super) fn compare<'p>(
        &'p self,
        union: &'p Union<'p>,
        environment: Option<&str>,
        known: &Known,
        is_one_sided: bool,
        languages: &mut [Languages],
    ) -> Result<Changes<'p>, DomainError> {
        let mut changes = Changes::new(self, union, environment);
        if union.is_common() {
            return Ok(changes);
        }
        let statements = union.statements();
        let asked: Vec<&str> =
            std::iter::once(&self.own_key).chain(&known.keys).map(String::as_str).collect();
        let comparison = Comparison {
            variables: Variables::of(&statements, &asked, &self.shapes),
            covering: self.covering(&statements),
            comparer: self,
            union,
            statements,
            is_one_sided,
        };
        for languages in languages {
            let unlisted = unlisted_apis(&comparison.statements, self.reference, languages)?;
            for fixed in comparison.variables.fixed(&known.context, &known.keys, languages)? {
                changes.see(&fixed);
                comparison.of_fixed(&fixed, &unlisted, languages, &mut changes)?;
            }
        }
        Ok(changes)
    }

    fn covering(&self, statements: &[&Statement]) -> Vec<Bits> {
        let mut covering = vec![Bits::default(); self.shapes.count()];
        for (number, statement) in statements.iter().enumerate() {
            for place in self.shapes.covered_by(statement).iter() {
                if let Some(bits) = covering.get_mut(place) {
                    bits.insert(number);
                }
            }
        }
        covering
    }

    /// For each shape, whether its calls may have a condition key. One that the reference names for no API
    /// action at all is not known to be absent.
    fn may_carry(&self, key: &str) -> Rc<[bool]> {
        let carrying = self.shapes.carrying(key);
        let is_named = carrying.iter().any(|carries| *carries != Carries::No);
        carrying.iter().map(|carries| !is_named || *carries != Carries::No).collect()
    }
}

impl Comparison<'_> {
    /// What differs in the calls in which the keys that stand as variables have these values.
    fn of_fixed(
        &self,
        fixed: &Fixed,
        unlisted: &BTreeSet<String>,
        languages: &mut Languages,
        changes: &mut Changes<'_>,
    ) -> Result<(), DomainError> {
        let (statements, context) = (self.statements.as_slice(), &fixed.context);
        let reference = self.comparer.reference;
        let search = Search::new(statements, context, self.variables.keys(), reference, languages)?;
        let carrying: Vec<_> = search.keys().map(|key| self.comparer.may_carry(key)).collect();
        let fixed_keys = self.variables.keys().iter().filter(|key| context.get(key).is_some());
        let fixed_keys: Vec<_> = fixed_keys.map(|key| self.comparer.may_carry(key)).collect();
        let mut resources = HashMap::new();
        let mut groups: HashMap<Group, Differing> = HashMap::new();
        for (place, shape) in self.comparer.shapes.iter() {
            let has = |carrying: &Rc<[bool]>| carrying.get(place) == Some(&true);
            let covering = self.covering.get(place).copied().unwrap_or_default();
            let relevant = search.left(covering);
            if !self.union.may_differ(relevant) || !fixed_keys.iter().all(has) {
                continue;
            }
            let resources = match resources.entry(shape.form) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(search.resources(shape.target(), statements, context, languages)?)
                }
            };
            let carried = search.asked(relevant, |key| carrying.get(key).is_some_and(has));
            let group = (relevant, resources.is_named.then_some(shape.form), carried);
            let differing = match groups.entry(group) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(self.differing(&search, resources, relevant, carried)?)
                }
            };
            // What no statement names is as good as another, and yet of its own form.
            let unnamed = resources.choices.first().filter(|_| !resources.is_named);
            let unnamed = unnamed.map(|choice| choice.value.as_str());
            changes.add(Subject::Known(shape), fixed, differing, unnamed);
        }
        self.of_unlisted(fixed, &search, unlisted, languages, changes)
    }

    /// API actions that the reference does not have.
    fn of_unlisted(
        &self,
        fixed: &Fixed,
        search: &Search,
        unlisted: &BTreeSet<String>,
        languages: &mut Languages,
        changes: &mut Changes<'_>,
    ) -> Result<(), DomainError> {
        let mut resources = None;
        for api in unlisted {
            let lower = api.to_ascii_lowercase();
            let numbered = self.statements.iter().enumerate();
            let covering = numbered.filter(|(_, statement)| statement.covers_action(&lower));
            let relevant = search.left(covering.map(|(number, _)| number).collect());
            if !self.union.may_differ(relevant) {
                continue;
            }
            let resources = match &mut resources {
                Some(known) => known,
                none => {
                    let (target, context) = (Target::Anything, &fixed.context);
                    none.insert(search.resources(target, &self.statements, context, languages)?)
                }
            };
            let carried = search.asked(relevant, |_| true);
            let differing = self.differing(search, resources, relevant, carried)?;
            changes.add(Subject::Unlisted(api), fixed, &differing, None);
        }
        Ok(())
    }

    fn differing(
        &self,
        search: &Search,
        resources: &Resources,
        relevant: Bits,
        carried: Bits,
    ) -> Result<Differing, DomainError> {
        let of_interest = |applying: Applying| self.union.may_differ(applying.perhaps);
        let kinds = search.kinds(resources, relevant, carried, of_interest)?;
        let mut differing = Differing::new();
        for (number, applying) in kinds.iter() {
            for turn in self.union.turns(applying, self.is_one_sided) {
                let direction = turn.direction();
                if let Some(known) = differing.get_mut(&direction) {
                    known.all.push(applying);
                } else if let Some(first) = kinds.call(number) {
                    differing.insert(direction, Kinds { all: vec![applying], turn, first });
                }
            }
        }
        Ok(differing)
    }
}
