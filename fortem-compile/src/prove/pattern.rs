//! IAM's texts and patterns as Cedar comparisons.

use fortem_core::pattern;

use super::error::Untranslatable;
use super::holder::Holder;
use super::text::{all, string};
use crate::iam::pattern::Token;
use crate::iam::variable::{Piece, Template, Variable};

/// `*`
pub(super) const ANY: Token = Token::Run;

/// The parts of an ARN after `arn`, in order: attributes of the record that stands for it.
pub(super) const PARTS: [&str; 5] = ["partition", "service", "region", "account", "resource"];

/// The text of a template for one holder; none when its variable has no value.
pub(super) fn text(template: &Template, holder: &Holder) -> Result<Option<String>, Untranslatable> {
    let mut filled = String::new();
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::One => filled.push(Token::One.letter()),
            Piece::Run => filled.push(Token::Run.letter()),
            Piece::Variable(variable) => match value(variable, holder)? {
                Some(value) => filled.push_str(value),
                None => return Ok(None),
            },
        }
    }
    Ok(Some(filled))
}

/// The pattern of a template for one holder, in which written wildcards are wildcards and substituted
/// ones are not; none when its variable has no value.
pub(super) fn pattern(
    template: &Template,
    holder: &Holder,
) -> Result<Option<Vec<Token>>, Untranslatable> {
    let mut tokens = Vec::new();
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => tokens.extend(text.chars().map(Token::Char)),
            Piece::One => tokens.push(Token::One),
            Piece::Run => tokens.push(Token::Run),
            Piece::Variable(variable) => match value(variable, holder)? {
                Some(value) => tokens.extend(value.chars().map(Token::Char)),
                None => return Ok(None),
            },
        }
    }
    Ok(Some(tokens))
}

/// Text in which `*` and `?` are wildcards.
pub(super) fn wild(text: &str) -> impl Iterator<Item = Token> {
    text.chars().map(|character| match character {
        '*' => Token::Run,
        '?' => Token::One,
        other => Token::Char(other),
    })
}

/// Only the variable of the environment has a value in the proof.
fn value<'a>(
    variable: &'a Variable,
    holder: &'a Holder,
) -> Result<Option<&'a str>, Untranslatable> {
    if variable.key != holder.key() {
        return Err(Untranslatable::new(format!("the policy variable `${{{}}}`", variable.key)));
    }
    Ok(holder.tag().or(variable.default.as_deref()))
}

/// `value` as a whole matches the pattern.
pub(super) fn like(value: &str, tokens: &[Token]) -> Result<String, Untranslatable> {
    if tokens == [ANY] {
        return Ok("true".to_owned());
    }
    let mut literal = String::new();
    let mut pattern = String::new();
    for token in tokens {
        match token {
            Token::One => return Err(Untranslatable::new("the wildcard `?`")),
            Token::Run => pattern.push('*'),
            Token::Char('*') => pattern.push_str("\\*"),
            Token::Char(character) => pattern.extend(character.escape_debug()),
        }
        if let Token::Char(character) = token {
            literal.push(*character);
        }
    }
    Ok(if tokens.contains(&Token::Run) {
        format!("{value} like \"{pattern}\"")
    } else {
        format!("{value} == {}", string(&literal))
    })
}

/// The ARN `value` matches, part by part: wildcards stay within their part.
///
/// A pattern of fewer parts leaves the others free, unless it must be `whole`.
pub(super) fn arn(value: &str, tokens: &[Token], whole: bool) -> Result<String, Untranslatable> {
    let mut parts = tokens.splitn(PARTS.len() + 1, |token| *token == Token::Char(':'));
    let is_arn = parts.next().is_some_and(begins_arn);
    let parts: Vec<&[Token]> = parts.collect();
    if !is_arn || (whole && parts.len() < PARTS.len()) {
        return Ok("false".to_owned());
    }
    let compared = PARTS.iter().zip(parts);
    let compared: Result<Vec<String>, _> =
        compared.map(|(name, tokens)| like(&format!("{value}.{name}"), tokens)).collect();
    Ok(all(compared?))
}

/// Whether the first part of a pattern matches that of every ARN.
fn begins_arn(part: &[Token]) -> bool {
    let letters: String = part.iter().map(|token| token.letter()).collect();
    let literal = |token: &Token| matches!(token, Token::Char('*' | '?'));
    !part.iter().any(literal) && pattern::matches(&letters, "arn")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        wild(text).collect()
    }

    #[test]
    fn arns_are_compared_part_by_part() {
        let resource = |text: &str| arn("a", &tokens(text), false).unwrap();
        assert_eq!(
            resource("arn:aws:ecs:*:*:service/*"),
            r#"(a.partition == "aws" && a.service == "ecs" && a.resource like "service/*")"#
        );
        assert_eq!(resource("arn:aws:*"), r#"a.partition == "aws""#);
        assert_eq!(resource("*:aws:ecs"), r#"(a.partition == "aws" && a.service == "ecs")"#);
        assert_eq!(resource("service/*"), "false");
        assert_eq!(arn("a", &tokens("arn:aws:*"), true).unwrap(), "false");
    }

    #[test]
    fn a_literal_star_is_escaped_and_a_question_mark_refused() {
        let pattern = [Token::Char('a'), Token::Char('*'), Token::Run];
        assert_eq!(like("x", &pattern).unwrap(), r#"x like "a\**""#);
        let error = like("x", &tokens("stag?ng")).unwrap_err();
        assert_eq!(error.to_string(), "the wildcard `?`");
    }

    #[test]
    fn only_the_variable_of_the_environment_is_filled() {
        let holder = Holder::of("Environment", Some("dev"), true);
        let template = Template::pattern("x-${aws:PrincipalTag/environment}-*", true);
        assert_eq!(pattern(&template, &holder).unwrap(), Some(tokens("x-dev-*")));
        assert_eq!(text(&template, &holder).unwrap().as_deref(), Some("x-dev-*"));
        let untagged = Holder::of("Environment", None, false);
        assert_eq!(pattern(&template, &untagged).unwrap(), None);
        let error = text(&Template::text("${aws:username}", true), &holder).unwrap_err();
        assert_eq!(error.to_string(), "the policy variable `${aws:username}`");
    }
}
