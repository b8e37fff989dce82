//! Which environments have to be asked about.
//!
//! Cedar tells environments apart by their tier and where a policy names one; IAM by what the documents
//! say about their names. Two environments can be exchanged for one another if they are of one tier, no
//! policy and no row of a team's own names either, and the documents stay as they are, the order of values aside, when every mention
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
use crate::domain::none_of;
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
    /// Environments that no policy names → which of the texts that mention none cover its names.
    covered: BTreeMap<String, Vec<bool>>,
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
        let texts = Texts::of(fleet, table, statements);
        let policies = source.policies().iter().flat_map(|policy| words(policy.file().text()));
        let named: BTreeSet<&str> = policies.collect();
        // What a row of the table says of one environment holds of no other, whatever the documents say.
        let own_rows = source.lowering().map(|file| lower(file.text())).unwrap_or_default();
        let mut covered = BTreeMap::new();
        let mut classes: BTreeMap<(&'static str, Said), Vec<&str>> = BTreeMap::new();
        for environment in fleet.environments() {
            let is_named = environment
                .spellings()
                .any(|spelling| named.contains(spelling) || own_rows.contains(&lower(spelling)));
            let said = if is_named {
                Said::Alone(environment.name().to_owned())
            } else {
                texts.about(environment)
            };
            if let Said::Alike { covered: own, .. } = &said {
                covered.insert(environment.name().to_owned(), own.clone());
            }
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
        Self { representative, owners, asked, unknown, covered }
    }

    /// Whether nothing but the texts that mention either tells one environment from the other.
    pub(super) fn differ_by_mentions_alone(&self, one: &Environment, other: &Environment) -> bool {
        let covered = |environment: &Environment| self.covered.get(environment.name());
        one.tier() == other.tier()
            && one.accounts() == other.accounts()
            && one.names() == other.names()
            && covered(one).is_some_and(|own| Some(own) == covered(other))
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

    /// The environment that a tag spells by an alias or in other letter case, and that is asked about in its place.
    pub(super) fn spelt_otherwise(&self, tag: &str) -> Option<&str> {
        let owner = self.owners.get(&lower(tag)).filter(|owner| owner.as_str() != tag)?;
        self.representative.get(owner).map(String::as_str)
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
#[derive(Default)]
struct Texts<'t> {
    /// Every text with its places.
    all: BTreeMap<&'t str, Vec<Place>>,
    /// Texts that mention one environment, by its name.
    about: BTreeMap<&'t str, Vec<&'t str>>,
    /// Environments that some text mentions together with another.
    together: BTreeSet<&'t str>,
    /// Texts with wildcards that mention no environment.
    wild: Vec<&'t str>,
    /// Environment → its name, and the ARNs that its names reach.
    names: BTreeMap<&'t str, Vec<String>>,
}

impl<'t> Texts<'t> {
    fn of(fleet: &'t Fleet, table: &Table, statements: &[&'t Statement]) -> Self {
        let mut texts = Self { names: names(fleet, table), ..Self::default() };
        for (number, statement) in statements.iter().enumerate() {
            for (element, text) in statement.texts() {
                texts.all.entry(text).or_default().push((number, element));
            }
        }
        let spellings = fleet.environments().iter();
        let spellings =
            spellings.flat_map(|one| one.spellings().map(move |text| (lower(text), one.name())));
        let spellings: Vec<(String, &str)> = spellings.collect();
        for text in texts.all.keys() {
            let mentioned = mentioned(text, &spellings, &texts.names);
            match mentioned.iter().copied().collect::<Vec<_>>().as_slice() {
                [] if is_open(text) => texts.wild.push(*text),
                [] => {}
                [one] => texts.about.entry(*one).or_default().push(*text),
                _ => texts.together.extend(mentioned),
            }
        }
        texts
    }

    /// What is said about an environment.
    fn about(&self, environment: &Environment) -> Said {
        let name = environment.name();
        if self.together.contains(name) {
            return Said::Alone(name.to_owned());
        }
        let own = self.names.get(name).map_or(&[][..], Vec::as_slice);
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

fn names<'t>(fleet: &'t Fleet, table: &Table) -> BTreeMap<&'t str, Vec<String>> {
    let of = |one: &'t Environment| {
        one.spellings().flat_map(|spelling| names_of(fleet, table, spelling)).collect()
    };
    fleet.environments().iter().map(|one| (one.name(), of(one))).collect()
}

/// The environments that a text has the spelling of; where it goes on in a wildcard, those as well of
/// which that reaches some name.
fn mentioned<'t>(
    text: &str,
    spellings: &[(String, &'t str)],
    names: &BTreeMap<&'t str, Vec<String>>,
) -> BTreeSet<&'t str> {
    let lower = lower(text);
    let spelt = spellings.iter().filter(|(spelling, _)| lower.contains(spelling));
    let mut mentioned: BTreeSet<&str> = spelt.map(|(_, one)| *one).collect();
    if !mentioned.is_empty() && is_open(text) {
        let reached = |names: &[String]| names.iter().any(|one| covers(text, one) != Some(false));
        mentioned.extend(names.iter().filter(|(_, own)| reached(own)).map(|(one, _)| *one));
    }
    mentioned
}

/// Whether a text has wildcards and no variable: what has one follows the principal, as each environment's
/// names do.
fn is_open(text: &str) -> bool {
    text.contains(['*', '?']) && !text.contains("${")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Document;
    use fortem_core::SourceFile;

    /// The environments that are asked about in a fleet of four and a guarded one, with a document that
    /// compares the resource's tag with these values.
    fn asked(operator: &str, values: &str) -> BTreeSet<String> {
        asked_with(operator, values, None)
    }

    fn asked_with(operator: &str, values: &str, own_rows: Option<&str>) -> BTreeSet<String> {
        let environments = ["a-dev", "b-qa", "c-predev", "d-stage", "e-prod"].map(|name| {
            let tier = if name == "e-prod" { "production" } else { "nonproduction" };
            let alias = name.split('-').next_back().unwrap();
            format!(
                "[[environment]]\nname = \"{name}\"\ntier = \"{tier}\"\naliases = [\"{alias}\"]\n"
            )
        });
        let fleet = SourceFile::new("fleet.toml", environments.concat());
        let mut source = Source::parse(&fleet, &[]).unwrap();
        if let Some(text) = own_rows {
            source = source.with_lowering(SourceFile::new("lowering.toml", text));
        }
        let document = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*",
                "Condition": {{"{operator}": {{"aws:ResourceTag/Environment": {values}}}}}}}}}"#
        );
        let document = Document::parse(&document).unwrap();
        let statements: Vec<&Statement> = document.statements().iter().collect();
        let mut asked = Environments::of(&source, Table::builtin(), &statements);
        let unknown = asked.unknown().to_owned();
        assert!(asked.asked.remove(&unknown));
        asked.asked
    }

    fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
        names.map(str::to_owned).into()
    }

    #[test]
    fn two_of_each_class_are_asked_about() {
        let alike = set(["a-dev", "b-qa", "e-prod"]);
        assert_eq!(asked("StringEquals", r#""x""#), alike);
        assert_eq!(
            asked("StringEquals", r#"["qa", "d-stage"]"#),
            set(["a-dev", "b-qa", "c-predev", "d-stage", "e-prod"])
        );
    }

    #[test]
    fn who_is_named_in_rows_of_a_teams_own_stands_alone() {
        let own_rows = Some("resource = \"queue/D-STAGE-*\"");
        let expected = set(["a-dev", "b-qa", "d-stage", "e-prod"]);
        assert_eq!(asked_with("StringEquals", r#""x""#, own_rows), expected);
    }

    #[test]
    fn who_is_reached_by_the_pattern_of_another_stands_alone() {
        let all = set(["a-dev", "b-qa", "c-predev", "d-stage", "e-prod"]);
        assert_eq!(
            asked("StringLike", r#""a-dev*""#),
            set(["a-dev", "b-qa", "c-predev", "e-prod"])
        );
        assert_eq!(asked("StringLike", r#""*dev""#), all);
        assert_eq!(
            asked("StringLike", r#""?-pre*""#),
            set(["a-dev", "b-qa", "c-predev", "e-prod"])
        );
    }
}
