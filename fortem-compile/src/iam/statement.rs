//! One statement of a document, and whether it applies to a request.

mod read;

use std::fmt;

use serde::Serialize;

use super::arn::{Colons, Resource, ResourcePattern};
use super::condition::Condition;
use super::pattern::Pattern;
use super::principal::Principal;
use super::request::{Context, Request};
use super::span::Span;
use super::truth::Truth;
use super::variable::Template;

pub(super) use read::{name_of, read};

/// What a statement does to the requests it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// One statement of a policy document.
///
/// ```
/// use fortem_compile::iam::Document;
///
/// let document = Document::parse(
///     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}}"#,
/// )?;
/// let [statement] = document.statements() else { return Ok(()) };
/// assert!(statement.is_not_action());
/// assert_eq!(statement.actions(), ["iam:*", "sts:*"]);
/// assert_eq!(statement.place_of("NotAction").map(|span| span.column()), Some(72));
/// # Ok::<(), fortem_compile::iam::DocumentError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Statement {
    sid: Option<String>,
    number: usize,
    effect: Effect,
    // Without it the statement is about whomever its policy is attached to.
    principals: Option<Scope<Principal>>,
    actions: Scope<Template>,
    written_actions: Scope<String>,
    // Without it the statement is about the resource that its policy is attached to.
    pub(crate) resources: Option<Scope<ResourcePattern>>,
    written_resources: Option<Scope<String>>,
    conditions: Vec<Condition>,
    span: Span,
    places: Vec<(&'static str, Span)>,
}

/// An element or its `Not…` twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope<T> {
    Only(Vec<T>),
    AllExcept(Vec<T>),
}

impl<T> Scope<T> {
    fn listed(&self) -> &[T] {
        match self {
            Self::Only(listed) | Self::AllExcept(listed) => listed,
        }
    }

    fn is_all_except(&self) -> bool {
        matches!(self, Self::AllExcept(_))
    }

    fn map<U>(&self, convert: impl Fn(&T) -> U) -> Scope<U> {
        let listed = self.listed().iter().map(convert).collect();
        if self.is_all_except() { Scope::AllExcept(listed) } else { Scope::Only(listed) }
    }

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

    /// The patterns of `Action` or `NotAction` as written, in order; one at least.
    #[must_use]
    pub fn actions(&self) -> &[String] {
        self.written_actions.listed()
    }

    /// Whether the statement is about every action but those of [`Self::actions`].
    #[must_use]
    pub fn is_not_action(&self) -> bool {
        self.written_actions.is_all_except()
    }

    /// The patterns of `Resource` or `NotResource` as written, in order; none when the statement is about the resource
    /// that its policy is attached to.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        self.written_resources.as_ref().map(Scope::listed).unwrap_or_default()
    }

    /// Whether the statement is about every resource but those of [`Self::resources`].
    #[must_use]
    pub fn is_not_resource(&self) -> bool {
        self.written_resources.as_ref().is_some_and(Scope::is_all_except)
    }

    /// The principals of `Principal` or `NotPrincipal`, in order; none when the statement is about whomever its policy
    /// is attached to.
    #[must_use]
    pub fn principals(&self) -> &[Principal] {
        self.principals.as_ref().map(Scope::listed).unwrap_or_default()
    }

    /// Whether the statement is about everyone but those of [`Self::principals`].
    #[must_use]
    pub fn is_not_principal(&self) -> bool {
        self.principals.as_ref().is_some_and(Scope::is_all_except)
    }

    /// Whether the statement is about a principal: names it, its account, its role, or everyone.
    ///
    /// To be named through its account is not yet to be allowed: the account's own policies must allow it as well (IAM
    /// User Guide, "AWS JSON policy elements: Principal"). Under `NotPrincipal` AWS may also look at the account alone, so
    /// that a principal may be denied although it is listed.
    ///
    /// ```
    /// use fortem_compile::iam::{Document, DocumentKind, Principal};
    ///
    /// let document = Document::parse_as(
    ///     DocumentKind::Trust,
    ///     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    ///         "Principal": {"AWS": "111122223333", "Service": "ecs-tasks.amazonaws.com"}}}"#,
    /// )?;
    /// let covers = |principal| document.statements()[0].covers_principal(&principal);
    /// assert!(covers(Principal::Arn("arn:aws:iam::111122223333:user/anna".to_owned())));
    /// assert!(covers(Principal::Service("ecs-tasks.amazonaws.com".to_owned())));
    /// assert!(!covers(Principal::Account("444455556666".to_owned())));
    /// # Ok::<(), fortem_compile::iam::DocumentError>(())
    /// ```
    #[must_use]
    pub fn covers_principal(&self, principal: &Principal) -> bool {
        let Some(principals) = &self.principals else { return true };
        principals.covers(|listed| listed.covers(principal).into()) == Truth::Yes
    }

    /// Where the statement stands in the text of its document.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Where the value of an element such as `Action` stands in the text of the document.
    #[must_use]
    pub fn place_of(&self, element: &str) -> Option<Span> {
        self.places.iter().find(|(key, _)| *key == element).map(|(_, span)| *span)
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
            .and(|| self.covers(request.divided_resource(), request.context()))
            .and(|| {
                Truth::all(
                    self.conditions.iter().map(|condition| condition.holds(request.context())),
                )
            })
    }

    /// Whether the statement is about an API action, given in lower case.
    #[must_use]
    pub fn covers_action(&self, action: &str) -> bool {
        self.actions.covers(|pattern| pattern.matches(action).into()) == Truth::Yes
    }

    /// Whether the statement is about a resource: an ARN, or `*` for a call without one.
    ///
    /// A variable without value matches no resource, also under `NotResource`.
    #[must_use]
    pub fn covers_resource(&self, resource: &str, context: &Context) -> Truth {
        self.covers(Resource { text: resource, colons: Colons::of(resource) }, context)
    }

    fn covers(&self, resource: Resource<'_>, context: &Context) -> Truth {
        let Some(resources) = &self.resources else { return Truth::Yes };
        resources.covers(|pattern| pattern.matches(resource, context))
    }
}

impl Statement {
    fn listed_resources(&self) -> &[ResourcePattern] {
        self.resources.as_ref().map(Scope::listed).unwrap_or_default()
    }

    /// The patterns of `Resource` or `NotResource`, variables left open.
    pub(crate) fn resource_templates(&self) -> impl Iterator<Item = &Template> {
        self.listed_resources().iter().map(ResourcePattern::template)
    }

    /// The patterns of `Resource` or `NotResource` with the variables filled in.
    pub(crate) fn resource_patterns(&self, context: &Context) -> Vec<Pattern> {
        self.listed_resources().iter().map(|pattern| pattern.template().fill(context)).collect()
    }

    /// The texts in `Resource` or `NotResource`, and in each condition, as they are written; with the number
    /// of the element.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (usize, &str)> {
        let resources = self.resources();
        let in_conditions = self.conditions.iter().map(Condition::values);
        let elements = std::iter::once(resources).chain(in_conditions).enumerate();
        elements.flat_map(|(number, texts)| texts.iter().map(move |text| (number, text.as_str())))
    }

    /// The patterns of `Resource` or `NotResource` with their variables filled in; a variable without value is left out.
    #[must_use]
    pub fn filled_resources(&self, context: &Context) -> Vec<String> {
        let filled = |pattern: &ResourcePattern| pattern.template().fill_pattern(context);
        self.listed_resources().iter().map(filled).collect()
    }

    /// The condition keys that stand as variables in `Resource` or `NotResource`, in lower case.
    pub fn resource_variables(&self) -> impl Iterator<Item = &str> {
        self.listed_resources().iter().flat_map(|pattern| pattern.template().variables())
    }

    /// Whether two statements differ in nothing but their name and place.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        self.effect == other.effect
            && self.principals == other.principals
            && self.actions == other.actions
            && self.resources == other.resources
            && self.conditions == other.conditions
    }
}
