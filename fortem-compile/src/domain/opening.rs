//! What may stand in an opening of a pattern so that some text matches the pattern and another one.

use std::collections::BTreeSet;

use super::DomainError;
use super::resources::{PARTS, in_six_parts};
use crate::iam::Token;

/// A pattern with one opening.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    pub(super) before: Vec<Token>,
    pub(super) after: Vec<Token>,
}

impl Opening {
    /// Patterns of all that may stand in the opening so that some text matches this pattern and `other`.
    ///
    /// Such a text is divided in three, and so is `other`: one piece meets what is before the opening, one
    /// what is behind it, and what stands in the opening matches the piece between. A `*` may be divided,
    /// and then belongs to the pieces on both sides.
    pub(super) fn filling(&self, other: &[Token]) -> BTreeSet<Vec<Token>> {
        if differ_at_once(self.before.iter().zip(other))
            || differ_at_once(self.after.iter().rev().zip(other.iter().rev()))
        {
            return BTreeSet::new();
        }
        let from = places_behind(self.before.iter(), other.iter());
        let to = places_behind(self.after.iter().rev(), other.iter().rev());
        let to: Vec<usize> = to.into_iter().map(|place| other.len() - place).collect();
        let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
        pairs.filter_map(|(from, to)| other.get(from..to).map(<[Token]>::to_vec)).collect()
    }

    /// The same of ARNs, of which each of the six parts is matched apart.
    pub(super) fn filling_of_arn(
        &self,
        other: &[Token],
    ) -> Result<BTreeSet<Vec<Token>>, DomainError> {
        let written = |tokens: &[Token]| tokens.iter().copied().map(Some).collect::<Vec<_>>();
        let own = [written(&self.before), vec![None], written(&self.after)].concat();
        let own: Vec<&[Option<Token>]> = parts(&own, &Some(Token::Char(':')));
        if own.len() < PARTS {
            return Ok(self.filling(other));
        }
        let mut found = BTreeSet::new();
        for other in in_six_parts(&other.iter().copied().collect())? {
            let other = parts(other.tokens(), &Token::Char(':'));
            found.extend(filling_of_parts(&own, &other));
        }
        Ok(found)
    }

    /// The pattern with this text in the opening.
    pub(super) fn filled(&self, text: &str) -> impl Iterator<Item = Token> {
        let text = text.chars().map(Token::Char);
        self.before.iter().copied().chain(text).chain(self.after.iter().copied())
    }

    /// How many letters are written, if there is no wildcard.
    pub(super) fn length(&self) -> Option<usize> {
        let all = || self.before.iter().chain(&self.after);
        all().all(|token| matches!(token, Token::Char(_))).then(|| all().count())
    }
}

/// What may stand in the opening of one of the parts, the others having a text in common.
fn filling_of_parts(own: &[&[Option<Token>]], other: &[&[Token]]) -> BTreeSet<Vec<Token>> {
    let mut found = BTreeSet::new();
    for (own, other) in own.iter().zip(other) {
        let at = own.iter().position(Option::is_none);
        let Some((before, after)) = at.and_then(|at| own.split_at_checked(at)) else {
            let own: Vec<Token> = own.iter().copied().flatten().collect();
            if !places_behind(own.iter(), other.iter()).contains(&other.len()) {
                return BTreeSet::new();
            }
            continue;
        };
        let [before, after] = [before, after].map(|part| part.iter().copied().flatten().collect());
        found = Opening { before, after }.filling(other);
    }
    found
}

/// The parts of an ARN, or as many as there are.
fn parts<'t, T: PartialEq>(tokens: &'t [T], colon: &T) -> Vec<&'t [T]> {
    tokens.splitn(PARTS, |token| token == colon).collect()
}

/// Whether no text begins as both do, told from the letters before any run.
fn differ_at_once<'t>(pairs: impl Iterator<Item = (&'t Token, &'t Token)>) -> bool {
    let mut fixed = pairs.take_while(|(one, other)| **one != Token::Run && **other != Token::Run);
    fixed.any(|(one, other)| {
        matches!((one, other), (Token::Char(one), Token::Char(other)) if one != other)
    })
}

/// The places of `other` that are reached when some text has matched all of `pattern`, and `other` as far
/// as there; a `*` that may take more is not passed.
fn places_behind<'t>(
    pattern: impl Iterator<Item = &'t Token>,
    other: impl Iterator<Item = &'t Token>,
) -> Vec<usize> {
    let other: Vec<Token> = other.copied().collect();
    let mut reached = vec![false; other.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    pass_runs(&mut reached, &other);
    for token in pattern {
        let mut next = vec![false; reached.len()];
        for (place, _) in reached.iter().enumerate().filter(|(_, is_reached)| **is_reached) {
            step(*token, place, &other, &mut next);
        }
        pass_runs(&mut next, &other);
        reached = next;
    }
    let places = reached.iter().enumerate().filter(|(_, is_reached)| **is_reached);
    places.map(|(place, _)| place).collect()
}

/// One step of the pattern from a place of the other one.
fn step(token: Token, place: usize, other: &[Token], next: &mut [bool]) {
    let mut reach = |place: usize| {
        if let Some(reached) = next.get_mut(place) {
            *reached = true;
        }
    };
    match (token, other.get(place)) {
        // The run takes nothing, or any number of what comes.
        (Token::Run, _) => (place..=other.len()).for_each(reach),
        (_, Some(Token::Run)) => reach(place),
        (Token::Char(one), Some(Token::Char(other))) if one != *other => {}
        (_, Some(_)) => reach(place + 1),
        (_, None) => {}
    }
}

/// A run may take nothing.
fn pass_runs(reached: &mut [bool], other: &[Token]) {
    for (place, token) in other.iter().enumerate() {
        if *token == Token::Run
            && reached.get(place) == Some(&true)
            && let Some(next) = reached.get_mut(place + 1)
        {
            *next = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Pattern;

    fn tokens(text: &str) -> Vec<Token> {
        let pattern: Pattern = fortem_core::pattern::steps(text).collect();
        pattern.tokens().to_vec()
    }

    fn filling(before: &str, after: &str, other: &str) -> BTreeSet<String> {
        let opening = Opening { before: tokens(before), after: tokens(after) };
        let found = opening.filling(&tokens(other));
        found.into_iter().map(|one| one.into_iter().collect::<Pattern>().to_string()).collect()
    }

    #[test]
    fn what_may_stand_in_an_opening_is_what_the_other_pattern_has_there() {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(filling("cluster/", "", "cluster/prod"), set(&["prod"]));
        assert_eq!(filling("cluster/", "", "cluster/st*"), set(&["st", "st*"]));
        assert_eq!(filling("service/", "/*", "service/prod/*"), set(&["prod", "prod/", "prod/*"]));
        assert_eq!(filling("service/", "/*", "service/prod"), set(&[]));
        assert_eq!(filling("", "*", "ab"), set(&["", "a", "ab"]));
        assert_eq!(filling("*", "", "ab"), set(&["", "b", "ab"]));
        assert_eq!(filling("a", "b", "?x?"), set(&["x"]));
        assert_eq!(filling("x", "y", "*"), set(&["", "*"]));
        assert_eq!(filling("task/", "", "service/*"), set(&[]));
    }

    /// Every text of few letters, to compare with.
    fn texts() -> Vec<String> {
        let mut all = vec![String::new()];
        for length in 0..4 {
            let longer = all.iter().filter(|text| text.len() == length);
            let longer: Vec<_> = longer
                .flat_map(|text| ["a", "b"].map(|letter| format!("{text}{letter}")))
                .collect();
            all.extend(longer);
        }
        all
    }

    #[test]
    fn the_parts_of_an_arn_are_compared_apart() {
        let filling = |before: &str, after: &str, other: &str| {
            let opening = Opening { before: tokens(before), after: tokens(after) };
            let found = opening.filling_of_arn(&tokens(other)).unwrap();
            let text = |one: Vec<Token>| one.into_iter().collect::<Pattern>().to_string();
            found.into_iter().map(text).collect::<Vec<_>>()
        };
        let own = |other| filling("arn:aws:ecs:*:*:service/", "/*", other);
        assert_eq!(own("arn:aws:ecs:*:*:service/prod/*"), ["prod", "prod/", "prod/*"]);
        assert_eq!(own("arn:aws:ecs:*:*:*"), ["", "*"]);
        assert_eq!(own("arn:aws:ecs:*"), ["", "*"]);
        assert_eq!(own("arn:aws:ecs:*:*:task/*"), [""; 0]);
        assert_eq!(own("arn:aws:logs:*:*:service/prod/*"), [""; 0]);
        let region = filling("arn:aws:ecs:", ":*:task/x", "arn:aws:ecs:eu-*:1:task/*");
        assert_eq!(region, ["eu-", "eu-*"]);
    }

    #[test]
    fn nothing_else_can_stand_there() {
        let matches = fortem_core::pattern::matches;
        let parts = ["", "a", "*", "b*", "?"];
        let others = ["ab", "a*", "*b", "?a*", "a*b", "*", "aab"];
        for (before, after) in parts.iter().flat_map(|one| parts.map(|other| (*one, other))) {
            for other in others {
                let found = filling(before, after, other);
                for value in texts().iter().filter(|value| value.len() <= 2) {
                    let filled = format!("{before}{value}{after}");
                    let both = |text: &String| matches(&filled, text) && matches(other, text);
                    let is_met = texts().iter().any(both);
                    let is_found = found.iter().any(|pattern| matches(pattern, value));
                    assert!(!is_met || is_found, "{before}|{value}|{after} and {other}: {found:?}");
                }
            }
        }
    }
}
