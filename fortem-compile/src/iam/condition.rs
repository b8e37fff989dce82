//! The `Condition` element: operators, keys and values, and whether they hold for a call.
//!
//! A block holds when every (operator, key) in it holds; the values of one key are alternatives, and under a negated
//! operator none of them may match (IAM User Guide, "Conditions with multiple context keys or values").

pub(crate) mod address;
mod candidates;
pub(crate) mod date;
mod number;
pub(crate) mod operator;

use super::arn;
use super::pattern::Pattern;
use super::request::{Context, Values, folded};
use super::truth::{Ambiguity, Truth};
use super::variable::{Filled, Template};
use operator::{Family, Operator, Quantifier};

/// One operator, one key and the values it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub(crate) operator: Operator,
    operator_name: String,
    key: String,
    // INVARIANT: `key` in lower case.
    pub(crate) folded_key: String,
    values: Vec<String>,
    // INVARIANT: one for each of `values`, in order.
    pub(crate) templates: Vec<Template>,
}

/// What a value of a key is compared with, and how; which way an order goes, and negation, left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Comparison {
    Text(String),
    TextIgnoringCase(String),
    Wild(Pattern),
    Arn(Pattern),
    Number(String),
    Date(String),
    Address(String),
    Bool,
    Presence,
}

impl Condition {
    /// Reads one entry of a `Condition` block, nothing when there is no such operator.
    pub(crate) fn new(
        operator_name: String,
        key: String,
        values: Vec<String>,
        variables: bool,
    ) -> Option<Self> {
        let operator = Operator::read(&operator_name)?;
        let variables = variables && operator.family.takes_variables();
        let template =
            if operator.family.takes_wildcards() { Template::pattern } else { Template::text };
        let templates = values.iter().map(|value| template(value, variables)).collect();
        Some(Self { operator, operator_name, folded_key: folded(&key), key, values, templates })
    }

    /// Whether there is such an operator.
    pub(super) fn has_operator(name: &str) -> bool {
        Operator::read(name).is_some()
    }

    /// Whether the operator fills policy variables in its values.
    pub(super) fn takes_variables(&self) -> bool {
        self.operator.family.takes_variables()
    }

    /// The operator as written, such as `ForAnyValue:StringLike`.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.operator_name
    }

    /// The condition key as written.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values as written, in order.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether the condition holds for a call.
    #[must_use]
    pub fn holds(&self, context: &Context) -> Truth {
        self.holds_with(context.get_folded(&self.folded_key), context)
    }

    /// What a context has for the key.
    #[must_use]
    pub fn values_in<'c>(&self, context: &'c Context) -> Option<&'c Values> {
        context.get_folded(&self.folded_key)
    }

    /// Whether the condition holds for a call that is as the context says, but whose key has these values, or none.
    #[must_use]
    pub fn holds_with(&self, values: Option<&Values>, context: &Context) -> Truth {
        if self.operator.family == Family::Null {
            return self.holds_for_presence(values.is_some()).into();
        }
        match values {
            None => self.holds_when_absent(context),
            Some(found) => self.holds_for(found, context),
        }
    }

    /// The values with their variables filled in; a variable without value is left out.
    #[must_use]
    pub fn filled_values(&self, context: &Context) -> Vec<String> {
        self.templates.iter().map(|template| template.fill_pattern(context)).collect()
    }

    /// The keys that stand as variables in the values, in lower case.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().flat_map(Template::variables)
    }

    /// Whether the operator asks about all or any of several values.
    pub(crate) fn is_about_a_set(&self) -> bool {
        self.operator.quantifier.is_some()
    }

    /// What a single value of the key is compared with, variables filled in.
    pub(crate) fn comparisons(&self, context: &Context) -> Vec<Comparison> {
        let compared = |template: &Template| match self.operator.family {
            Family::StringEquals | Family::Binary => Comparison::Text(template.fill_text(context)),
            Family::StringEqualsIgnoreCase => {
                Comparison::TextIgnoringCase(template.fill_text(context))
            }
            Family::StringLike => Comparison::Wild(template.fill(context)),
            Family::Arn => Comparison::Arn(template.fill(context)),
            Family::Numeric(_) => Comparison::Number(template.fill_text(context)),
            Family::Date(_) => Comparison::Date(template.fill_text(context)),
            Family::IpAddress => Comparison::Address(template.fill_text(context)),
            Family::Bool => Comparison::Bool,
            Family::Null => Comparison::Presence,
        };
        self.templates.iter().map(compared).collect()
    }

    /// `Null`: whether a value says what is the case, `true` being "the key is absent".
    fn holds_for_presence(&self, present: bool) -> bool {
        let wanted = if present { "false" } else { "true" };
        self.values.iter().any(|value| value.eq_ignore_ascii_case(wanted))
    }

    /// The rules for a key that the call does not have.
    fn holds_when_absent(&self, context: &Context) -> Truth {
        let Operator { quantifier, negated, if_exists, .. } = self.operator;
        match quantifier {
            Some(Quantifier::ForAllValues) => Truth::Yes,
            // Also with `IfExists`: no value is no match.
            Some(Quantifier::ForAnyValue) => Truth::No,
            None if negated && !if_exists && self.has_missing_variable(context) => {
                Truth::Unclear(Ambiguity::UnresolvedVariable)
            }
            None => (negated || if_exists).into(),
        }
    }

    fn has_missing_variable(&self, context: &Context) -> bool {
        self.templates.iter().any(|template| template.is_missing(context))
    }

    fn holds_for(&self, found: &Values, context: &Context) -> Truth {
        let each = found.as_slice().iter().map(|value| self.holds_for_value(value, context));
        match self.operator.quantifier {
            Some(Quantifier::ForAllValues) => Truth::all(each),
            Some(Quantifier::ForAnyValue) => Truth::any(each),
            None => {
                let any = Truth::any(
                    found.as_slice().iter().map(|value| self.matches_any(value, context)),
                );
                // With several values it is a misuse, of which AWS does not say what follows.
                let several = found.as_slice().len() > 1;
                if several && (self.operator.negated || any != Truth::No) {
                    return Truth::Unclear(Ambiguity::SeveralValues);
                }
                self.negate(any)
            }
        }
    }

    fn holds_for_value(&self, value: &str, context: &Context) -> Truth {
        self.negate(self.matches_any(value, context))
    }

    fn negate(&self, matched: Truth) -> Truth {
        if self.operator.negated { !matched } else { matched }
    }

    /// Whether one value of the call matches any value of the policy, negation left aside.
    fn matches_any(&self, value: &str, context: &Context) -> Truth {
        Truth::any(self.templates.iter().map(|template| self.matches_one(value, template, context)))
    }

    fn matches_one(&self, value: &str, template: &Template, context: &Context) -> Truth {
        let holds = |filled: Filled<'_>| match self.operator.family {
            Family::StringLike => filled.matches(value, value.len()),
            Family::Arn => arn::condition_matches(filled, value),
            family => family.compares(value, &filled.text()),
        };
        template.test(context, self.operator.negated, |filled| holds(filled).into())
    }
}

#[cfg(test)]
mod tests;
