//! The decision table: for each policy what Cedar answered, by tier or environment, and operation.

use std::ops::{BitOr, BitOrAssign};

use rustc_hash::FxHashMap;

use super::grants::{EnvironmentId, RuleId};
use super::operation::OperationId;
use crate::fleet::Tier;

/// What is known of policies and a request, before the whole of it: of one policy, or of several together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell(u8);

impl Cell {
    /// Nothing applies.
    pub(super) const NOTHING: Self = Self(0);
    /// A permit applies.
    pub(super) const PERMITS: Self = Self(1);
    /// A forbid applies.
    pub(super) const FORBIDS: Self = Self(2);
    /// Cedar has to be asked whether a permit applies.
    pub(super) const MAY_PERMIT: Self = Self(4);
    /// Cedar has to be asked whether a forbid applies.
    pub(super) const MAY_FORBID: Self = Self(8);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether Cedar has to be asked.
    pub(super) fn is_open(self) -> bool {
        self.has(Self::MAY_PERMIT | Self::MAY_FORBID)
    }

    /// The decision, if no policy has to be asked for it.
    pub(super) fn settled(self) -> Option<bool> {
        if self.has(Self::FORBIDS) {
            Some(false)
        } else if self.has(Self::MAY_FORBID) {
            None
        } else if self.has(Self::PERMITS) {
            Some(true)
        } else if self.has(Self::MAY_PERMIT) {
            None
        } else {
            Some(false)
        }
    }
}

impl BitOr for Cell {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Cell {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// Of which resources a row speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// Of those in no environment.
    Nowhere,
    /// Of those in the environments of a tier that the policy does not name.
    Tier(Tier),
}

impl Row {
    pub(super) const ALL: [Self; 3] =
        [Self::Nowhere, Self::Tier(Tier::Nonproduction), Self::Tier(Tier::Production)];

    fn number(self) -> usize {
        match self {
            Self::Nowhere => 0,
            Self::Tier(Tier::Nonproduction) => 1,
            Self::Tier(Tier::Production) => 2,
        }
    }
}

/// The answers about every policy.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Operations, the length of a row.
    width: usize,
    /// Three rows a policy.
    cells: Vec<Cell>,
    /// Rows for the environments that a policy names.
    named: FxHashMap<(RuleId, EnvironmentId), Box<[Cell]>>,
}

impl Table {
    pub(super) fn new(rules: usize, width: usize) -> Self {
        let cells = vec![Cell::NOTHING; rules * Row::ALL.len() * width];
        Self { width, cells, named: FxHashMap::default() }
    }

    pub(super) fn set(&mut self, rule: RuleId, row: Row, cells: &[Cell]) {
        let begin = self.begin(rule, row);
        if let Some(slots) = self.cells.get_mut(begin..begin + self.width) {
            slots.copy_from_slice(cells);
        }
    }

    pub(super) fn set_named(&mut self, rule: RuleId, id: EnvironmentId, cells: &[Cell]) {
        self.named.insert((rule, id), cells.into());
    }

    fn begin(&self, rule: RuleId, row: Row) -> usize {
        (rule.0 as usize * Row::ALL.len() + row.number()) * self.width
    }

    /// What a policy does to each operation on resources of an environment, or of none.
    pub(super) fn row(&self, rule: RuleId, environment: Option<EnvironmentId>) -> &[Cell] {
        if let Some(id) = environment
            && !self.named.is_empty()
            && let Some(row) = self.named.get(&(rule, id))
        {
            return row;
        }
        let row = environment.map_or(Row::Nowhere, |id| Row::Tier(id.tier()));
        let begin = self.begin(rule, row);
        self.cells.get(begin..begin + self.width).unwrap_or_default()
    }

    /// What a policy does to an operation on a resource of an environment, or of none.
    pub(super) fn cell(
        &self,
        rule: RuleId,
        environment: Option<EnvironmentId>,
        operation: OperationId,
    ) -> Cell {
        let cell = self.row(rule, environment).get(usize::from(operation.0));
        cell.copied().unwrap_or(Cell::NOTHING)
    }
}
