//! Which environments have to be asked about.
//!
//! Cedar tells environments apart by their tier and where a policy names one; IAM by the constants of
//! the documents. Environments of one tier that no policy names, and that no constant tells apart, can
//! be exchanged for one another without changing an answer: they are one class. Two of each class are
//! asked about, since one is the principal's and the other is not, so that the cost does not grow with
//! the fleet. One environment more is asked about that the fleet does not know.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::pattern::{matches, overlap};
use fortem_core::{Environment, Fleet, Source};

use super::plain::names_of;
use super::values::none_of;
use crate::table::Table;

/// The classes of a fleet's environments.
pub(super) struct Environments {
    /// Environment → the one that is asked about in its place.
    representative: BTreeMap<String, String>,
    /// One or two of each class, and an unknown one.
    asked: BTreeSet<String>,
    unknown: String,
}

/// What tells environments apart: the tier, and either the name or how each constant with wildcards
/// covers the environment's names.
type Class = (&'static str, Result<Vec<bool>, String>);

impl Environments {
    /// Classes of the environments, by the policies and by the constants of the documents.
    pub(super) fn of(source: &Source, table: &Table, constants: &BTreeSet<&str>) -> Self {
        let fleet = source.fleet();
        let mentioned = Mentions::of(source, constants);
        let wild: Vec<&str> =
            constants.iter().copied().filter(|constant| constant.contains(['*', '?'])).collect();
        let mut classes: BTreeMap<Class, Vec<&str>> = BTreeMap::new();
        for environment in fleet.environments() {
            let class = class(fleet, table, environment, &mentioned, &wild);
            classes.entry(class).or_default().push(environment.name());
        }
        let mut representative = BTreeMap::new();
        let mut asked = BTreeSet::new();
        for members in classes.values() {
            asked.extend(members.iter().take(2).map(|name| (*name).to_owned()));
            for (name, first) in members.iter().filter_map(|name| Some((name, members.first()?))) {
                representative.insert((*name).to_owned(), (*first).to_owned());
            }
        }
        let unknown = unknown(fleet, constants);
        asked.insert(unknown.clone());
        Self { representative, asked, unknown }
    }

    /// The environments to ask about, the unknown one among them.
    pub(super) fn asked(&self) -> &BTreeSet<String> {
        &self.asked
    }

    /// The environment to ask Cedar about for a tag: a name that is asked about, else the unknown one,
    /// since no policy mentions it.
    pub(super) fn asked_for<'e>(&'e self, tag: &'e str) -> &'e str {
        if self.asked.contains(tag) { tag } else { &self.unknown }
    }

    /// The environment that the fleet does not know.
    pub(super) fn unknown(&self) -> &str {
        &self.unknown
    }

    /// The environment that is asked about in place of this one.
    pub(super) fn representative<'e>(&'e self, environment: &'e Environment) -> &'e str {
        self.representative.get(environment.name()).map_or(environment.name(), String::as_str)
    }
}

fn class(
    fleet: &Fleet,
    table: &Table,
    environment: &Environment,
    mentioned: &Mentions,
    wild: &[&str],
) -> Class {
    let name = || environment.name().to_owned();
    let tier = environment.tier().as_str();
    if environment.spellings().any(|spelling| mentioned.contains(spelling)) {
        return (tier, Err(name()));
    }
    let own: BTreeSet<String> =
        environment.spellings().flat_map(|spelling| names_of(fleet, table, spelling)).collect();
    let mut covered = Vec::new();
    for (constant, name) in wild.iter().flat_map(|constant| own.iter().map(move |o| (constant, o)))
    {
        match covers(constant, name) {
            Some(whole) => covered.push(whole),
            // Some of its names are covered and some are not: it stands for itself alone.
            None => return (tier, Err(environment.name().to_owned())),
        }
    }
    (tier, Ok(covered))
}

/// Whether a constant covers all of a name, which may have wildcards as well, or nothing of it; neither if
/// it covers a part. The parts of ARNs are compared apart.
fn covers(constant: &str, name: &str) -> Option<bool> {
    let parts = constant.splitn(6, ':').zip(name.splitn(6, ':'));
    let are_arns = constant.starts_with("arn:") && name.starts_with("arn:");
    let pairs: Vec<(&str, &str)> = if are_arns { parts.collect() } else { vec![(constant, name)] };
    if pairs.iter().all(|(constant, name)| matches(constant, name)) {
        return Some(true);
    }
    pairs.iter().any(|(constant, name)| !overlap(constant, name)).then_some(false)
}

/// The words of the policies and of the documents' constants.
struct Mentions<'a> {
    words: BTreeSet<&'a str>,
}

impl<'a> Mentions<'a> {
    fn of(source: &'a Source, constants: &BTreeSet<&'a str>) -> Self {
        let policies = source.policies().iter().map(|policy| policy.file().text());
        let texts = policies.chain(constants.iter().copied());
        Self { words: texts.flat_map(words).collect() }
    }

    /// Whether the name stands anywhere, alone or as part of a longer one.
    fn contains(&self, name: &str) -> bool {
        self.words.contains(name) || self.words.iter().any(|word| word.contains(name))
    }
}

/// What stands between characters that no environment's name has.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| !word.is_empty())
}

/// A name that no environment has, and no constant.
fn unknown(fleet: &Fleet, constants: &BTreeSet<&str>) -> String {
    let spellings = fleet.environments().iter().flat_map(Environment::spellings);
    none_of(&spellings.chain(constants.iter().copied()).map(str::to_owned).collect())
}
