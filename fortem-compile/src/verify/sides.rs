//! The two sides of the comparison: the emitted statements, and the plain reading.

use super::difference::Kind;
use super::plain::{Part, Plain};
use crate::domain::{Applying, Bits, Calls};
use crate::iam::{Effect, Statement};

/// The statements of both sides, numbered in this order.
pub(super) struct Sides<'s> {
    pub(super) emitted: &'s [Statement],
    pub(super) forbidden: &'s [Plain],
    pub(super) granted: &'s [Plain],
}

impl Sides<'_> {
    /// The plain reading, whose numbers follow those of the emitted statements.
    pub(super) fn plain(&self) -> impl Iterator<Item = &Plain> {
        self.forbidden.iter().chain(self.granted)
    }

    pub(super) fn statements(&self) -> Vec<&Statement> {
        self.emitted.iter().chain(self.plain().map(|one| &one.statement)).collect()
    }

    /// For each shape, the statements about it; `emitted` are the calls of each emitted statement.
    pub(super) fn covering(&self, emitted: &[Calls], count: usize) -> Vec<Bits> {
        let mut covering = vec![Bits::default(); count];
        let all = emitted.iter().chain(self.plain().map(|one| &one.calls));
        for (number, calls) in all.enumerate() {
            for place in calls.iter() {
                if let Some(bits) = covering.get_mut(place) {
                    bits.insert(number);
                }
            }
        }
        covering
    }

    /// What follows from which statements. Where AWS may take an empty tag for none, a call may be denied.
    pub(super) fn judge(&self, is_unclear: bool) -> Judge {
        let of_effect = |effect: Effect| {
            let numbered = self.emitted.iter().enumerate();
            numbered.filter(|(_, one)| one.effect() == effect).map(|(number, _)| number).collect()
        };
        let of_part = |part: Part| {
            let numbered = self.plain().enumerate().filter(|(_, one)| one.part == part);
            numbered.map(|(number, _)| number + self.emitted.len()).collect()
        };
        Judge {
            is_unclear,
            allows: of_effect(Effect::Allow),
            denies: of_effect(Effect::Deny),
            granted: of_part(Part::Granted),
            forbidden: of_part(Part::Forbidden),
            deniable: of_part(Part::Deniable),
        }
    }
}

/// The numbers of the statements by what follows from them.
pub(super) struct Judge {
    is_unclear: bool,
    allows: Bits,
    denies: Bits,
    granted: Bits,
    forbidden: Bits,
    deniable: Bits,
}

impl Judge {
    /// What is wrong about calls to which these statements apply; nothing if the sides agree.
    pub(super) fn of(&self, Applying { surely, perhaps }: Applying) -> Option<Kind> {
        let allowed = perhaps.meets(self.allows) && !surely.meets(self.denies);
        let surely_allowed = surely.meets(self.allows) && !perhaps.meets(self.denies);
        let granted = surely.meets(self.granted);
        let forbidden = surely.meets(self.forbidden);
        let deniable =
            self.is_unclear || perhaps.meets(self.forbidden) || perhaps.meets(self.deniable);
        if allowed && (!granted || forbidden) {
            Some(Kind::Excess)
        } else if granted && !deniable && !surely_allowed {
            Some(Kind::Shortfall)
        } else if forbidden && !surely.meets(self.denies) {
            Some(Kind::Unguarded)
        } else if perhaps.meets(self.denies) && !deniable {
            Some(Kind::Overreach)
        } else {
            None
        }
    }
}
