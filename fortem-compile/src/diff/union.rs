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
    /// The statements by which the sides may differ.
    one_sided: Bits,
}

/// The statements of a side, those of which one must allow a call together.
pub(super) type Layers<'s> = [&'s [Named]];

/// A statement, and what it is called on each side that has it.
struct Member<'s> {
    statement: &'s Statement,
    names: [Option<&'s str>; 2],
}

/// The numbers of a side's statements, by effect.
#[derive(Debug, Clone, Default)]
struct Half {
    /// Of each layer, the statements that allow.
    allows: Vec<Bits>,
    denies: Bits,
}

impl Half {
    /// Whether each layer has a statement that allows, and there is one.
    fn is_allowed_by(&self, applying: Bits) -> bool {
        !self.allows.is_empty() && self.allows.iter().all(|layer| applying.meets(*layer))
    }
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
    pub(super) fn of(a: &'s Layers<'s>, b: &'s Layers<'s>) -> Self {
        let mut union =
            Self { members: Vec::new(), sides: Default::default(), one_sided: Bits::default() };
        for (side, layers) in [a, b].into_iter().enumerate() {
            for layer in layers {
                union.add(side, layer);
            }
        }
        // Of two layers, one may lack what the other has: then sides with the same statements differ too.
        let is_layered = a.len() > 1 || b.len() > 1;
        let differing = union.members.iter().enumerate();
        let differing = differing.filter(|(_, member)| is_layered || member.names.contains(&None));
        union.one_sided = differing.map(|(number, _)| number).collect();
        union
    }

    /// Adds a layer to a side.
    fn add(&mut self, side: usize, layer: &'s [Named]) {
        let mut allows = Bits::default();
        for named in layer {
            let number = self.number_of(side, named);
            match (named.statement.effect(), self.sides.get_mut(side)) {
                (Effect::Allow, _) => allows.insert(number),
                (Effect::Deny, Some(half)) => half.denies.insert(number),
                (Effect::Deny, None) => {}
            }
        }
        self.sides.get_mut(side).into_iter().for_each(|half| half.allows.push(allows));
    }

    /// The number of a statement, which has a name on this side from now on.
    fn number_of(&mut self, side: usize, added: &'s Named) -> usize {
        let same = |one: &Member| one.statement.says_the_same_as(&added.statement);
        let number = self.members.iter().position(same).unwrap_or(self.members.len());
        if number == self.members.len() {
            self.members.push(Member { statement: &added.statement, names: [None, None] });
        }
        let names = self.members.get_mut(number).map(|member| &mut member.names);
        if let Some(name) = names.and_then(|names| names.get_mut(side)) {
            name.get_or_insert(&added.name);
        }
        number
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
        self.sides.each_ref().map(|half| {
            if denying.meets(half.denies) {
                Outcome::Denied
            } else if half.is_allowed_by(allowing) {
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
