//! The statements of both sides, those that are the same taken once.

use std::collections::BTreeMap;

use super::change::{Answer, Direction, Outcome};
use super::side::Named;
use crate::domain::{Applying, Bits};
use crate::iam::{Effect, Reading, Statement};

/// The statements of both sides, numbered.
pub(super) struct Union<'s> {
    members: Vec<Member<'s>>,
    sides: [Half; 2],
    one_sided: Bits,
}

/// A statement, and what it is called on each side that has it.
struct Member<'s> {
    statement: &'s Statement,
    names: [Option<&'s str>; 2],
}

/// The numbers of a side's statements, by effect.
#[derive(Debug, Clone, Copy, Default)]
struct Half {
    allows: Bits,
    denies: Bits,
}

/// What the sides say of calls to which the same statements apply, where they do not say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) from: Outcome,
    pub(super) to: Outcome,
    /// It is so under one reading of AWS only.
    pub(super) unclear: bool,
}

impl Turn {
    pub(super) fn direction(self) -> Direction {
        Direction::of(self.from, self.to)
    }
}

impl<'s> Union<'s> {
    pub(super) fn of(a: &'s [Named], b: &'s [Named]) -> Self {
        let mut members: Vec<Member> = Vec::new();
        for (side, named) in a.iter().map(|one| (0, one)).chain(b.iter().map(|one| (1, one))) {
            let same = |one: &Member| one.statement.says_the_same_as(&named.statement);
            let number = members.iter().position(same).unwrap_or(members.len());
            if number == members.len() {
                members.push(Member { statement: &named.statement, names: [None, None] });
            }
            let names = members.get_mut(number).map(|member| &mut member.names);
            if let Some(name) = names.and_then(|names| names.get_mut(side)) {
                name.get_or_insert(&named.name);
            }
        }
        let mut union = Self { members, sides: [Half::default(); 2], one_sided: Bits::default() };
        for (number, member) in union.members.iter().enumerate() {
            for (half, name) in union.sides.iter_mut().zip(member.names) {
                match (name, member.statement.effect()) {
                    (None, _) => union.one_sided.insert(number),
                    (Some(_), Effect::Allow) => half.allows.insert(number),
                    (Some(_), Effect::Deny) => half.denies.insert(number),
                }
            }
        }
        union
    }

    pub(super) fn statements(&self) -> Vec<&'s Statement> {
        self.members.iter().map(|member| member.statement).collect()
    }

    /// Whether both sides have all statements.
    pub(super) fn is_common(&self) -> bool {
        self.one_sided.is_empty()
    }

    /// Whether some of these statements are of one side only: otherwise both sides say the same.
    pub(super) fn may_differ(&self, statements: Bits) -> bool {
        statements.meets(self.one_sided)
    }

    /// What the sides say of calls to which these statements apply, where they differ: once, or under each
    /// reading of AWS. With `only_allows` a call is allowed or not, whether or not it is denied.
    pub(super) fn turns(
        &self,
        applying: Applying,
        only_allows: bool,
    ) -> impl Iterator<Item = Turn> {
        let least = if only_allows { Outcome::NotAllowed } else { Outcome::Denied };
        let [permissive, strict] = [Reading::Permissive, Reading::Strict]
            .map(|reading| self.outcomes(applying, reading).map(|outcome| outcome.max(least)));
        let unclear = permissive != strict;
        let readings = std::iter::once(permissive).chain(unclear.then_some(strict));
        let different = readings.filter(|[from, to]| from != to);
        let turns = different.map(|[from, to]| Turn { from, to, unclear });
        turns.map(|turn| (turn.direction(), turn)).collect::<BTreeMap<_, _>>().into_values()
    }

    fn outcomes(&self, applying: Applying, reading: Reading) -> [Outcome; 2] {
        let (allowing, denying) = match reading {
            Reading::Permissive => (applying.perhaps, applying.surely),
            Reading::Strict => (applying.surely, applying.perhaps),
        };
        self.sides.map(|half| {
            if denying.meets(half.denies) {
                Outcome::Denied
            } else if allowing.meets(half.allows) {
                Outcome::Allowed
            } else {
                Outcome::NotAllowed
            }
        })
    }

    /// What a side says, and the statements of it that say so.
    pub(super) fn answers(&self, turn: Turn, applying: Applying) -> [Answer; 2] {
        let answer = |side: usize, outcome: Outcome| {
            let wanted = match outcome {
                Outcome::Allowed => Some(Effect::Allow),
                Outcome::Denied => Some(Effect::Deny),
                Outcome::NotAllowed => None,
            };
            let members = self.members.iter().enumerate();
            let deciding = members.filter(|(number, member)| {
                applying.perhaps.contains(*number) && Some(member.statement.effect()) == wanted
            });
            let names = deciding.filter_map(|(_, member)| *member.names.get(side)?);
            Answer { outcome, statements: names.map(str::to_owned).collect() }
        };
        [answer(0, turn.from), answer(1, turn.to)]
    }
}
