//! What policy variables stand for: values of the keys that statements use as variables.
//!
//! A variable makes one condition key speak of another, so that the keys can no longer be looked at one by
//! one. Therefore the keys that stand as variables are given values first; what remains has no variables.
//! Two values are of one kind when they come out alike in the comparisons of the key itself, and wherever
//! the variable stands, what is written with the one relates to all that stands beside it as what is
//! written with the other does. So a value is looked at for each combination of
//!
//! - the comparisons of the key itself ([`super::values`]),
//! - what the patterns and constants have in the place of the variable that it stands beside
//!   ([`super::opening`]),
//!
//! an empty one, and none. Variables are fixed one after the other; to the next one, those that are fixed
//! are constants. Values that can be exchanged for one another without changing the statements are looked
//! at once ([`super::alike`]).

use std::collections::{BTreeMap, BTreeSet};

use fortem_core::pattern::steps;

use super::DomainError;
use super::alike::{self, How, Written};
use super::language::Languages;
use super::opening::Opening;
use super::shape::Shapes;
use super::values::values;
use crate::iam::condition::operator::Family;
use crate::iam::condition::{Comparison, Condition};
use crate::iam::variable::{Piece, Template, Variable};
use crate::iam::{Context, Pattern, Statement, Token, Values};
use crate::reference::ArnPattern;

/// The most sets of values that are looked at, alike ones counted once.
const MOST: usize = 2_048;

/// Values of the keys that stand as variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    /// The values, where a key has one.
    pub(crate) context: Context,
    /// Key in lower case → the values that the context's one stands for, itself among them.
    pub(crate) alike: BTreeMap<String, Vec<String>>,
}

/// The texts of statements, by what they are compared with.
pub(crate) struct Variables<'s> {
    /// In lower case.
    keys: Vec<String>,
    texts: Vec<Text<'s>>,
    /// Comparisons of the keys themselves.
    conditions: Vec<&'s Condition>,
    /// The forms of the resources that there are.
    forms: Vec<ArnPattern>,
}

/// What texts of statements are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject<'s> {
    Resource,
    /// A condition key, in lower case.
    Key(&'s str),
}

/// Where a text stands: the numbers of the statement and of its element.
pub(super) type Place = (usize, usize);

/// A text of a statement.
struct Text<'s> {
    place: Place,
    subject: Subject<'s>,
    template: &'s Template,
    how: How,
}

impl Text<'_> {
    /// The text with whatever its open variables will stand for, and if they have defaults, with those.
    fn with_missing(&self, key: &OneKey<'_, '_>) -> impl Iterator<Item = (&Self, bool)> {
        let has_default = self.template.pieces.iter().any(|piece| {
            matches!(piece, Piece::Variable(one) if one.default.is_some() && key.is_open(one))
        });
        [false, true]
            .into_iter()
            .take(1 + usize::from(has_default))
            .map(move |missing| (self, missing))
    }
}

impl<'s> Variables<'s> {
    /// The keys that stand as variables, and those of `more` that some condition asks about.
    pub(crate) fn of(statements: &[&'s Statement], more: &[&str], shapes: &Shapes<'_>) -> Self {
        let mut texts = Vec::new();
        let mut conditions = Vec::new();
        for (number, statement) in statements.iter().enumerate() {
            let resources = statement.resource_templates();
            texts.extend(resources.map(|template| Text {
                place: (number, 0),
                subject: Subject::Resource,
                template,
                how: How::InParts,
            }));
            for (element, condition) in statement.conditions().iter().enumerate() {
                conditions.push(condition);
                let family = condition.operator.family;
                if !is_of_text(family) {
                    continue;
                }
                texts.extend(condition.templates.iter().map(|template| Text {
                    place: (number, element + 1),
                    subject: Subject::Key(&condition.folded_key),
                    template,
                    how: how(family),
                }));
            }
        }
        // A key with several values is no variable.
        let is_single =
            |key: &&str| shapes.reference().key_type(key).is_none_or(|known| !known.multivalued);
        let variables = texts.iter().flat_map(|text| text.template.variables()).filter(is_single);
        let mut keys: BTreeSet<String> = variables.map(str::to_owned).collect();
        let asked = more.iter().map(|key| key.to_lowercase());
        keys.extend(asked.filter(|key| conditions.iter().any(|one| one.folded_key == *key)));
        conditions.retain(|one| keys.contains(&one.folded_key));
        let forms = shapes.forms().cloned().collect();
        Self { keys: keys.into_iter().collect(), texts, conditions, forms }
    }

    /// The keys that are given values, in lower case.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Values of all the keys, each set with one of each kind; those that are `known` have the values that are
    /// given, or none.
    pub(crate) fn fixed(
        &self,
        given: &Context,
        known: &[String],
        languages: &mut Languages,
    ) -> Result<Vec<Fixed>, DomainError> {
        let context = given.clone();
        let mut all = vec![Fixed { context, alike: BTreeMap::new() }];
        for (number, key) in self.keys.iter().enumerate() {
            if known.iter().any(|one| one.eq_ignore_ascii_case(key)) {
                continue;
            }
            let before = self.keys.get(..number).unwrap_or_default();
            let known: BTreeSet<String> =
                before.iter().cloned().chain(known.iter().map(|one| one.to_lowercase())).collect();
            let mut next = Vec::new();
            for fixed in all {
                let of_key = OneKey { variables: self, key, known: &known, fixed: &fixed };
                for members in of_key.kinds(languages)? {
                    let mut more = fixed.clone();
                    if let Some(first) = members.first() {
                        more.context.insert(key, first.as_str());
                    }
                    more.alike.insert(key.clone(), members);
                    next.push(more);
                }
                if next.len() > MOST {
                    return Err(DomainError::TooManyValues(key.clone()));
                }
            }
            all = next;
        }
        Ok(all)
    }
}

/// One key of which values are looked for, those `known` being fixed.
struct OneKey<'v, 's> {
    variables: &'v Variables<'s>,
    key: &'v str,
    known: &'v BTreeSet<String>,
    fixed: &'v Fixed,
}

/// What stands in the place of a variable.
enum Stand<'v> {
    Text(&'v str),
    /// A value that is not fixed yet.
    Anything,
    /// No value, so that the whole text matches nothing.
    Nothing,
}

impl OneKey<'_, '_> {
    /// Values of the key by kind; an empty kind stands for a call without the key.
    fn kinds(&self, languages: &mut Languages) -> Result<Vec<Vec<String>>, DomainError> {
        let conditions = self.variables.conditions.iter().filter(|one| one.folded_key == self.key);
        let own: Vec<Comparison> =
            conditions.flat_map(|one| one.comparisons(&self.fixed.context)).collect();
        let (mut of_text, others): (Vec<_>, Vec<_>) = own.into_iter().partition(is_text);
        let is_only_text = others.iter().all(|one| *one == Comparison::Presence);
        let written = self.written();
        of_text.extend(self.standing_beside(&written)?);
        let mut found = values(self.key, &of_text, languages)?;
        found.extend(values(self.key, &others, languages)?);
        found.insert(String::new());
        if found.len() > MOST {
            return Err(DomainError::TooManyValues(self.key.to_owned()));
        }
        let mut kinds = if is_only_text {
            let own = Opening { before: Vec::new(), after: Vec::new() };
            alike::kinds(found, &written, (Subject::Key(self.key), &own))
        } else {
            found.into_iter().map(|value| vec![value]).collect()
        };
        kinds.push(Vec::new());
        Ok(kinds)
    }

    /// The texts, with the variables that are fixed filled in.
    fn written(&self) -> Vec<Written<'_>> {
        let mut all = Vec::new();
        for (text, missing) in self.variables.texts.iter().flat_map(|text| text.with_missing(self))
        {
            let Some(tokens) = self.tokens(text.template, missing, None) else { continue };
            let variables = text.template.variables().filter(|key| *key == self.key).count();
            let openings = (0..variables).filter_map(|number| {
                let tokens = self.tokens(text.template, missing, Some(number))?;
                let at = tokens.iter().position(Option::is_none)?;
                let (before, after) = tokens.split_at_checked(at)?;
                let both = [before, after].map(|part| part.iter().copied().flatten().collect());
                let [before, after] = both;
                Some(Opening { before, after })
            });
            all.push(Written {
                place: text.place,
                subject: text.subject,
                tokens: tokens.into_iter().flatten().collect(),
                openings: openings.collect(),
                how: text.how,
            });
        }
        // What a fixed key holds is compared as if a statement said it.
        for (number, key) in self.known.iter().enumerate() {
            let value = self.fixed.context.get(key).and_then(|values| values.as_slice().first());
            all.extend(value.map(|value| Written {
                place: (usize::MAX, number),
                subject: Subject::Key(key),
                tokens: value.chars().map(Token::Char).collect(),
                openings: Vec::new(),
                how: How::Exactly,
            }));
        }
        all
    }

    /// The template token by token; the key's variable of this number is left open, what is not fixed
    /// may be anything, or is `missing`.
    fn tokens(
        &self,
        template: &Template,
        missing: bool,
        open: Option<usize>,
    ) -> Option<Vec<Option<Token>>> {
        let mut tokens = Vec::new();
        let mut seen = 0;
        for piece in &template.pieces {
            match piece {
                Piece::Text(text) => tokens.extend(text.chars().map(Token::Char).map(Some)),
                Piece::One => tokens.push(Some(Token::One)),
                Piece::Run => tokens.push(Some(Token::Run)),
                Piece::Variable(variable) => {
                    let is_open = variable.key == self.key && open == Some(seen);
                    seen += usize::from(variable.key == self.key);
                    match self.stand(variable, missing) {
                        _ if is_open => tokens.push(None),
                        Stand::Text(text) => {
                            tokens.extend(text.chars().map(Token::Char).map(Some));
                        }
                        Stand::Anything => tokens.push(Some(Token::Run)),
                        Stand::Nothing => return None,
                    }
                }
            }
        }
        Some(tokens)
    }

    fn stand<'t>(&'t self, variable: &'t Variable, missing: bool) -> Stand<'t> {
        match self.fixed.context.get(&variable.key) {
            Some(Values::One(value)) => Stand::Text(value),
            None if !missing && self.is_open(variable) => Stand::Anything,
            _ => variable.default.as_deref().map_or(Stand::Nothing, Stand::Text),
        }
    }

    /// Whether the key of a variable is still to be given a value.
    fn is_open(&self, variable: &Variable) -> bool {
        self.variables.keys.contains(&variable.key) && !self.known.contains(&variable.key)
    }

    /// What stands in the place of the variable in the texts beside it.
    fn standing_beside(&self, written: &[Written<'_>]) -> Result<Vec<Comparison>, DomainError> {
        type Beside<'w> = BTreeSet<(&'w [Token], How, bool)>;
        let mut by_subject: BTreeMap<Subject<'_>, Beside<'_>> = BTreeMap::new();
        for text in written {
            let known = by_subject.entry(text.subject).or_default();
            known.insert((&text.tokens, text.how, !text.openings.is_empty()));
        }
        let openings = written
            .iter()
            .flat_map(|text| text.openings.iter().map(move |one| (text.subject, one, text.how)));
        let openings: BTreeSet<(Subject<'_>, &Opening, How)> = openings.collect();
        let mut found = BTreeSet::new();
        for (subject, opening, how) in openings {
            let beside = by_subject.get(&subject).into_iter().flatten();
            for (other, how_too, _) in
                beside.filter(|(other, _, is_open)| !is_open || !never_meet(opening, other))
            {
                let filling = if how == How::InParts {
                    opening.filling_of_arn(other)?
                } else {
                    opening.filling(other)
                };
                let ignores_case = [how, *how_too].contains(&How::IgnoringCase);
                found.extend(filling.into_iter().map(|one| (one, ignores_case)));
            }
            if subject == Subject::Resource {
                found.extend(self.needed_for_a_form(opening)?.into_iter().map(|one| (one, false)));
            }
        }
        let found = found.into_iter();
        Ok(found.filter_map(|(tokens, ignores_case)| comparison(&tokens, ignores_case)).collect())
    }
}

impl OneKey<'_, '_> {
    /// What has to stand in an opening so that a resource is met of a form that is not met whatever stands there.
    fn needed_for_a_form(&self, opening: &Opening) -> Result<BTreeSet<Vec<Token>>, DomainError> {
        let usual: Pattern = opening.filled("x").collect();
        let usual = ArnPattern::new(&usual.to_string());
        let mut found = BTreeSet::new();
        for form in self.variables.forms.iter().filter(|form| !usual.overlaps(form)) {
            let parts = form.parts().map(|parts| parts.join(":")).unwrap_or_default();
            let form: Pattern = steps(&parts).collect();
            // What differs in a form is never empty.
            let tokens = form.tokens().iter().flat_map(|token| match token {
                Token::Run => vec![Token::One, Token::Run],
                other => vec![*other],
            });
            found.extend(opening.filling_of_arn(&tokens.collect::<Vec<_>>())?);
        }
        Ok(found)
    }
}

/// Whether two texts with the same variable, that of the other being taken for `*`, never match one text:
/// without wildcards, unless they are equally long.
fn never_meet(opening: &Opening, other: &[Token]) -> bool {
    let runs = other.iter().filter(|token| **token == Token::Run).count();
    let letters = other.iter().filter(|token| matches!(token, Token::Char(_))).count();
    let has_no_other_wildcard = runs == 1 && letters + 1 == other.len();
    let same = opening.before.iter().chain([&Token::Run]).chain(&opening.after).eq(other);
    same || (has_no_other_wildcard && opening.length().is_some_and(|length| length != letters))
}

fn comparison(tokens: &[Token], ignores_case: bool) -> Option<Comparison> {
    let letters = tokens.iter().map(|token| match token {
        Token::Char(letter) => Some(*letter),
        Token::One | Token::Run => None,
    });
    match letters.collect::<Option<String>>() {
        Some(text) if ignores_case => Some(Comparison::TextIgnoringCase(text)),
        Some(text) => Some(Comparison::Text(text)),
        // What any value matches tells none apart.
        None if tokens == [Token::Run] => None,
        None => Some(Comparison::Wild(tokens.iter().copied().collect())),
    }
}

fn is_text(comparison: &Comparison) -> bool {
    match comparison {
        Comparison::Text(_)
        | Comparison::TextIgnoringCase(_)
        | Comparison::Wild(_)
        | Comparison::Arn(_) => true,
        Comparison::Number(_)
        | Comparison::Date(_)
        | Comparison::Address(_)
        | Comparison::Bool
        | Comparison::Presence => false,
    }
}

fn how(family: Family) -> How {
    match family {
        Family::StringEqualsIgnoreCase | Family::Bool => How::IgnoringCase,
        Family::Arn => How::InParts,
        _ => How::Exactly,
    }
}

/// Whether values are compared as texts; Booleans are, in whatever letter case.
fn is_of_text(family: Family) -> bool {
    match family {
        Family::StringEquals
        | Family::StringEqualsIgnoreCase
        | Family::StringLike
        | Family::Arn
        | Family::Binary
        | Family::Bool => true,
        Family::Numeric(_) | Family::Date(_) | Family::IpAddress | Family::Null => false,
    }
}
