//! One statement of a document, and whether it applies to a request.

use super::arn::ResourcePattern;
use super::condition::Condition;
use super::document::{DocumentFault, Version, object, text, wrong_kind};
use super::json::Json;
use super::request::{Context, Request};
use super::truth::Truth;
use super::variable::Template;

/// What a statement does to the requests it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

/// One statement of a policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sid: Option<String>,
    number: usize,
    effect: Effect,
    actions: Scope<Template>,
    resources: Scope<ResourcePattern>,
    conditions: Vec<Condition>,
}

/// An element or its `Not…` twin.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope<T> {
    Only(Vec<T>),
    AllExcept(Vec<T>),
}

impl<T> Scope<T> {
    fn covers(&self, matches: impl Fn(&T) -> Truth) -> Truth {
        match self {
            Self::Only(listed) => Truth::any(listed.iter().map(matches)),
            Self::AllExcept(listed) => !Truth::any(listed.iter().map(matches)),
        }
    }
}

impl Statement {
    /// The `Sid`, if the statement has one that is not empty.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The place in the document, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The Sid, else the number.
    #[must_use]
    pub fn name(&self) -> String {
        self.sid.clone().unwrap_or_else(|| self.number.to_string())
    }

    /// Whether it allows or denies.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The conditions in the order of the text.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether the statement applies to a request: action, resource and every condition.
    #[must_use]
    pub fn applies(&self, request: &Request) -> Truth {
        Truth::from(self.covers_action(request.action()))
            .and(|| self.covers_resource(request.resource(), request.context()))
            .and(|| {
                Truth::all(
                    self.conditions.iter().map(|condition| condition.holds(request.context())),
                )
            })
    }

    /// Whether the statement speaks of an API action, given in lower case.
    #[must_use]
    pub fn covers_action(&self, action: &str) -> bool {
        self.actions.covers(|pattern| pattern.matches(action).into()) == Truth::Yes
    }

    /// Whether the statement speaks of a resource, an ARN or `*`; the context fills its policy variables.
    ///
    /// A variable without value matches no resource, also under `NotResource`.
    #[must_use]
    pub fn covers_resource(&self, resource: &str, context: &Context) -> Truth {
        self.resources.covers(|pattern| pattern.matches(resource, context))
    }
}

/// The name under which errors speak of a statement: its Sid, else its number.
pub(super) fn name_of(value: &Json, number: usize) -> String {
    let Json::Object(entries) = value else {
        return number.to_string();
    };
    entries
        .iter()
        .find_map(|(element, value)| match value {
            Json::Text(sid) if element == "Sid" && !sid.is_empty() => Some(sid.clone()),
            _ => None,
        })
        .unwrap_or_else(|| number.to_string())
}

/// The elements of a statement as they come.
#[derive(Default)]
struct Elements {
    sid: Option<String>,
    effect: Option<Effect>,
    action: Option<Json>,
    not_action: Option<Json>,
    resource: Option<Json>,
    not_resource: Option<Json>,
    condition: Option<Json>,
}

/// Reads one statement.
pub(super) fn read(
    value: Json,
    number: usize,
    version: Version,
) -> Result<Statement, DocumentFault> {
    let elements = Elements::read(value)?;
    let variables = version == Version::V2012;
    let actions = scope("Action", elements.action, elements.not_action, &read_action)?;
    let resources = scope("Resource", elements.resource, elements.not_resource, &|text| {
        read_resource(text, variables)
    })?;
    Ok(Statement {
        sid: elements.sid.filter(|sid| !sid.is_empty()),
        number,
        effect: elements.effect.ok_or(DocumentFault::MissingElement("Effect"))?,
        actions,
        resources,
        conditions: elements
            .condition
            .map_or(Ok(Vec::new()), |block| read_conditions(block, variables))?,
    })
}

impl Elements {
    fn read(value: Json) -> Result<Self, DocumentFault> {
        let mut elements = Self::default();
        for (element, value) in object(value, "Statement")? {
            match element.as_str() {
                "Sid" => elements.sid = Some(read_sid(value)?),
                "Effect" => elements.effect = Some(read_effect(value)?),
                "Action" => elements.action = Some(value),
                "NotAction" => elements.not_action = Some(value),
                "Resource" => elements.resource = Some(value),
                "NotResource" => elements.not_resource = Some(value),
                "Condition" => elements.condition = Some(value),
                "Principal" | "NotPrincipal" => return Err(DocumentFault::Principal(element)),
                _ => return Err(DocumentFault::UnknownElement(element)),
            }
        }
        Ok(elements)
    }
}

fn read_sid(value: Json) -> Result<String, DocumentFault> {
    let sid = text(value, "Sid")?;
    if sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(sid)
    } else {
        Err(DocumentFault::SidCharacters)
    }
}

fn read_effect(value: Json) -> Result<Effect, DocumentFault> {
    match text(value, "Effect")?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(DocumentFault::UnknownEffect(other.to_owned())),
    }
}

/// Reads an element or its `Not…` twin, of which exactly one must be there.
fn scope<T>(
    element: &'static str,
    only: Option<Json>,
    all_except: Option<Json>,
    read: &dyn Fn(String) -> Result<T, DocumentFault>,
) -> Result<Scope<T>, DocumentFault> {
    let list = |value| texts(value, element)?.into_iter().map(read).collect::<Result<Vec<T>, _>>();
    match (only, all_except) {
        (Some(value), None) => Ok(Scope::Only(list(value)?)),
        (None, Some(value)) => Ok(Scope::AllExcept(list(value)?)),
        (None, None) => Err(DocumentFault::MissingElement(element)),
        (Some(_), Some(_)) => Err(DocumentFault::BothElements(element)),
    }
}

/// One string or a list of strings.
fn texts(value: Json, element: &str) -> Result<Vec<String>, DocumentFault> {
    match value {
        Json::Text(text) => Ok(vec![text]),
        Json::List(list) => list.into_iter().map(|item| text(item, element)).collect(),
        other => Err(wrong_kind(element, &other, "a string or a list of strings")),
    }
}

fn read_action(action: String) -> Result<Template, DocumentFault> {
    let only_stars = !action.is_empty() && action.bytes().all(|byte| byte == b'*');
    if !only_stars && !action.contains(':') {
        return Err(DocumentFault::Action(action));
    }
    Ok(Template::pattern(&action.to_ascii_lowercase(), false))
}

fn read_resource(resource: String, variables: bool) -> Result<ResourcePattern, DocumentFault> {
    let only_stars = !resource.is_empty() && resource.bytes().all(|byte| byte == b'*');
    if !only_stars && !resource.starts_with("arn:") {
        return Err(DocumentFault::Resource(resource));
    }
    // The guide wants variables after the fifth colon only, yet AWS's own managed policies
    // (`AmazonTimestreamInfluxDBServiceRolePolicy`) have one in place of the account.
    Ok(ResourcePattern::new(&resource, variables))
}

/// Reads a `Condition` block: operator → key → value or values.
fn read_conditions(block: Json, variables: bool) -> Result<Vec<Condition>, DocumentFault> {
    let mut conditions = Vec::new();
    for (operator, keys) in object(block, "Condition")? {
        for (key, values) in object(keys, &operator)? {
            let values = condition_values(values, &key)?;
            let unknown = || DocumentFault::UnknownOperator(operator.clone());
            conditions.push(
                Condition::new(operator.clone(), key, values, variables).ok_or_else(unknown)?,
            );
        }
    }
    Ok(conditions)
}

/// Values of a condition key; numbers and booleans stand for their text.
fn condition_values(value: Json, key: &str) -> Result<Vec<String>, DocumentFault> {
    let items = match value {
        Json::List(items) => items,
        single => vec![single],
    };
    let scalar = |item| match item {
        Json::Text(text) | Json::Scalar(text) => Ok(text),
        other => Err(wrong_kind(key, &other, "a string, number or boolean")),
    };
    items.into_iter().map(scalar).collect()
}
