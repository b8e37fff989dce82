//! Policy variables: `${key}`, `${key, 'default'}` and the characters `${*}`, `${?}`, `${$}` (IAM User Guide, "IAM policy
//! elements: Variables and tags").

use super::pattern::Pattern;
use super::request::{Context, Values, folded};
use super::truth::{Ambiguity, Truth};

/// A text that may hold policy variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
    /// The pattern and the text, when no variable has to be filled in.
    constant: Option<(Pattern, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text as written, in which `*` and `?` may be wildcards.
    Text(String),
    /// `${*}`, `${?}` or `${$}`.
    Special(char),
    Variable(Variable),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    // INVARIANT: in lower case.
    pub(crate) key: String,
    pub(crate) default: Option<String>,
}

/// A template with its variables filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved<T> {
    /// Every variable has a value that is not empty.
    Full(T),
    /// A variable has the empty value, which may count as none.
    WithEmpty(T),
    /// A variable has no value.
    Missing,
}

impl<T> Resolved<T> {
    /// Whether the filled-in text passes a check, which is later negated or not.
    pub(super) fn test(self, negated: bool, check: impl FnOnce(T) -> bool) -> Truth {
        match self {
            Self::Full(value) => check(value).into(),
            // Counted as none, an empty value is unclear under negation and a plain "no" otherwise.
            Self::WithEmpty(value) => {
                if negated || check(value) {
                    Truth::Unclear(Ambiguity::EmptyVariable)
                } else {
                    Truth::No
                }
            }
            Self::Missing if negated => Truth::Unclear(Ambiguity::UnresolvedVariable),
            Self::Missing => Truth::No,
        }
    }

    fn map<U>(self, convert: impl FnOnce(T) -> U) -> Resolved<U> {
        match self {
            Self::Full(value) => Resolved::Full(convert(value)),
            Self::WithEmpty(value) => Resolved::WithEmpty(convert(value)),
            Self::Missing => Resolved::Missing,
        }
    }
}

impl Template {
    /// Text in which `${…}` has no meaning.
    pub(super) fn literal(text: &str) -> Self {
        Self::of(vec![Piece::Text(text.to_owned())])
    }

    /// Text in which `${…}` is a policy variable; an unclosed or empty one stands for itself.
    pub(crate) fn with_variables(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, body, after)) = next_variable(rest) {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::read(body));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Self::of(pieces)
    }

    fn of(pieces: Vec<Piece>) -> Self {
        let mut template = Self { pieces, constant: None };
        if !template.pieces.iter().any(|piece| matches!(piece, Piece::Variable(_))) {
            let nothing = Context::default();
            template.constant =
                Some((template.fill_pattern(&nothing), template.fill_text(&nothing)));
        }
        template
    }

    /// Runs a check on the text as a pattern in which written `*` and `?` are wildcards and substituted ones are not.
    pub(super) fn test_pattern(
        &self,
        context: &Context,
        negated: bool,
        check: impl FnOnce(&Pattern) -> bool,
    ) -> Truth {
        match &self.constant {
            Some((pattern, _)) => check(pattern).into(),
            None => self
                .resolved(context)
                .map(|()| self.fill_pattern(context))
                .test(negated, |pattern| check(&pattern)),
        }
    }

    /// Runs a check on the text, in which `*` and `?` stand for themselves.
    pub(super) fn test_text(
        &self,
        context: &Context,
        negated: bool,
        check: impl FnOnce(&str) -> bool,
    ) -> Truth {
        match &self.constant {
            Some((_, text)) => check(text).into(),
            None => self
                .resolved(context)
                .map(|()| self.fill_text(context))
                .test(negated, |text| check(&text)),
        }
    }

    /// Whether a variable has no value in this context.
    pub(super) fn is_missing(&self, context: &Context) -> bool {
        self.constant.is_none() && self.resolved(context) == Resolved::Missing
    }

    fn resolved(&self, context: &Context) -> Resolved<()> {
        let mut result = Resolved::Full(());
        for piece in &self.pieces {
            if let Piece::Variable(variable) = piece {
                match variable.value(context) {
                    None => return Resolved::Missing,
                    Some("") => result = Resolved::WithEmpty(()),
                    Some(_) => {}
                }
            }
        }
        result
    }

    /// The keys of the variables, in lower case.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable.key.as_str()),
            Piece::Text(_) | Piece::Special(_) => None,
        })
    }

    /// The text as a pattern, variables filled in; one without value is left out.
    pub(super) fn fill_pattern(&self, context: &Context) -> Pattern {
        let mut pattern = Pattern::default();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => pattern.push_wild(text),
                Piece::Special(character) => {
                    pattern.push_literal(character.encode_utf8(&mut [0; 4]));
                }
                Piece::Variable(variable) => {
                    pattern.push_literal(variable.value(context).unwrap_or_default());
                }
            }
        }
        pattern
    }

    /// The text, variables filled in; one without value is left out.
    pub(super) fn fill_text(&self, context: &Context) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Special(character) => filled.push(*character),
                Piece::Variable(variable) => {
                    filled.push_str(variable.value(context).unwrap_or_default());
                }
            }
        }
        filled
    }
}

/// The text before the next `${…}`, its inside, and the text after it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, opened) = text.split_once("${")?;
    let (body, after) = opened.split_once('}')?;
    Some((before, body, after))
}

impl Piece {
    /// Reads what stands between `${` and `}`.
    fn read(body: &str) -> Self {
        match body {
            "" => return Self::Text("${}".to_owned()),
            "*" => return Self::Special('*'),
            "?" => return Self::Special('?'),
            "$" => return Self::Special('$'),
            _ => {}
        }
        let (key, default) = match body.split_once(',') {
            Some((key, quoted)) => (key, unquoted(quoted.trim())),
            None => (body, None),
        };
        Self::Variable(Variable { key: folded(key.trim()), default })
    }
}

/// The text between single quotes.
fn unquoted(text: &str) -> Option<String> {
    text.strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned)
}

impl Variable {
    /// The value of a single-valued key, else the default; a multivalued key is no variable.
    fn value<'a>(&'a self, context: &'a Context) -> Option<&'a str> {
        match context.get_folded(&self.key) {
            Some(Values::One(value)) => Some(value),
            Some(Values::Many(_)) | None => self.default.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Resolved, Template};
    use crate::iam::request::Context;
    use crate::iam::truth::{Ambiguity, Truth};

    fn context() -> Context {
        let mut context = Context::default();
        context.insert("aws:PrincipalTag/Environment", "staging");
        context.insert("aws:PrincipalTag/star", "a*");
        context.insert("aws:PrincipalTag/empty", "");
        context.insert("aws:TagKeys", vec!["Environment".to_owned()]);
        context
    }

    #[test]
    fn variables_take_the_value_of_the_key_else_the_default() {
        for (template, text, expected) in [
            ("${aws:PrincipalTag/Environment}", "staging", Truth::Yes),
            ("${AWS:principaltag/environment}", "staging", Truth::Yes),
            (
                "x-${aws:PrincipalTag/Environment}-${aws:PrincipalTag/star}",
                "x-staging-a*",
                Truth::Yes,
            ),
            ("${aws:PrincipalTag/Environment, 'none'}", "staging", Truth::Yes),
            ("${aws:PrincipalTag/team, 'none'}", "none", Truth::Yes),
            ("${aws:PrincipalTag/team,'none'}", "none", Truth::Yes),
            ("${aws:PrincipalTag/team}", "", Truth::No),
            ("${aws:TagKeys}", "Environment", Truth::No),
            ("${*}${?}${$}", "*?$", Truth::Yes),
            ("${open", "${open", Truth::Yes),
            ("${}", "${}", Truth::Yes),
            ("${aws:PrincipalTag/empty}", "", Truth::Unclear(Ambiguity::EmptyVariable)),
            ("${aws:PrincipalTag/empty}", "x", Truth::No),
        ] {
            let truth = Template::with_variables(template)
                .test_text(&context(), false, |filled| filled == text);
            assert_eq!(truth, expected, "`{template}` as `{text}`");
        }
    }

    #[test]
    fn substituted_wildcards_are_literal_and_written_ones_are_not() {
        let template = Template::with_variables("${aws:PrincipalTag/star}-*${*}");
        let matches =
            |text| template.test_pattern(&context(), false, |pattern| pattern.matches(text));
        assert_eq!(matches("a*-b*"), Truth::Yes);
        assert_eq!(matches("ab-b*"), Truth::No);
        assert_eq!(matches("a*-b"), Truth::No);
    }

    #[test]
    fn a_literal_template_has_no_variables() {
        let template = Template::literal("${aws:PrincipalTag/Environment}");
        assert_eq!(template.test_text(&context(), false, |text| text == "staging"), Truth::No);
        assert!(!template.is_missing(&Context::default()));
    }

    #[test]
    fn a_missing_value_is_unclear_only_under_negation() {
        let template = Template::with_variables("${aws:PrincipalTag/team}");
        assert_eq!(template.test_text(&context(), false, |_| true), Truth::No);
        assert_eq!(
            template.test_text(&context(), true, |_| true),
            Truth::Unclear(Ambiguity::UnresolvedVariable)
        );
        assert_eq!(template.resolved(&context()), Resolved::Missing);
    }
}
