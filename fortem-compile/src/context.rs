//! Which condition key an attribute of the Cedar context is, a tag, a team or a person.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fortem_core::{ContextKey, ContextType, Fleet, Problem, Problems};
use serde::Deserialize;

use crate::reference::{KeyType, Reference, ValueType};

const TEXT: &str = include_str!("../data/context.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    attribute: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    name: String,
    key: String,
}

/// The condition keys that a fleet's policies can ask about.
#[derive(Debug, Clone)]
pub struct ContextKeys<'a> {
    fleet: &'a Fleet,
    reference: &'a Reference,
    by_attribute: BTreeMap<String, String>,
}

impl<'a> ContextKeys<'a> {
    /// The built-in keys with those of the fleet file.
    ///
    /// # Errors
    ///
    /// A problem for each key of the fleet file that the service reference does not know, that holds several values,
    /// or that is of another type than the attribute.
    pub fn of(fleet: &'a Fleet, reference: &'a Reference) -> Result<Self, Problems> {
        let wrong = fleet.context().iter().filter_map(|one| check(fleet, reference, one));
        Problems::unless(wrong.collect(), ())?;
        let own = fleet.context().iter().map(|one| (one.attribute(), one.key()));
        let builtin = builtin().iter().map(|one| (one.name.as_str(), one.key.as_str()));
        let all = builtin.chain(own).map(|(name, key)| (name.to_owned(), key.to_owned()));
        Ok(Self { fleet, reference, by_attribute: all.collect() })
    }

    /// The key of an attribute of the context; `None` if IAM sees nothing of it.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.by_attribute.get(name).map(String::as_str)
    }

    /// Attributes of the context with their keys, sorted by attribute.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_attribute.iter().map(|(name, key)| (name.as_str(), key.as_str()))
    }

    /// The key of a tag of the resource.
    #[must_use]
    pub fn resource_tag(tag: &str) -> String {
        format!("aws:ResourceTag/{tag}")
    }

    /// The key of a tag of the principal.
    #[must_use]
    pub fn principal_tag(tag: &str) -> String {
        format!("aws:PrincipalTag/{tag}")
    }

    /// The key whose value is `true` for whoever is in a team; `None` if the fleet does not say.
    #[must_use]
    pub fn team(&self, team: &str) -> Option<String> {
        self.fleet.team_tag_key(team).map(|tag| Self::principal_tag(&tag))
    }

    /// The key whose value is the person's id; `None` if the fleet does not say.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.fleet.user_tag_key().map(Self::principal_tag)
    }

    /// What the values of a key are; tags are text.
    #[must_use]
    pub fn value_type(&self, key: &str) -> ValueType {
        self.reference.key_type(key).map_or(ValueType::String, |known| known.value)
    }
}

/// What a key says of somebody who is in a team.
pub const MEMBER: &str = "true";

fn builtin() -> &'static [Attribute] {
    #[expect(
        clippy::expect_used,
        reason = "the text is fixed at compile time and every test parses it"
    )]
    static BUILTIN: LazyLock<File> =
        LazyLock::new(|| toml::from_str(TEXT).expect("the built-in context keys are valid TOML"));
    &BUILTIN.attribute
}

fn check(fleet: &Fleet, reference: &Reference, one: &ContextKey) -> Option<Problem> {
    let code = "fortem::compile::context_key";
    let problem = |message: String, label: String| {
        Problem::new(code, message).at(fleet.file(), one.key_span(), label)
    };
    let Some(KeyType { value, multivalued }) = reference.key_type(one.key()) else {
        let message = format!("the service reference does not know the key `{}`", one.key());
        return Some(problem(message, "no request has this key".to_owned()).help(
            "see `Actions, resources, and condition keys` of the service in AWS's documentation",
        ));
    };
    if multivalued {
        let message = format!("`{}` holds several values", one.key());
        let help = "an attribute of the context is one value; ask about another key";
        return Some(problem(message, "a set of values".to_owned()).help(help));
    }
    let fits = one.value_type().is_none_or(|wanted| fits(wanted, value));
    (!fits).then(|| {
        let message = format!("`{}` is of another type than the attribute", one.key());
        let wanted = one.value_type().map_or("", ContextType::as_str);
        problem(message, format!("its values are {}, not `{wanted}`", words(value)))
            .help(format!("write `type = \"{}\"`", cedar(value)))
    })
}

fn fits(attribute: ContextType, key: ValueType) -> bool {
    attribute.as_str() == cedar(key)
}

/// The Cedar type that holds the values of a key.
fn cedar(value: ValueType) -> &'static str {
    match value {
        ValueType::String | ValueType::Arn => "String",
        ValueType::Bool => "Bool",
        ValueType::Numeric => "Long",
        ValueType::Date => "datetime",
        ValueType::IpAddress => "ipaddr",
    }
}

fn words(value: ValueType) -> &'static str {
    match value {
        ValueType::String => "texts",
        ValueType::Arn => "ARNs",
        ValueType::Bool => "`true` or `false`",
        ValueType::Numeric => "numbers",
        ValueType::Date => "points in time",
        ValueType::IpAddress => "addresses",
    }
}
