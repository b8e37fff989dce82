//! The resources that statements tell apart.

use std::collections::BTreeSet;

use super::DomainError;
use super::language::{Language, Languages};
use super::search::{Applying, Choice, distinct};
use crate::iam::{Context, Pattern, Statement, Token};
use crate::reference::ArnPattern;

/// An ARN that no pattern matches but those that match everything.
const NOTHING_NAMED: &str = "arn:-:-:-:-:-";

/// How many parts an ARN has.
pub(super) const PARTS: usize = 6;

/// The most ways in which the wildcards of one pattern may take the colons of an ARN.
const MOST_WAYS: usize = 256;

/// What a call is made on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// Nothing: the resource is `*`.
    Nothing,
    /// A resource whose ARN has this form.
    Form(&'a ArnPattern),
    /// Anything, or nothing: the API action is not known.
    Anything,
}

/// The patterns in the `Resource` elements of statements, variables filled in.
pub(crate) struct Patterns {
    patterns: Vec<Named>,
    /// The statements that cover a resource which no pattern names.
    otherwise: Applying,
}

/// A pattern that names some resources and not others.
struct Named {
    statement: usize,
    arn: ArnPattern,
    head: Language,
    tail: Language,
}

/// Resources of a call, one for each way in which statements cover it.
pub(crate) struct Resources {
    pub(crate) choices: Vec<Choice<String>>,
    /// Whether some statement names one of them; if not, one form is as good as another.
    pub(crate) is_named: bool,
}

impl Patterns {
    pub(crate) fn of(statements: &[&Statement], principal: &Context) -> Result<Self, DomainError> {
        let mut otherwise = Applying::all(statements.len());
        let mut patterns = Vec::new();
        for (number, statement) in statements.iter().enumerate() {
            otherwise.keep_if(number, statement.covers_resource(NOTHING_NAMED, principal));
            let named = statement.resource_patterns(principal);
            for pattern in named.iter().filter(|pattern| pattern.tokens() != [Token::Run]) {
                for parts in in_six_parts(pattern)? {
                    let (head, tail) = Language::arn_in_two(&parts);
                    let arn = ArnPattern::new(&parts.to_string());
                    patterns.push(Named { statement: number, arn, head, tail });
                }
            }
        }
        Ok(Self { patterns, otherwise })
    }

    /// The resources that a call of this sort may be made on.
    pub(crate) fn resources(
        &self,
        target: Target<'_>,
        statements: &[&Statement],
        principal: &Context,
        languages: &mut Languages,
    ) -> Result<Resources, DomainError> {
        let nothing = || Resources::of_none(statements, principal);
        match target {
            Target::Nothing => Ok(nothing()),
            Target::Form(arn) => match arn.parts() {
                Some(parts) => self.of_form(arn, parts, statements, principal, languages),
                None => Ok(nothing()),
            },
            Target::Anything => {
                let all: Vec<&Named> = self.patterns.iter().collect();
                let within = Language::any_arn(languages.partition());
                let named = self.named(&all, within, statements, principal, languages)?;
                let choices = nothing().choices.into_iter().chain(named);
                Ok(Resources { choices: distinct(choices), is_named: true })
            }
        }
    }

    fn of_form(
        &self,
        arn: &ArnPattern,
        parts: &[String; PARTS],
        statements: &[&Statement],
        principal: &Context,
        languages: &mut Languages,
    ) -> Result<Resources, DomainError> {
        let met: Vec<&Named> = self.patterns.iter().filter(|one| one.arn.overlaps(arn)).collect();
        if met.is_empty() {
            let [arn, _, rest @ ..] = parts;
            let value = format!("{arn}:{}:{}", languages.partition(), rest.join(":"));
            let value = value.replace('*', "x");
            let choices = vec![Choice { value, applying: self.otherwise }];
            return Ok(Resources { choices, is_named: false });
        }
        let within = Language::of_type(parts, languages.partition());
        let choices = self.named(&met, within, statements, principal, languages)?;
        Ok(Resources { choices: distinct(choices.into_iter()), is_named: true })
    }

    /// An ARN for each combination of patterns that has one, within a head and a tail.
    fn named(
        &self,
        met: &[&Named],
        (head, tail): (Language, Language),
        statements: &[&Statement],
        principal: &Context,
        languages: &mut Languages,
    ) -> Result<Vec<Choice<String>>, DomainError> {
        let heads = met.iter().map(|one| one.head.clone()).collect();
        let heads = languages.witnesses(heads, Some(head))?;
        let tails = met.iter().map(|one| one.tail.clone()).collect();
        let tails = languages.witnesses(tails, Some(tail))?;
        let both = heads.iter().flat_map(|head| tails.iter().map(move |tail| (head, tail)));
        let choices = both.map(|(head, tail)| {
            let mut applying = self.otherwise;
            let value = format!("{}:{}", head.text, tail.text);
            let named = |one: &&&Named| head.belongs_to(&one.head) && tail.belongs_to(&one.tail);
            let naming: BTreeSet<usize> =
                met.iter().filter(named).map(|one| one.statement).collect();
            for number in naming {
                if let Some(statement) = statements.get(number) {
                    applying.put(number, statement.covers_resource(&value, principal));
                }
            }
            Choice { value, applying }
        });
        Ok(choices.collect())
    }
}

impl Resources {
    /// The one that stands for none.
    fn of_none(statements: &[&Statement], principal: &Context) -> Self {
        let mut applying = Applying::all(statements.len());
        for (number, statement) in statements.iter().enumerate() {
            applying.keep_if(number, statement.covers_resource("*", principal));
        }
        let choices = vec![Choice { value: "*".to_owned(), applying }];
        Self { choices, is_named: true }
    }
}

/// The pattern with all six parts of an ARN. The parts that a short pattern leaves out are free; or some
/// of its wildcards take the colons that it lacks, in whatever way.
pub(super) fn in_six_parts(pattern: &Pattern) -> Result<Vec<Pattern>, DomainError> {
    let colons = pattern.tokens().iter().filter(|token| **token == Token::Char(':')).count();
    let lacking = (PARTS - 1).saturating_sub(colons);
    if lacking == 0 {
        return Ok(vec![pattern.clone()]);
    }
    let free = (0..lacking).flat_map(|_| [Token::Char(':'), Token::Run]);
    let mut all = vec![pattern.tokens().iter().copied().chain(free).collect()];
    // What is written so far, and how many colons are still lacking.
    let mut ways: Vec<(Vec<Token>, usize)> = vec![(Vec::new(), lacking)];
    for token in pattern.tokens() {
        let mut next = Vec::new();
        for (written, lacking) in ways {
            let most = match token {
                Token::Char(_) => 0,
                Token::One => lacking.min(1),
                Token::Run => lacking,
            };
            for taken in 0..=most {
                let mut longer = written.clone();
                if let (Token::One, 1) = (token, taken) {
                    longer.push(Token::Char(':'));
                } else {
                    longer.push(*token);
                    longer.extend([Token::Char(':'), *token].repeat(taken));
                }
                next.push((longer, lacking - taken));
            }
        }
        if next.len() > MOST_WAYS {
            return Err(DomainError::Patterns(format!("`{pattern}` has too many wildcards")));
        }
        ways = next;
    }
    let whole = ways.into_iter().filter(|(_, lacking)| *lacking == 0);
    all.extend(whole.map(|(tokens, _)| tokens.into_iter().collect()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_pattern_is_free_behind_or_its_wildcards_take_colons() {
        let six = |text: &str| {
            let pattern = fortem_core::pattern::steps(text).collect();
            let all = in_six_parts(&pattern).unwrap();
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(six("arn:aws:ecs:*:*:*"), ["arn:aws:ecs:*:*:*"]);
        assert_eq!(six("arn:aws:ecs:eu:1"), ["arn:aws:ecs:eu:1:*"]);
        assert_eq!(
            six("arn:aws:ecs:*:a?"),
            ["arn:aws:ecs:*:a?:*", "arn:aws:ecs:*:a:", "arn:aws:ecs:*:*:a?"]
        );
        let pattern = fortem_core::pattern::steps(&"*a".repeat(20)).collect();
        assert!(in_six_parts(&pattern).is_err());
    }
}
