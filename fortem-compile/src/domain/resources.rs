//! The resources of a type that statements tell apart.

use std::collections::BTreeSet;

use super::DomainError;
use super::language::{Language, Languages};
use super::search::{Applying, Choice, distinct};
use crate::iam::{Context, Pattern, Statement, Token};
use crate::reference::{ArnPattern, ResourceType};

/// An ARN that no pattern matches but those that match everything.
const NOTHING_NAMED: &str = "arn:-:-:-:-:-";

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

/// Resources of a type, one for each way in which statements cover it.
pub(crate) struct Resources {
    pub(crate) choices: Vec<Choice<String>>,
    /// Whether some statement names resources of the type; if not, one type is as good as another.
    pub(crate) is_named: bool,
}

impl Patterns {
    pub(crate) fn of(statements: &[&Statement], principal: &Context) -> Self {
        let mut otherwise = Applying::all(statements.len());
        let mut patterns = Vec::new();
        for (number, statement) in statements.iter().enumerate() {
            otherwise.keep_if(number, statement.covers_resource(NOTHING_NAMED, principal));
            let named = statement.resource_patterns(principal);
            let named = named.iter().filter(|pattern| pattern.tokens() != [Token::Run]);
            patterns.extend(named.map(|pattern| {
                let (head, tail) = Language::arn_in_two(pattern);
                Named { statement: number, arn: ArnPattern::new(&text(pattern)), head, tail }
            }));
        }
        Self { patterns, otherwise }
    }

    /// The resources of a type, or the one that stands for none.
    pub(crate) fn resources(
        &self,
        kind: Option<&ResourceType>,
        statements: &[&Statement],
        principal: &Context,
        languages: &mut Languages,
    ) -> Result<Resources, DomainError> {
        let own = kind.and_then(|kind| Some((kind.arn(), kind.arn().parts()?)));
        let Some((arn, parts)) = own else {
            return Ok(Resources::of_none(statements, principal, "*"));
        };
        let met: Vec<&Named> = self.patterns.iter().filter(|one| one.arn.overlaps(arn)).collect();
        if met.is_empty() {
            let [arn, _, rest @ ..] = parts;
            let value = format!("{arn}:{}:{}", languages.partition(), rest.join(":"));
            let value = value.replace('*', "x");
            let choices = vec![Choice { value, applying: self.otherwise }];
            return Ok(Resources { choices, is_named: false });
        }
        let (head, tail) = Language::of_type(parts, languages.partition());
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
        Ok(Resources { choices: distinct(choices), is_named: true })
    }
}

impl Resources {
    fn of_none(statements: &[&Statement], principal: &Context, value: &str) -> Self {
        let mut applying = Applying::all(statements.len());
        for (number, statement) in statements.iter().enumerate() {
            applying.keep_if(number, statement.covers_resource(value, principal));
        }
        Self { choices: vec![Choice { value: value.to_owned(), applying }], is_named: true }
    }
}

fn text(pattern: &Pattern) -> String {
    pattern.tokens().iter().map(|token| token.letter()).collect()
}
