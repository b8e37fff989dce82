//! Policy variables: `${key}`, `${key, 'default'}` and the characters `${*}`, `${?}`, `${$}` (IAM User Guide, "IAM policy
//! elements: Variables and tags").

use std::borrow::Cow;

use fortem_core::pattern::{self, Step};

use super::pattern::Pattern;
use super::request::{Context, Values, folded};
use super::truth::{Ambiguity, Truth};

/// A text or pattern that may hold policy variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
    has_variables: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text that stands for itself, `${*}`, `${?}` and `${$}` included.
    Text(String),
    /// `?` in a pattern.
    One,
    /// `*` in a pattern.
    Run,
    Variable(Variable),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    // INVARIANT: in lower case.
    pub(crate) key: String,
    pub(crate) default: Option<String>,
}

/// A template in a context that fills its variables.
#[derive(Clone, Copy)]
pub(super) struct Filled<'a> {
    pieces: &'a [Piece],
    context: &'a Context,
}

/// What a context has for the variables of a template.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// A value for each that is not empty.
    All,
    /// An empty value, which may count as none.
    Empty,
    /// No value for one.
    Missing,
}

impl Template {
    /// A text in which `*` and `?` stand for themselves.
    pub(crate) fn text(text: &str, variables: bool) -> Self {
        Self::read(text, variables, |pieces, text| pieces.push(Piece::Text(text.to_owned())))
    }

    /// A pattern in which `*` and `?` are wildcards; those of substituted values are not.
    pub(crate) fn pattern(text: &str, variables: bool) -> Self {
        Self::read(text, variables, |pieces, text| {
            pieces.extend(pattern::steps(text).map(|step| match step {
                Step::Text(text) => Piece::Text(text.to_owned()),
                Step::One => Piece::One,
                Step::Run => Piece::Run,
            }));
        })
    }

    /// Without `variables`, or unclosed, or empty, `${…}` is text like any other.
    fn read(text: &str, variables: bool, push: impl Fn(&mut Vec<Piece>, &str)) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, body, after)) = next_variable(rest).filter(|_| variables) {
            push(&mut pieces, before);
            pieces.push(Piece::read(body));
            rest = after;
        }
        push(&mut pieces, rest);
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        // Two runs take no more than one.
        pieces.dedup_by(|after, before| *after == Piece::Run && *before == Piece::Run);
        let has_variables = pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)));
        Self { pieces, has_variables }
    }

    /// How many colons are written, those of variables left aside.
    pub(super) fn colons(&self) -> usize {
        let colons = |piece: &Piece| match piece {
            Piece::Text(text) => text.matches(':').count(),
            Piece::One | Piece::Run | Piece::Variable(_) => 0,
        };
        self.pieces.iter().map(colons).sum()
    }

    /// The keys of the variables, in lower case.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable.key.as_str()),
            Piece::Text(_) | Piece::One | Piece::Run => None,
        })
    }

    /// The pattern letter by letter; a variable without value is left out.
    pub(super) fn fill(&self, context: &Context) -> Pattern {
        Filled { pieces: &self.pieces, context }.steps().collect()
    }

    /// The text; a variable without value is left out.
    pub(super) fn fill_text(&self, context: &Context) -> String {
        Filled { pieces: &self.pieces, context }.text().into_owned()
    }

    /// The pattern as it is written, but for its variables; one without value is left out.
    pub(super) fn fill_pattern(&self, context: &Context) -> String {
        let letters = |step| match step {
            Step::One => "?",
            Step::Run => "*",
            Step::Text(text) => text,
        };
        Filled { pieces: &self.pieces, context }.steps().map(letters).collect()
    }

    /// Whether it is a pattern that every text matches.
    pub(super) fn is_everything(&self) -> bool {
        self.pieces == [Piece::Run]
    }

    /// Whether a text matches a pattern without variables.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self.pieces.as_slice() {
            // Most patterns are a name, and most names are of another length.
            [Piece::Text(name)] => name == text,
            pieces => Filled { pieces, context: &Context::default() }.matches(text, text.len()),
        }
    }

    /// Runs a check, which is later `negated` or not, on the template with its variables filled in.
    pub(super) fn test(
        &self,
        context: &Context,
        negated: bool,
        check: impl FnOnce(Filled<'_>) -> Truth,
    ) -> Truth {
        let filled = Filled { pieces: &self.pieces, context };
        match self.found(context) {
            Found::All => check(filled),
            // Counted as none, an empty value is unclear under negation and a plain "no" otherwise.
            Found::Empty => match check(filled) {
                Truth::No if !negated => Truth::No,
                _ => Truth::Unclear(Ambiguity::EmptyVariable),
            },
            Found::Missing if negated => Truth::Unclear(Ambiguity::UnresolvedVariable),
            Found::Missing => Truth::No,
        }
    }

    /// Whether a variable has no value in this context.
    pub(super) fn is_missing(&self, context: &Context) -> bool {
        self.found(context) == Found::Missing
    }

    fn found(&self, context: &Context) -> Found {
        let mut found = Found::All;
        for piece in self.pieces.iter().filter(|_| self.has_variables) {
            if let Piece::Variable(variable) = piece {
                match variable.value(context) {
                    None => return Found::Missing,
                    Some("") => found = Found::Empty,
                    Some(_) => {}
                }
            }
        }
        found
    }
}

impl<'a> Filled<'a> {
    /// Whether a text matches the pattern; only in its last `free` bytes do wildcards take colons.
    pub(super) fn matches(self, text: &str, free: usize) -> bool {
        pattern::matches_steps(self.steps(), text, free)
    }

    fn steps(self) -> impl Iterator<Item = Step<'a>> + Clone {
        self.pieces.iter().map(move |piece| match piece {
            Piece::One => Step::One,
            Piece::Run => Step::Run,
            Piece::Text(text) => Step::Text(text),
            Piece::Variable(variable) => {
                Step::Text(variable.value(self.context).unwrap_or_default())
            }
        })
    }

    /// The text, in which there are no wildcards.
    pub(super) fn text(self) -> Cow<'a, str> {
        let text = |piece: &'a Piece| match piece {
            Piece::One | Piece::Run => "",
            Piece::Text(text) => text,
            Piece::Variable(variable) => variable.value(self.context).unwrap_or_default(),
        };
        match self.pieces {
            [] => Cow::Borrowed(""),
            [piece] => Cow::Borrowed(text(piece)),
            pieces => Cow::Owned(pieces.iter().map(text).collect()),
        }
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
            "*" | "?" | "$" => return Self::Text(body.to_owned()),
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
    use super::{Found, Template};
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
            let truth = Template::text(template, true)
                .test(&context(), false, |filled| (filled.text() == text).into());
            assert_eq!(truth, expected, "`{template}` as `{text}`");
        }
    }

    #[test]
    fn substituted_wildcards_are_literal_and_written_ones_are_not() {
        let template = Template::pattern("${aws:PrincipalTag/star}-*${*}", true);
        let matches = |text: &str| {
            template.test(&context(), false, |filled| filled.matches(text, text.len()).into())
        };
        assert_eq!(matches("a*-b*"), Truth::Yes);
        assert_eq!(matches("ab-b*"), Truth::No);
        assert_eq!(matches("a*-b"), Truth::No);
    }

    #[test]
    fn every_text_matches_stars_alone() {
        assert!(Template::pattern("***", true).is_everything());
        assert!(!Template::pattern("*?", true).is_everything());
        assert!(!Template::text("*", true).is_everything());
    }

    #[test]
    fn a_literal_template_has_no_variables() {
        let text = "${aws:PrincipalTag/Environment}";
        let template = Template::text(text, false);
        let truth = template.test(&context(), false, |filled| (filled.text() == text).into());
        assert_eq!(truth, Truth::Yes);
        assert!(!template.is_missing(&Context::default()));
    }

    #[test]
    fn a_missing_value_is_unclear_only_under_negation() {
        let template = Template::text("${aws:PrincipalTag/team}", true);
        assert_eq!(template.test(&context(), false, |_| Truth::Yes), Truth::No);
        assert_eq!(
            template.test(&context(), true, |_| Truth::Yes),
            Truth::Unclear(Ambiguity::UnresolvedVariable)
        );
        assert_eq!(template.found(&context()), Found::Missing);
    }
}
