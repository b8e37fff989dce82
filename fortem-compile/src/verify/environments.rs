//! Which environments have to be asked about.
//!
//! Cedar tells environments apart by their tier and where a policy names one; IAM by what the documents
//! say about their names. Two environments can be exchanged for one another if they are of one tier, no
//! policy names either, and the documents stay as they are, the order of values aside, when every mention
//! of the one is replaced by the other and the other way round. Then each call about the one has a twin
//! about the other, with the same answers on both sides: they are one class. One principal of each class
//! is asked about, and resources of two, since one is the principal's and the other is not; so the cost
//! does not grow with the fleet. One environment more is asked about that the fleet does not know.
//!
//! No name of one environment is a name of another: a fleet in which patterns meet is refused when it is
//! read.

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::pattern::{matches, overlap};
use fortem_core::{Environment, Fleet, Source};

use super::plain::names_of;
use super::values::none_of;
use crate::iam::Statement;
use crate::table::Table;

/// Stands in a constant for the environment that it mentions, followed by the number of the spelling.
const PLACEHOLDER: char = '\u{0}';

/// The classes of a fleet's environments.
pub(super) struct Environments {
    /// Environment → the first of its class.
    representative: BTreeMap<String, String>,
    /// Spelling in lower case → environment.
    owners: BTreeMap<String, String>,
    /// One or two of each class, and an unknown one.
    asked: BTreeSet<String>,
    unknown: String,
}

/// Where a text stands: the numbers of the statement and of its element.
type Place = (usize, usize);

/// What the documents say about an environment: places and texts, with the environment left open. No two
/// environments that stand alone are of one class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Alike { mentions: BTreeSet<(Place, String)>, covered: Vec<bool> },
    Alone(String),
}

impl Environments {
    /// Classes of the environments, by the policies and by what the documents say.
    pub(super) fn of(source: &Source, table: &Table, statements: &[&Statement]) -> Self {
        let fleet = source.fleet();
        let texts = Texts::of(fleet, statements);
        let policies = source.policies().iter().flat_map(|policy| words(policy.file().text()));
        let named: BTreeSet<&str> = policies.collect();
        let mut classes: BTreeMap<(&'static str, Said), Vec<&str>> = BTreeMap::new();
        for environment in fleet.environments() {
            let is_named = environment.spellings().any(|spelling| named.contains(spelling));
            let said = if is_named {
                Said::Alone(environment.name().to_owned())
            } else {
                texts.about(fleet, table, environment)
            };
            let class = (environment.tier().as_str(), said);
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
        let owners = fleet.environments().iter().flat_map(|one| {
            one.spellings().map(|spelling| (lower(spelling), one.name().to_owned()))
        });
        let owners = owners.collect();
        let unknown = unknown(fleet, &texts);
        asked.insert(unknown.clone());
        Self { representative, owners, asked, unknown }
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

    /// Whether a tag of a principal spells an environment for which another one is asked about.
    pub(super) fn is_represented(&self, tag: &str) -> bool {
        let owner = self.owners.get(&lower(tag));
        owner.is_some_and(|owner| self.representative.get(owner) != Some(owner))
    }
}

/// The texts of the documents, by what they mention.
struct Texts<'t> {
    /// Every text with its places.
    all: BTreeMap<&'t str, Vec<Place>>,
    /// Texts that mention one environment, by its name.
    about: BTreeMap<&'t str, Vec<&'t str>>,
    /// Environments that some text mentions together with another.
    together: BTreeSet<&'t str>,
    /// Texts with wildcards that mention no environment.
    wild: Vec<&'t str>,
}

impl<'t> Texts<'t> {
    fn of(fleet: &'t Fleet, statements: &[&'t Statement]) -> Self {
        let mut all: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
        for (number, statement) in statements.iter().enumerate() {
            for (element, text) in statement.texts() {
                all.entry(text).or_default().push((number, element));
            }
        }
        let spellings = fleet.environments().iter();
        let spellings =
            spellings.flat_map(|one| one.spellings().map(move |text| (lower(text), one)));
        let spellings: Vec<(String, &Environment)> = spellings.collect();
        let (mut about, mut together) = (BTreeMap::<&str, Vec<&str>>::new(), BTreeSet::new());
        let mut wild = Vec::new();
        for text in all.keys() {
            let lower = lower(text);
            let mentioned = spellings.iter().filter(|(spelling, _)| lower.contains(spelling));
            let mentioned: BTreeSet<&str> = mentioned.map(|(_, one)| one.name()).collect();
            match mentioned.iter().copied().collect::<Vec<_>>().as_slice() {
                // What has a variable follows the principal, as each environment's names do.
                [] if text.contains(['*', '?']) && !text.contains("${") => wild.push(*text),
                [] => {}
                [one] => about.entry(*one).or_default().push(*text),
                _ => together.extend(mentioned),
            }
        }
        Self { all, about, together, wild }
    }

    /// What is said about an environment.
    fn about(&self, fleet: &Fleet, table: &Table, environment: &Environment) -> Said {
        let name = environment.name();
        if self.together.contains(name) {
            return Said::Alone(name.to_owned());
        }
        let own: BTreeSet<String> =
            environment.spellings().flat_map(|one| names_of(fleet, table, one)).collect();
        let mut covered = Vec::new();
        for (text, name) in self.wild.iter().flat_map(|text| own.iter().map(move |o| (text, o))) {
            match covers(text, name) {
                Some(whole) => covered.push(whole),
                // Some of its names are covered and some are not.
                None => return Said::Alone(environment.name().to_owned()),
            }
        }
        let mut mentions = BTreeSet::new();
        for text in self.about.get(name).into_iter().flatten() {
            let open = left_open(text, environment);
            let places = self.all.get(text).into_iter().flatten();
            mentions.extend(places.map(|place| (*place, open.clone())));
        }
        Said::Alike { mentions, covered }
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// The text without the environment's spellings, the longest first, since one may be a part of another.
fn left_open(text: &str, environment: &Environment) -> String {
    let mut spellings: Vec<(usize, &str)> = environment.spellings().enumerate().collect();
    spellings.sort_by_key(|(_, spelling)| std::cmp::Reverse(spelling.len()));
    spellings.iter().fold(text.to_owned(), |text, (number, spelling)| {
        text.replace(spelling, &format!("{PLACEHOLDER}{number}{PLACEHOLDER}"))
    })
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

/// What stands between characters that no environment's name has.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| !word.is_empty())
}

/// A name that no environment has, and no text.
fn unknown(fleet: &Fleet, texts: &Texts) -> String {
    let spellings = fleet.environments().iter().flat_map(Environment::spellings);
    none_of(&spellings.chain(texts.all.keys().copied()).map(str::to_owned).collect())
}
