//! Cedar expressions in disjunctive form: the alternatives under which they hold.

use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Expr, Literal, UnaryOp};
use fortem_core::Source;

use super::alternative::{Alternative, distinct};
use super::atom::Atoms;
use super::refusal::Refusal;
use crate::context::ContextKeys;

/// The most alternatives that a policy may have: each becomes statements of its own.
pub const MOST_ALTERNATIVES: usize = 64;

/// Reads expressions of a source.
#[derive(Clone, Copy)]
pub(super) struct Expressions<'a, 'k> {
    atoms: Atoms<'a, 'k>,
}

type Alternatives<'a> = Result<Vec<Alternative<'a>>, Refusal>;

impl<'a, 'k> Expressions<'a, 'k> {
    pub(super) fn new(source: &'a Source, keys: &'k ContextKeys<'a>) -> Self {
        Self { atoms: Atoms { source, keys } }
    }

    /// Every way in which an expression is true (`holds`) or false.
    ///
    /// Cedar evaluates the right side of `&&` and `||` only when it has to. What is not evaluated may be read either
    /// way without changing the result, so that the laws of Boolean algebra apply.
    pub(super) fn alternatives(&self, expression: &Arc<Expr>, holds: bool) -> Alternatives<'a> {
        let found = match expression.as_ref() {
            Expr::Literal(Literal::Bool(constant)) => constant_truth(*constant == holds),
            Expr::UnaryOp { op: UnaryOp::Not, expr } => self.alternatives(expr, !holds)?,
            Expr::BinaryOp { op: BinaryOp::And, left, right } if holds => {
                self.both((left, true), (right, true))?
            }
            Expr::BinaryOp { op: BinaryOp::Or, left, right } if !holds => {
                self.both((left, false), (right, false))?
            }
            Expr::BinaryOp { op: BinaryOp::And | BinaryOp::Or, left, right } => {
                [self.alternatives(left, holds)?, self.alternatives(right, holds)?].concat()
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                let then = self.both((cond, true), (then_expr, holds))?;
                [then, self.both((cond, false), (else_expr, holds))?].concat()
            }
            Expr::BinaryOp { op: op @ (BinaryOp::Eq | BinaryOp::NotEq), left, right } => {
                match (as_bool(left), as_bool(right)) {
                    (_, Some(constant)) => {
                        self.alternatives(left, holds == (constant == (*op == BinaryOp::Eq)))?
                    }
                    (Some(constant), _) => {
                        self.alternatives(right, holds == (constant == (*op == BinaryOp::Eq)))?
                    }
                    (None, None) => self.atoms.alternatives(expression, holds)?,
                }
            }
            _ => self.atoms.alternatives(expression, holds)?,
        };
        let kinds = self.atoms.kinds();
        let found = distinct(found).into_iter().map(|one| one.of_kinds(&kinds));
        within_bounds(distinct(found.collect()), expression)
    }

    fn both(
        &self,
        (left, left_holds): (&Arc<Expr>, bool),
        (right, right_holds): (&Arc<Expr>, bool),
    ) -> Alternatives<'a> {
        let left = self.alternatives(left, left_holds)?;
        let right = self.alternatives(right, right_holds)?;
        Ok(conjunction(&left, &right))
    }
}

/// Each of the one with each of the other.
pub(super) fn conjunction<'a>(
    left: &[Alternative<'a>],
    right: &[Alternative<'a>],
) -> Vec<Alternative<'a>> {
    let pairs = left.iter().flat_map(|one| right.iter().filter_map(|other| one.and(other)));
    distinct(pairs.collect())
}

/// What holds where one of each does.
pub(super) fn all_of<'a>(
    each: impl IntoIterator<Item = Vec<Alternative<'a>>>,
) -> Vec<Alternative<'a>> {
    let start = vec![Alternative::always()];
    each.into_iter().fold(start, |left, right| conjunction(&left, &right))
}

fn constant_truth<'a>(holds: bool) -> Vec<Alternative<'a>> {
    if holds { vec![Alternative::always()] } else { Vec::new() }
}

fn as_bool(expression: &Expr) -> Option<bool> {
    match expression {
        Expr::Literal(Literal::Bool(constant)) => Some(*constant),
        _ => None,
    }
}

fn within_bounds<'a>(found: Vec<Alternative<'a>>, expression: &Expr) -> Alternatives<'a> {
    if found.len() <= MOST_ALTERNATIVES {
        return Ok(found);
    }
    Err(Refusal::new(
        expression,
        format!(
            "comes to {} alternatives, each a statement of its own, and {MOST_ALTERNATIVES} are possible",
            found.len()
        ),
        "make several roles or guards of it, or list values in one set: `[\"a\", \"b\"].contains(…)`",
    ))
}
