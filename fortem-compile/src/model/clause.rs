//! The `when` and `unless` clauses, as the few conditions that can be lowered.

use std::ops::Range;
use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Clause, EntityUID, Expr, Literal, UnaryOp, Var};
use fortem_core::{Policy, Problem};

/// A condition that IAM can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Atom {
    /// The person signed in with a second factor, or did not.
    Mfa(bool),
    /// The resource is in a tier or environment, or is not.
    In(EntityUID, bool),
}

/// Everything that must hold for the policy to apply, each with the place of its clause.
pub(super) fn atoms(policy: &Policy) -> Result<Vec<(Atom, Range<usize>)>, Problem> {
    let mut found = Vec::new();
    for (index, clause) in policy.template().clauses().iter().enumerate() {
        let span = policy.clause_span(index);
        let (expression, holds) = match clause {
            Clause::When(expression) => (expression, true),
            Clause::Unless(expression) => (expression, false),
        };
        let mut atoms = Vec::new();
        if let Err(construct) = flatten(expression, holds, &mut atoms) {
            return Err(refused(policy, span, &format!("`{construct}`")).help(
                "what can be compiled: `context.mfa`, and in a guard `resource in` a tier or an environment",
            ));
        }
        found.extend(atoms.into_iter().map(|atom| (atom, span.clone())));
    }
    Ok(found)
}

/// Splits an expression that must be true (`holds`) or false into atoms joined by "and"; answers with
/// the text of the first part that is none.
fn flatten(expression: &Arc<Expr>, holds: bool, atoms: &mut Vec<Atom>) -> Result<(), String> {
    match expression.as_ref() {
        Expr::UnaryOp { op: UnaryOp::Not, expr } => flatten(expr, !holds, atoms),
        Expr::BinaryOp { op: BinaryOp::And, left, right } if holds => {
            flatten(left, holds, atoms)?;
            flatten(right, holds, atoms)
        }
        Expr::BinaryOp { op: BinaryOp::Or, left, right } if !holds => {
            flatten(left, holds, atoms)?;
            flatten(right, holds, atoms)
        }
        other => {
            atoms.push(atom(other, holds).ok_or_else(|| other.to_string())?);
            Ok(())
        }
    }
}

fn atom(expression: &Expr, holds: bool) -> Option<Atom> {
    match expression {
        Expr::GetAttr { expr, attr } if attr == "mfa" && **expr == Expr::Var(Var::Context) => {
            Some(Atom::Mfa(holds))
        }
        Expr::BinaryOp { op: BinaryOp::In, left, right } if **left == Expr::Var(Var::Resource) => {
            match right.as_ref() {
                Expr::Literal(Literal::EntityUID(entity)) => Some(Atom::In(entity.clone(), holds)),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn refused(policy: &Policy, span: Range<usize>, what: &str) -> Problem {
    Problem::new("fortem::model::unsupported_condition", format!("cannot compile {what}")).at(
        policy.file(),
        span,
        "in this clause",
    )
}

pub(super) fn never_holds(policy: &Policy, span: Range<usize>) -> Problem {
    Problem::new("fortem::model::never_holds", "these clauses can never hold together")
        .at(policy.file(), span, "contradicts an earlier clause")
        .help("a policy that never applies is a mistake; remove it or one of the clauses")
}
