//! The circumstances of calls that policies tell apart: a value, or none, for each key that they ask about.

use std::collections::{BTreeMap, BTreeSet};

use super::VerifyError;
use super::asked::Asked;
use crate::domain::{self, Languages, none_of};
use crate::iam::condition::Comparison;
use crate::iam::{Condition, Context, Statement};

/// The most combinations of values that are looked at for one role.
const MOST: usize = 20_000;

/// Key in lower case → its value; a key that is not among them is absent.
pub(super) type Circumstance = BTreeMap<String, String>;

/// The values of each key that are worth asking about; that it is absent is asked as well.
#[derive(Debug, Clone, Default)]
pub(super) struct Circumstances {
    pub(super) values: BTreeMap<String, Vec<String>>,
    /// Keys that stand as a variable, of which an empty value may count as none.
    pub(super) variables: BTreeSet<String>,
}

impl Circumstances {
    /// What policies and statements tell apart about the keys that policies ask about.
    ///
    /// Whatever is compared with each other takes its values from one pool, so that they are equal in some circumstance
    /// and differ in another.
    pub(super) fn of(
        asked: &Asked,
        statements: &[Statement],
        languages: &mut Languages,
    ) -> Result<Self, VerifyError> {
        let mut groups = Groups::default();
        for keys in &asked.linked {
            groups.link(keys);
        }
        let mut variables = BTreeSet::new();
        let conditions = || statements.iter().flat_map(Statement::conditions);
        for condition in conditions() {
            let named = condition.variables().map(str::to_lowercase);
            let named: BTreeSet<String> =
                named.filter(|key| asked.keys.contains_key(key)).collect();
            if !named.is_empty() {
                let all = named.iter().cloned().chain([condition.key().to_lowercase()]).collect();
                groups.link(&all);
                variables.extend(named);
            }
        }
        let of_resources = statements.iter().flat_map(Statement::resource_variables);
        let of_resources = of_resources.map(str::to_lowercase);
        variables.extend(of_resources.filter(|key| asked.keys.contains_key(key)));
        let mut values = BTreeMap::new();
        for key in asked.keys.keys() {
            let group = groups.of(key);
            let of_policies = asked.keys.iter().filter(|(other, _)| group.contains(*other));
            let of_policies = of_policies.flat_map(|(_, conditions)| conditions);
            let of_statements =
                conditions().filter(|one| group.contains(&one.key().to_lowercase()));
            let compared = of_policies.chain(of_statements);
            values.insert(key.clone(), pool(key, compared, group.len() > 1, languages)?);
        }
        let found = Self { values, variables };
        let count = found.values.values().try_fold(1_usize, |count, values| {
            count.checked_mul(values.len() + 1).filter(|count| *count <= MOST)
        });
        count.map(|_| found).ok_or(VerifyError::TooManyCircumstances)
    }

    /// Every combination of values of these keys.
    pub(super) fn all<'k>(&self, keys: impl IntoIterator<Item = &'k String>) -> Vec<Circumstance> {
        let start = vec![Circumstance::new()];
        keys.into_iter().fold(start, |so_far, key| {
            let values = self.values.get(key).map(Vec::as_slice).unwrap_or_default();
            let with = |one: &Circumstance, value: Option<&String>| {
                let mut one = one.clone();
                one.extend(value.map(|value| (key.clone(), value.clone())));
                one
            };
            let choices = || std::iter::once(None).chain(values.iter().map(Some));
            so_far.iter().flat_map(|one| choices().map(move |value| with(one, value))).collect()
        })
    }
}

/// The values of one key.
fn pool<'c>(
    key: &str,
    compared: impl Iterator<Item = &'c Condition>,
    is_linked: bool,
    languages: &mut Languages,
) -> Result<Vec<String>, VerifyError> {
    let nobody = Context::default();
    let is_constant = |one: &&Condition| one.variables().next().is_none();
    let compared = compared.filter(is_constant).flat_map(|one| one.comparisons(&nobody));
    let mut compared: Vec<Comparison> = compared.collect();
    if is_linked {
        // What is compared with a variable is text.
        compared.push(Comparison::Text(String::new()));
    }
    let mut values = domain::values(key, &compared, languages)?;
    // Cedar has whole numbers, and AWS tells the time in seconds.
    if compared.iter().any(|one| matches!(one, Comparison::Number(_))) {
        values.retain(|value| value.parse::<i64>().is_ok());
    }
    if compared.iter().any(|one| matches!(one, Comparison::Date(_))) {
        values.retain(|value| !value.contains('.'));
    }
    if is_linked {
        let more = none_of(&values);
        values.insert(more);
    }
    Ok(values.into_iter().collect())
}

/// Keys that are compared with each other.
#[derive(Default)]
struct Groups(Vec<BTreeSet<String>>);

impl Groups {
    fn link(&mut self, keys: &BTreeSet<String>) {
        let (met, mut apart): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|one| !one.is_disjoint(keys));
        apart.push(met.into_iter().flatten().chain(keys.iter().cloned()).collect());
        self.0 = apart;
    }

    fn of(&self, key: &str) -> BTreeSet<String> {
        let own = self.0.iter().find(|group| group.contains(key));
        own.cloned().unwrap_or_else(|| BTreeSet::from([key.to_owned()]))
    }
}
