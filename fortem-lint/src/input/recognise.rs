//! What a text is, by its content.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{Read, stdin};
use std::marker::PhantomData;

use fortem_compile::iam::Json;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{
    Entry, InputError, LIMIT, NotAssessed, authorization, cloudformation, inventory, organization,
    policy, terraform,
};
use crate::organization::Organization;
use crate::source::Source;
use crate::unit::Unit;

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Output of `aws iam get-account-authorization-details`.
    AuthorizationDetails,
    /// A policy document.
    Policy,
    /// The plan of Terraform or `OpenTofu` as JSON.
    TerraformPlan,
    /// A `CloudFormation` template as JSON.
    CloudFormation,
    /// The tree of an Organization.
    Organization,
    /// A snapshot of `fortem-lint collect`.
    Snapshot,
    /// What runs in a Region: a file of a snapshot, or what the AWS CLI prints of ECS.
    Inventory,
    /// None of these.
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthorizationDetails => "an account's authorization details",
            Self::Policy => "a policy document",
            Self::TerraformPlan => "a Terraform plan",
            Self::CloudFormation => "a CloudFormation template",
            Self::Organization => "an Organization",
            Self::Snapshot => "a snapshot",
            Self::Inventory => "what runs in a Region",
            Self::Unknown => "unknown",
        })
    }
}

/// The keys by which inputs are told apart; everything else is left where it is.
#[derive(Debug, Deserialize)]
pub(super) struct Top<'t> {
    #[serde(borrow, default, rename = "UserDetailList")]
    pub(super) users: Option<Elements<'t>>,
    #[serde(borrow, default, rename = "GroupDetailList")]
    pub(super) groups: Option<Elements<'t>>,
    #[serde(borrow, default, rename = "RoleDetailList")]
    pub(super) roles: Option<Elements<'t>>,
    #[serde(borrow, default, rename = "Policies")]
    pub(super) policies: Option<Elements<'t>>,
    #[serde(default, rename = "IsTruncated")]
    pub(super) is_truncated: bool,
    #[serde(borrow, default, rename = "Statement")]
    pub(super) statement: Option<&'t RawValue>,
    #[serde(borrow, default, rename = "PolicyVersion")]
    pub(super) policy_version: Option<&'t RawValue>,
    #[serde(borrow, default, rename = "PolicyDocument")]
    pub(super) policy_document: Option<&'t RawValue>,
    #[serde(borrow, default)]
    pub(super) schema: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    pub(super) planned_values: Option<&'t RawValue>,
    #[serde(borrow, default, rename = "Resources")]
    pub(super) resources: Option<&'t RawValue>,
}

/// The elements of a list, each as it is written: of large lists the text is gone through once less than if the list
/// itself were kept.
#[derive(Debug)]
pub(super) enum Elements<'t> {
    List(Vec<&'t RawValue>),
    /// Something else stands there.
    NoList,
}

impl<'de: 't, 't> Deserialize<'de> for Elements<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementsVisitor(PhantomData))
    }
}

struct ElementsVisitor<'t>(PhantomData<&'t ()>);

impl<'de: 't, 't> Visitor<'de> for ElementsVisitor<'t> {
    type Value = Elements<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Elements::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(map).map(|_| Elements::NoList)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Elements::NoList)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Elements::NoList)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Elements::NoList)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Elements::NoList)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Elements::NoList)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Elements::NoList)
    }
}

/// What a text turned out to be.
#[derive(Debug)]
pub(super) struct Recognised {
    pub(super) kind: Kind,
    pub(super) units: Vec<Unit>,
    pub(super) organization: Option<Organization>,
    pub(super) not_assessed: Vec<NotAssessed>,
    pub(super) is_truncated: bool,
}

impl From<(Kind, Vec<Unit>, Vec<NotAssessed>)> for Recognised {
    fn from((kind, units, not_assessed): (Kind, Vec<Unit>, Vec<NotAssessed>)) -> Self {
        Self { kind, units, organization: None, not_assessed, is_truncated: false }
    }
}

/// The units of a text.
pub(super) fn units(source: Source) -> Result<Recognised, InputError> {
    let text = source.text().trim_start();
    if !text.starts_with(['{', '[']) {
        return Err(InputError::Unknown);
    }
    if text.starts_with('[') {
        return Err(InputError::Unknown);
    }
    let top: Top<'_> = match serde_json::from_str(text) {
        Ok(top) => top,
        // A policy document may be wrong in itself, and a rule says so with its place.
        Err(_) if policy::looks_like_one(text) => return Ok(policy::unit(source).into()),
        Err(error) => return Err(InputError::json(&error)),
    };
    if top.users.is_some()
        || top.roles.is_some()
        || (top.groups.is_some() && top.policies.is_some())
    {
        let is_truncated = top.is_truncated;
        let (unit, not_assessed) =
            authorization::unit(&[authorization::Page { source: &source, top }]);
        let unit = Unit { sources: vec![source], ..unit };
        let read = Recognised::from((Kind::AuthorizationDetails, vec![unit], not_assessed));
        return Ok(Recognised { is_truncated, ..read });
    }
    if top.statement.is_some() || top.policy_version.is_some() || top.policy_document.is_some() {
        return Ok(policy::unit(source).into());
    }
    if top.schema.as_deref() == Some(organization::SCHEMA) {
        let json = json(&source)?;
        let organization = Some(organization::read(source, &json)?);
        let read = Recognised::from((Kind::Organization, Vec::new(), Vec::new()));
        return Ok(Recognised { organization, ..read });
    }
    if top.planned_values.is_some() || top.resources.is_some() {
        let json = json(&source)?;
        if terraform::is_plan(&json) {
            return Ok(terraform::unit(source, &json).into());
        }
        if cloudformation::is_template(&json) {
            return Ok(cloudformation::unit(source, &json).into());
        }
    }
    if inventory::looks_like_one(text) {
        return inventory::unit(source).map(Recognised::from);
    }
    Err(InputError::Unknown)
}

fn json(source: &Source) -> Result<Json, InputError> {
    Json::parse(source.text()).map_err(|error| InputError::Json {
        message: error.to_string(),
        line: error.span().line(),
        column: error.span().column(),
    })
}

/// The text of a file or of standard input.
///
/// # Errors
///
/// [`InputError::Io`], [`InputError::TooLarge`], [`InputError::NotUtf8`], [`InputError::Utf16`].
pub fn read_text(entry: &Entry) -> Result<String, InputError> {
    let mut bytes = Vec::new();
    match entry {
        Entry::Stdin => stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes)?,
        Entry::File { path, .. } => {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            if length > LIMIT {
                return Err(InputError::TooLarge);
            }
            bytes.reserve(usize::try_from(length).unwrap_or_default());
            file.take(LIMIT + 1).read_to_end(&mut bytes)?
        }
        Entry::Snapshot { .. } => return Err(InputError::Unknown),
    };
    if bytes.len() as u64 > LIMIT {
        return Err(InputError::TooLarge);
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(InputError::Utf16);
    }
    String::from_utf8(bytes)
        .map_err(|error| InputError::NotUtf8 { offset: error.utf8_error().valid_up_to() })
}
