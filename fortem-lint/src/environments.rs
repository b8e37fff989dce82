//! Which environments there are: as the fleet file says, or as the input lets one guess.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use fortem_compile::iam::DocumentKind;
use fortem_compile::{CompileError, compile, output};
use fortem_core::{Fleet, Names, Source, Tier};
use rayon::prelude::*;
use serde::Deserialize;

use crate::source::Place;
use crate::unit::{Owner, Policy, Unit};

/// The environments that a check distinguishes, and the tag that tells them apart.
#[derive(Debug, Clone)]
pub struct Environments {
    tag_key: String,
    // INVARIANT: production first.
    all: Vec<Environment>,
    names: Option<Names>,
    origin: Origin,
    // What the source of the fleet compiles to.
    compiled: Arc<[Policy]>,
    // API actions in small letters that the fleet file accepts as leaks, and why.
    accepted_leaks: BTreeMap<String, String>,
}

/// Where the knowledge of the environments comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The fleet file declares them.
    Declared,
    /// They were guessed from the input.
    Inferred,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name: the value of the tag.
    pub name: String,
    /// Whether customers depend on it.
    pub is_production: bool,
    /// Other values that mean it, each as written.
    pub aliases: Vec<String>,
    /// The accounts in which it lives, as far as declared.
    pub accounts: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Usual {
    tag_keys: Vec<String>,
    production: Vec<UsualNames>,
    nonproduction: Vec<UsualNames>,
    /// By each name in lower case: the usual one of its group, and whether it is production.
    #[serde(skip)]
    by_name: HashMap<String, (String, bool)>,
    /// Environments other than production by their usual names.
    #[serde(skip)]
    neighbours: Vec<Environment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsualNames {
    names: Vec<String>,
}

impl Usual {
    #[expect(
        clippy::expect_used,
        reason = "the text is fixed at compile time, and every test parses it"
    )]
    fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Usual> = LazyLock::new(|| {
            let data = include_str!("../data/environments.toml");
            toml::from_str::<Usual>(data).expect("valid built-in data").indexed()
        });
        &BUILTIN
    }

    fn indexed(mut self) -> Self {
        let production = self.production.iter().map(|group| (group, true));
        for (group, production) in
            production.chain(self.nonproduction.iter().map(|group| (group, false)))
        {
            let Some(usual) = group.names.first() else { continue };
            for name in &group.names {
                let known = self.by_name.entry(name.clone());
                known.or_insert_with(|| (usual.clone(), production));
            }
        }
        let usual = self.nonproduction.iter().filter_map(|group| group.names.first());
        self.neighbours = usual.map(|name| Environment::usual(name)).collect();
        self
    }

    /// The usual name of an environment by any spelling, and whether it is production.
    fn environment(value: &str) -> Option<(&'static str, bool)> {
        let (name, production) = Self::builtin().by_name.get(&value.trim().to_lowercase())?;
        Some((name, *production))
    }
}

impl Environment {
    fn usual(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_production: false,
            aliases: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// Whether a tag value means this environment, letters' case and blanks aside.
    #[must_use]
    pub fn is_meant_by(&self, value: &str) -> bool {
        let value = value.trim();
        self.spellings().any(|known| known.eq_ignore_ascii_case(value))
    }

    /// The name, then the aliases.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

impl Environments {
    /// The environments of a fleet file.
    #[must_use]
    pub fn of_fleet(fleet: &Fleet) -> Self {
        let environments = fleet.environments().iter().map(|one| Environment {
            name: one.name().to_owned(),
            is_production: one.tier() == Tier::Production,
            aliases: one
                .spellings()
                .filter(|known| *known != one.name())
                .map(str::to_owned)
                .collect(),
            accounts: one.accounts().to_vec(),
        });
        Self {
            tag_key: fleet.tag_key().to_owned(),
            all: environments.collect(),
            names: Some(fleet.names().clone()),
            origin: Origin::Declared,
            compiled: Arc::default(),
            accepted_leaks: fleet
                .accepted_leaks()
                .iter()
                .map(|one| (one.name().to_lowercase(), one.reason().to_owned()))
                .collect(),
        }
    }

    /// The environments of a fleet file, and the documents to which the policies beside it compile.
    ///
    /// # Errors
    ///
    /// When the policies do not compile.
    pub fn of_source(source: &Source) -> Result<Self, CompileError> {
        let compiled = compile(source, &[])?;
        let documents = output::documents(&compiled).into_iter().map(|(path, text)| {
            let place = Place { source: 0, range: 0..0, pointer: String::new() };
            let mut policy = Policy::read(&text, DocumentKind::Identity, Owner::Nobody, place);
            let file = path.rsplit('/').next().unwrap_or(&path);
            policy.name = file.strip_suffix(".json").map(str::to_owned);
            policy
        });
        Ok(Self { compiled: documents.collect(), ..Self::of_fleet(source.fleet()) })
    }

    /// The document of a name to which the fleet's source compiles, if that is known.
    #[must_use]
    pub fn compiled(&self, name: &str) -> Option<&Policy> {
        self.compiled.iter().find(|one| one.name.as_deref() == Some(name))
    }

    /// What the tags and policies of some accounts let one guess. There is always a production environment: where
    /// nothing names one, it is called `prod`.
    #[must_use]
    pub fn inferred<'u>(units: impl IntoIterator<Item = &'u Unit>) -> Self {
        let mut seen = Seen::default();
        for unit in units {
            seen.look_at(unit);
        }
        seen.conclude()
    }

    /// Why the fleet file accepts that an API action shows other environments, if it does.
    #[must_use]
    pub fn accepted_leak(&self, action: &str) -> Option<&str> {
        self.accepted_leaks.get(&action.to_lowercase()).map(String::as_str)
    }

    /// The key of the tag that names the environment.
    #[must_use]
    pub fn tag_key(&self) -> &str {
        &self.tag_key
    }

    /// Declared or guessed.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// How the fleet file says that resources are named; none if guessed.
    #[must_use]
    pub fn names(&self) -> Option<&Names> {
        self.names.as_ref()
    }

    /// All, production first.
    #[must_use]
    pub fn all(&self) -> &[Environment] {
        &self.all
    }

    /// The environment of exactly this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Environment> {
        self.all.iter().find(|one| one.name == name)
    }

    /// The environment that a tag value means, whatever its spelling.
    #[must_use]
    pub fn meant_by(&self, value: &str) -> Option<&Environment> {
        self.all.iter().find(|one| one.is_meant_by(value))
    }

    /// The production environments.
    pub fn production(&self) -> impl Iterator<Item = &Environment> {
        self.all.iter().filter(|one| one.is_production)
    }

    /// The environments whose names stand as words in a name or ARN: `fleet-prod` names `prod`, `products` does not.
    #[must_use]
    pub fn named_in<'e>(&'e self, text: &str) -> Vec<&'e Environment> {
        let words: Vec<&str> = words_of(text).collect();
        let named = |one: &&Environment| one.spellings().any(|name| contains_words(&words, name));
        self.all.iter().filter(named).collect()
    }

    /// Whether a tag key is a usual name for the environment's tag, or the one in use, in whatever case.
    #[must_use]
    pub fn is_environment_key(&self, key: &str) -> bool {
        key.eq_ignore_ascii_case(&self.tag_key) || is_usual_key(key)
    }

    /// Where to look for a way out of some environments: production if it is not among them, or else any other.
    #[must_use]
    pub fn foreign_to(&self, own: &[String]) -> Option<&Environment> {
        let mut others = self.all.iter().filter(|one| !own.contains(&one.name));
        others.clone().find(|one| one.is_production).or_else(|| others.next())
    }

    /// Where else to look if the way to production is barred: an environment that is neither production nor among some.
    /// Where environments are guessed and there is none, one that is usual.
    #[must_use]
    pub fn beside(&self, own: &[String]) -> Option<&Environment> {
        let mut known = self.all.iter();
        let is_own = |one: &Environment| {
            own.iter().any(|own| Usual::environment(own) == Usual::environment(&one.name))
        };
        known.find(|one| !one.is_production && !own.contains(&one.name)).or_else(|| {
            let mut usual = Usual::builtin().neighbours.iter();
            usual.find(|one| self.origin == Origin::Inferred && !is_own(one))
        })
    }
}

/// Whether a tag key is usual for the environment.
#[must_use]
pub fn is_usual_key(key: &str) -> bool {
    Usual::builtin().tag_keys.iter().any(|usual| usual.eq_ignore_ascii_case(key))
}

/// Whether a value is a usual name of an environment.
#[must_use]
pub fn is_usual_name(value: &str) -> bool {
    Usual::environment(value).is_some()
}

/// Whether a name has the usual name of an environment as a word of its own.
pub(crate) fn names_usual_word(text: &str) -> bool {
    words_of(text).any(is_usual_name)
}

/// The words of a name, as written.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}

/// Whether some words have the words of a name among them, in order.
fn contains_words(words: &[&str], name: &str) -> bool {
    let Some(first) = words_of(name).next() else { return false };
    let begins = words.iter().enumerate().filter(|(_, word)| is_same_word(word, first));
    begins.into_iter().any(|(at, _)| {
        let mut rest = words.iter().skip(at);
        words_of(name).all(|sought| rest.next().is_some_and(|word| is_same_word(word, sought)))
    })
}

fn is_same_word(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// What inputs say of tag keys and environments.
#[derive(Debug, Default)]
pub struct Seen {
    // For each key that may be the environment's, as written: how often it is used.
    keys: BTreeMap<String, usize>,
    // For each value as written: how often it is used.
    values: BTreeMap<String, usize>,
    // Usual names of environments that stand as words in ARNs; tags know better how they are written.
    words: BTreeSet<String>,
    // Values by keys that are not usual ones and may be the environment's all the same: they count if no usual key is used.
    unusual: BTreeMap<String, BTreeMap<String, usize>>,
    // The same in ARNs of roles and users, which are also called `deploy` or `test`: they count if nothing else does.
    words_of_roles: BTreeSet<String>,
}

impl Seen {
    /// Takes note of the tags and policies of an account.
    pub fn look_at(&mut self, unit: &Unit) {
        for principal in &unit.principals {
            for (key, value) in &principal.tags {
                self.tag(key, value);
            }
        }
        if let Some(resources) = &unit.resources {
            resources.each_tag(|key, value| self.tag(key, value));
        }
        let of_policies = unit.policies.par_iter().fold(Self::default, |mut seen, policy| {
            seen.look_at_policy(policy);
            seen
        });
        // Sums and sets: the order in which they are joined does not matter.
        self.add(of_policies.reduce(Self::default, |mut seen, more| {
            seen.add(more);
            seen
        }));
    }

    fn look_at_policy(&mut self, policy: &Policy) {
        for statement in policy.document.statements() {
            statement.resources().iter().for_each(|resource| self.arn(resource));
            for condition in statement.conditions() {
                self.condition(condition.key(), condition.values());
            }
        }
    }

    fn add(&mut self, more: Self) {
        for (all, more) in [(&mut self.keys, more.keys), (&mut self.values, more.values)] {
            for (text, uses) in more {
                *all.entry(text).or_default() += uses;
            }
        }
        for (key, values) in more.unusual {
            let all = self.unusual.entry(key).or_default();
            for (value, uses) in values {
                *all.entry(value).or_default() += uses;
            }
        }
        self.words.extend(more.words);
        self.words_of_roles.extend(more.words_of_roles);
    }

    fn tag(&mut self, key: &str, value: &str) {
        if is_usual_key(key) {
            *self.keys.entry(key.to_owned()).or_default() += 1;
            *self.values.entry(value.to_owned()).or_default() += 1;
        } else if has_usual_word(key) {
            let values = self.unusual.entry(key.to_owned()).or_default();
            *values.entry(value.to_owned()).or_default() += 1;
        }
    }

    fn arn(&mut self, arn: &str) {
        let name = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let usual = words_of(name).filter(|word| is_usual_name(word)).map(str::to_lowercase);
        if arn.split(':').nth(2) == Some("iam") {
            self.words_of_roles.extend(usual);
        } else {
            self.words.extend(usual);
        }
    }

    fn condition(&mut self, key: &str, values: &[String]) {
        if key.eq_ignore_ascii_case("ecs:cluster") {
            for value in values {
                self.arn(value);
            }
        }
        let Some((head, tag)) = key.split_once('/') else { return };
        let head = head.to_ascii_lowercase();
        let is_tag = head.ends_with(":resourcetag")
            || head == "aws:requesttag"
            || head == "aws:principaltag";
        let named = values.iter().filter(|value| !value.contains(['*', '?', '$']));
        if is_tag && is_usual_key(tag) {
            *self.keys.entry(tag.to_owned()).or_default() += 1;
            for value in named {
                *self.values.entry(value.clone()).or_default() += 1;
            }
        } else if is_tag && has_usual_word(tag) {
            let seen = self.unusual.entry(tag.to_owned()).or_default();
            for value in named {
                *seen.entry(value.clone()).or_default() += 1;
            }
        }
    }

    /// What can be guessed from all that was looked at, as [`Environments::inferred`] has it.
    #[must_use]
    pub fn conclude(mut self) -> Environments {
        if self.keys.is_empty() {
            self.settle_for_unusual();
        }
        let most = |counted: &BTreeMap<String, usize>| {
            let mut all: Vec<_> = counted.iter().collect();
            all.sort_by(|(a, many), (b, few)| few.cmp(many).then(a.cmp(b)));
            all.first().map(|(key, _)| (*key).clone())
        };
        let tag_key = most(&self.keys).unwrap_or_else(|| "Environment".to_owned());
        let mut environments: Vec<Environment> = Vec::new();
        let mut by_use: Vec<(&String, &usize)> = self.values.iter().collect();
        // Of spellings that are used alike, the one in small letters is the name.
        let is_shouted = |value: &str| value.chars().any(char::is_uppercase);
        by_use.sort_by(|(a, many), (b, few)| {
            few.cmp(many).then(is_shouted(a).cmp(&is_shouted(b))).then(a.cmp(b))
        });
        for (value, _) in by_use {
            let trimmed = value.trim();
            if !trimmed.is_empty()
                && !trimmed.eq_ignore_ascii_case("true")
                && !trimmed.eq_ignore_ascii_case("false")
            {
                add(&mut environments, trimmed);
            }
        }
        self.words.iter().for_each(|word| add(&mut environments, word));
        if environments.is_empty() {
            self.words_of_roles.iter().for_each(|word| add(&mut environments, word));
        }
        if !environments.iter().any(|one| one.is_production) {
            add(&mut environments, "prod");
        }
        environments
            .sort_by(|a, b| b.is_production.cmp(&a.is_production).then(a.name.cmp(&b.name)));
        Environments {
            tag_key,
            all: environments,
            names: None,
            origin: Origin::Inferred,
            compiled: Arc::default(),
            accepted_leaks: BTreeMap::new(),
        }
    }
}

impl Seen {
    /// Takes the unusual key whose values are usual names of environments most often.
    fn settle_for_unusual(&mut self) {
        let usual = |values: &BTreeMap<String, usize>| -> usize {
            values.iter().filter(|(value, _)| is_usual_name(value)).map(|(_, uses)| uses).sum()
        };
        let mut all: Vec<_> = std::mem::take(&mut self.unusual).into_iter().collect();
        all.sort_by(|(a, many), (b, few)| usual(few).cmp(&usual(many)).then_with(|| a.cmp(b)));
        if let Some((key, values)) = all.into_iter().next() {
            self.keys.insert(key, 1);
            self.values = values;
        }
    }
}

/// Whether a tag key has a usual one as a word of its own: `acme:environment`. Keys of AWS services say something else.
fn has_usual_word(key: &str) -> bool {
    let of_aws = ["aws:", "elasticbeanstalk:"].iter().any(|begin| key.starts_with(begin));
    !of_aws && words_of(key).any(is_usual_key)
}

/// Adds a value, most used first, as an environment or as another spelling of one.
fn add(environments: &mut Vec<Environment>, value: &str) {
    let usual = Usual::environment(value);
    let same = |one: &&mut Environment| {
        let known = Usual::environment(&one.name);
        one.name.eq_ignore_ascii_case(value) || (usual.is_some() && known == usual)
    };
    if let Some(known) = environments.iter_mut().find(same) {
        if known.name != value && !known.aliases.iter().any(|alias| alias == value) {
            known.aliases.push(value.to_owned());
        }
        return;
    }
    let mut aliases = Vec::new();
    if let Some((name, true)) = usual
        && let Some(group) = Usual::builtin()
            .production
            .iter()
            .find(|group| group.names.first().is_some_and(|first| first == name))
    {
        aliases = group.names.iter().filter(|other| *other != value).cloned().collect();
    }
    environments.push(Environment {
        name: value.to_owned(),
        is_production: usual.is_some_and(|(_, production)| production),
        aliases,
        accounts: Vec::new(),
    });
}

/// Whether a name has an environment's name as a word of its own.
pub(crate) fn names_word(text: &str, environment: &str) -> bool {
    contains_words(&words_of(text).collect::<Vec<_>>(), environment)
}
