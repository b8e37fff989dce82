//! Values that a call may carry so that a condition holds, or does not.

use super::operator::{Family, Quantifier};
use super::{Condition, date};
use crate::iam::request::{Context, Values};
use crate::iam::variable::Template;

/// What no policy is likely to compare with.
const OTHER: &str = "fortem-other";

impl Condition {
    /// Values of the key worth trying when looking for a call: for each value of the policy one that compares equal to
    /// it, for orders one on either side, and one that no policy names. Whether the condition holds with a value is
    /// for [`Condition::holds`] to say; that the key is absent is a try of its own.
    ///
    /// ```
    /// use fortem_compile::iam::{Context, Document, Values};
    ///
    /// let document = Document::parse(
    ///     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*",
    ///         "Condition": {"StringLike": {"aws:RequestTag/Team": "pay*"}}}}"#,
    /// )?;
    /// let condition = &document.statements()[0].conditions()[0];
    /// let tried = condition.candidates(&Context::default());
    /// assert_eq!(tried, [Values::from("pay"), Values::from("fortem-other")]);
    /// # Ok::<(), fortem_compile::iam::DocumentError>(())
    /// ```
    #[must_use]
    pub fn candidates(&self, context: &Context) -> Vec<Values> {
        let mut texts: Vec<String> = Vec::new();
        for template in &self.templates {
            for text in self.texts_near(template, context) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        if self.operator.family != Family::Bool {
            texts.push(OTHER.to_owned());
        }
        let as_values: fn(String) -> Values = match self.operator.quantifier {
            Some(Quantifier::ForAllValues | Quantifier::ForAnyValue) => {
                |text| Values::Many(vec![text])
            }
            None => Values::One,
        };
        texts.into_iter().map(as_values).collect()
    }

    fn texts_near(&self, template: &Template, context: &Context) -> Vec<String> {
        match self.operator.family {
            Family::StringLike | Family::Arn => {
                let pattern = template.fill(context);
                let letters = pattern.tokens().iter().filter_map(|token| match token {
                    crate::iam::Token::Char(character) => Some(*character),
                    crate::iam::Token::One => Some('x'),
                    crate::iam::Token::Run => None,
                });
                vec![letters.collect()]
            }
            Family::Numeric(_) => {
                let text = template.fill_text(context);
                let near = text.parse::<i64>().ok();
                let around = near.into_iter().flat_map(|number| {
                    [number.saturating_sub(1).to_string(), number.saturating_add(1).to_string()]
                });
                std::iter::once(text.clone()).chain(around).collect()
            }
            Family::Date(_) => {
                let text = template.fill_text(context);
                let far = ["1970-01-02T00:00:00Z".to_owned(), "2100-01-01T00:00:00Z".to_owned()];
                let near = date::around(&text);
                std::iter::once(text).chain(near).chain(far).collect()
            }
            Family::IpAddress => {
                let text = template.fill_text(context);
                vec![text.split('/').next().unwrap_or_default().to_owned()]
            }
            Family::Bool => vec!["true".to_owned(), "false".to_owned()],
            Family::StringEquals | Family::StringEqualsIgnoreCase | Family::Binary => {
                vec![template.fill_text(context)]
            }
            Family::Null => Vec::new(),
        }
    }

    /// Whether the operator asks that no value matches, as `StringNotEquals`.
    #[must_use]
    pub fn is_negated(&self) -> bool {
        self.operator.negated
    }

    /// Whether the condition holds when the key is absent by its suffix `IfExists`.
    #[must_use]
    pub fn has_if_exists(&self) -> bool {
        self.operator.if_exists
    }

    /// Whether every value of the key must pass, so that none at all passes too (`ForAllValues:`).
    #[must_use]
    pub fn is_for_all_values(&self) -> bool {
        self.operator.quantifier == Some(Quantifier::ForAllValues)
    }

    /// Whether the operator asks for presence or absence of the key (`Null`).
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.operator.family == Family::Null
    }

    /// Whether `*` and `?` in the values are wildcards (`StringLike`, `ArnLike`, `ArnEquals`).
    #[must_use]
    pub fn takes_wildcards(&self) -> bool {
        self.operator.family.takes_wildcards()
    }
}
