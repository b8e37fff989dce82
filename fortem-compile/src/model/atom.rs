//! Expressions without `&&`, `||`, `!` and `if`: what is asked of the principal, the action, the resource or the
//! context.

use std::collections::BTreeSet;

use cedar_policy::pst::{BinaryOp, EntityUID, Expr, Literal, PatternElem, UnaryOp, Var};
use fortem_core::Source;

use super::alternative::Alternative;
use super::comparison::{Comparison, Order, Test};
use super::entity;
use super::expression::{all_of, conjunction};
use super::refusal::Refusal;
use super::value::{self, Constant};
use crate::context::ContextKeys;
use crate::reference::ValueType;

/// Reads single questions of a source's policies.
#[derive(Clone, Copy)]
pub(super) struct Atoms<'a, 'k> {
    pub(super) source: &'a Source,
    pub(super) keys: &'k ContextKeys<'a>,
}

type Alternatives<'a> = Result<Vec<Alternative<'a>>, Refusal>;

impl<'a> Atoms<'a, '_> {
    /// Every type of resource.
    pub(super) fn kinds(&self) -> BTreeSet<&'a str> {
        let all = self.source.vocabulary().actions().flat_map(fortem_core::Action::kinds);
        all.map(String::as_str).collect()
    }

    /// Every way in which the answer is yes (`holds`) or no.
    pub(super) fn alternatives(&self, expression: &Expr, holds: bool) -> Alternatives<'a> {
        match expression {
            Expr::GetAttr { .. } => Ok(one(self.is_true(expression)?, holds)),
            Expr::HasAttr { expr, attrs } => {
                let attribute = Expr::GetAttr { expr: expr.clone(), attr: attrs.first().clone() };
                let key = (attrs.len() == 1).then(|| self.key(&attribute)).flatten();
                let key = key.ok_or_else(|| unseen(&attribute))?;
                Ok(one(Test::new(key, Comparison::Present), holds))
            }
            Expr::Like { expr, pattern } => {
                let pattern = like(expression, pattern)?;
                let like = Comparison::Like(BTreeSet::from([pattern]));
                Ok(one(Test::new(self.need(expr)?, like), holds))
            }
            Expr::Is { expr, entity_type, in_expr } => {
                let kind = entity_type.0.id.as_str();
                let is = entity::is(self, expression, expr, kind, holds)?;
                match in_expr {
                    None => Ok(is),
                    Some(within) => {
                        let within = entity::within(self, expression, expr, within, holds)?;
                        let both = conjunction(&is, &within);
                        Ok(if holds { both } else { [is, within].concat() })
                    }
                }
            }
            Expr::UnaryOp { op, expr } => self.unary(expression, *op, expr, holds),
            Expr::BinaryOp { op, left, right } => {
                self.binary(expression, *op, (left, right), holds)
            }
            _ => Err(unsayable(expression)),
        }
    }

    fn is_true(&self, expression: &Expr) -> Result<Test, Refusal> {
        let key = self.need(expression)?;
        match self.keys.value_type(&key) {
            ValueType::Bool => Ok(Test::new(key, Comparison::True)),
            _ => Ok(Test::new(key, Comparison::Equals(BTreeSet::from(["true".to_owned()])))),
        }
    }

    fn unary(&self, whole: &Expr, op: UnaryOp, expr: &Expr, holds: bool) -> Alternatives<'a> {
        let ranges: &[&str] = match op {
            UnaryOp::IsIPv4 => &["0.0.0.0/0"],
            UnaryOp::IsIPV6 => &["::/0"],
            UnaryOp::IsLoopback => &["127.0.0.0/8", "::1/128"],
            UnaryOp::IsMulticast => &["224.0.0.0/4", "ff00::/8"],
            _ => return Err(unsayable(whole)),
        };
        let key = self.need(expr)?;
        let tests = ranges
            .iter()
            .map(|range| Test::that(key.clone(), Comparison::InRange((*range).to_owned()), holds));
        Ok(if holds {
            tests.map(Alternative::test).collect()
        } else {
            vec![Alternative { tests: tests.collect(), ..Alternative::always() }]
        })
    }

    fn binary(
        &self,
        whole: &Expr,
        op: BinaryOp,
        (left, right): (&Expr, &Expr),
        holds: bool,
    ) -> Alternatives<'a> {
        match op {
            BinaryOp::Eq => self.equal(whole, left, right, holds),
            BinaryOp::NotEq => self.equal(whole, left, right, !holds),
            BinaryOp::Less => self.ordered(whole, (left, Order::Less, right), holds),
            BinaryOp::LessEq => self.ordered(whole, (left, Order::LessOrEqual, right), holds),
            BinaryOp::Greater => self.ordered(whole, (left, Order::Greater, right), holds),
            BinaryOp::GreaterEq => self.ordered(whole, (left, Order::GreaterOrEqual, right), holds),
            BinaryOp::In => entity::within(self, whole, left, right, holds),
            BinaryOp::HasTag => {
                let key = tag(left, right).ok_or_else(|| unsayable(whole))?;
                Ok(one(Test::new(key, Comparison::Present), holds))
            }
            BinaryOp::IsInRange => {
                let range = value::range(right).ok_or_else(|| unsayable(whole))?;
                Ok(one(Test::new(self.need(left)?, Comparison::InRange(range)), holds))
            }
            BinaryOp::Contains => self.among(whole, left, std::slice::from_ref(&right), holds),
            BinaryOp::ContainsAny => {
                let members = value::members(right).ok_or_else(|| unsayable(whole))?;
                self.among(whole, left, &members, holds)
            }
            BinaryOp::ContainsAll => {
                let members = value::members(right).ok_or_else(|| unsayable(whole))?;
                // All of them are in the set exactly when none of them is out of it.
                let each = members
                    .iter()
                    .map(|one| self.among(whole, left, std::slice::from_ref(one), holds));
                let each: Vec<_> = each.collect::<Result<_, _>>()?;
                Ok(if holds { all_of(each) } else { each.concat() })
            }
            _ => Err(unsayable(whole)),
        }
    }

    /// Whether any of some values is in a set of constants.
    fn among(&self, whole: &Expr, set: &Expr, values: &[&Expr], holds: bool) -> Alternatives<'a> {
        let members = value::members(set).ok_or_else(|| unseen(set))?;
        if let Some(entities) =
            members.iter().map(|one| entity::constant(one)).collect::<Option<Vec<_>>>()
            && !entities.is_empty()
        {
            return entity::among(self, whole, &entities, values, holds);
        }
        let texts: Option<BTreeSet<String>> = members.iter().map(|one| value::text(one)).collect();
        let texts = texts.ok_or_else(|| unsayable(whole))?;
        for text in &texts {
            value::printable(whole, text)?;
        }
        let equals = |value: &&Expr| {
            let equals = Comparison::Equals(texts.clone());
            Ok(Alternative::test(Test::that(self.need(value)?, equals, holds)))
        };
        let each: Vec<Alternative> = values.iter().map(equals).collect::<Result<_, Refusal>>()?;
        // Nothing is in an empty set.
        Ok(match (texts.is_empty(), holds) {
            (true, true) => Vec::new(),
            (true, false) => vec![Alternative::always()],
            (false, true) => each,
            (false, false) => all_of(each.into_iter().map(|one| vec![one])),
        })
    }

    fn equal(&self, whole: &Expr, left: &Expr, right: &Expr, holds: bool) -> Alternatives<'a> {
        if let (Some(left), Some(right)) = (value::constant(left), value::constant(right)) {
            let holds = (left == right) == holds;
            return Ok(if holds { vec![Alternative::always()] } else { Vec::new() });
        }
        if entity::variable(left).is_some() || entity::variable(right).is_some() {
            return entity::equal(self, whole, left, right, holds);
        }
        let comparison = match (self.key(left), self.key(right)) {
            (Some(left), Some(right)) => return self.same(whole, left, right, holds),
            (Some(key), None) => (key, right),
            (None, Some(key)) => (key, left),
            (None, None) => {
                let unknown = if value::constant(left).is_none() { left } else { right };
                return Err(unseen(unknown));
            }
        };
        let (key, constant) = comparison;
        let constant = value::constant(constant).ok_or_else(|| unseen(constant))?;
        let comparison = match constant {
            Constant::Text(text) => {
                value::printable(whole, &text)?;
                Comparison::Equals(BTreeSet::from([text]))
            }
            Constant::Number(number) => Comparison::Number(Order::Equal, number),
            Constant::Time(point) => {
                Comparison::Date(Order::Equal, point.ok_or_else(|| not_whole_seconds(whole))?)
            }
            // The request's address is a single one, so that it equals no wider range.
            Constant::Address { range, is_single: true } => Comparison::InRange(range),
            Constant::Address { .. } => return Err(unsayable(whole)),
        };
        Ok(one(Test::new(key, comparison), holds))
    }

    /// Two keys with the same text. IAM compares a key with a variable; one that a policy may use anywhere comes second.
    fn same(&self, whole: &Expr, left: String, right: String, holds: bool) -> Alternatives<'a> {
        let is_text = |key: &str| self.keys.value_type(key) == ValueType::String;
        if !is_text(&left) || !is_text(&right) {
            return Err(Refusal::new(
                whole,
                "compares two values that are no text, and IAM compares only texts with variables",
                "compare with a constant",
            ));
        }
        let (key, variable) =
            if left.starts_with("aws:PrincipalTag/") { (right, left) } else { (left, right) };
        if key == variable {
            return Ok(if holds { vec![Alternative::always()] } else { Vec::new() });
        }
        Ok(one(Test::new(key, Comparison::SameAs(variable)), holds))
    }

    fn ordered(
        &self,
        whole: &Expr,
        (left, order, right): (&Expr, Order, &Expr),
        holds: bool,
    ) -> Alternatives<'a> {
        let (key, order, constant) = match (self.key(left), self.key(right)) {
            (Some(key), None) => (key, order, right),
            (None, Some(key)) => (key, order.turned(), left),
            (Some(_), Some(_)) => {
                return Err(Refusal::new(
                    whole,
                    "compares two values of the request, and IAM orders a value only against a constant",
                    "compare each with a constant",
                ));
            }
            (None, None) => {
                let unknown = if value::constant(left).is_none() { left } else { right };
                return Err(unseen(unknown));
            }
        };
        let comparison = match value::constant(constant) {
            Some(Constant::Number(number)) => Comparison::Number(order, number),
            Some(Constant::Time(point)) => {
                Comparison::Date(order, point.ok_or_else(|| not_whole_seconds(whole))?)
            }
            _ => return Err(unseen(constant)),
        };
        Ok(one(Test::new(key, comparison), holds))
    }

    /// The condition key that an expression is the value of.
    pub(super) fn key(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::GetAttr { expr, attr } if **expr == Expr::Var(Var::Context) => {
                self.keys.attribute(attr).map(str::to_owned)
            }
            Expr::BinaryOp { op: BinaryOp::GetTag, left, right } => tag(left, right),
            _ => None,
        }
    }

    fn need(&self, expression: &Expr) -> Result<String, Refusal> {
        self.key(expression).ok_or_else(|| unseen(expression))
    }
}

fn one<'a>(test: Test, holds: bool) -> Vec<Alternative<'a>> {
    vec![Alternative::test(if holds { test } else { test.negated() })]
}

fn like(whole: &Expr, pattern: &[PatternElem]) -> Result<String, Refusal> {
    let constant: String = pattern
        .iter()
        .filter_map(|element| match element {
            PatternElem::Char(letter) => Some(*letter),
            PatternElem::Wildcard => None,
        })
        .collect();
    value::printable(whole, &constant)?;
    Ok(value::pattern(pattern))
}

fn tag(of: &Expr, tag: &Expr) -> Option<String> {
    let Expr::Literal(Literal::String(tag)) = tag else { return None };
    match of {
        Expr::Var(Var::Resource) => Some(ContextKeys::resource_tag(tag)),
        Expr::Var(Var::Principal) => Some(ContextKeys::principal_tag(tag)),
        _ => None,
    }
}

/// A value that IAM does not know of.
pub(super) fn unseen(expression: &Expr) -> Refusal {
    match expression {
        Expr::GetAttr { expr, attr } if **expr == Expr::Var(Var::Context) => Refusal::new(
            expression,
            "is nothing that AWS shows of a call",
            format!(
                "if a condition key holds it, say so in fleet.toml: [context] {attr} = \"aws:…\"; else leave this \
                 condition to the engine, in a policy that is not compiled"
            ),
        ),
        Expr::UnaryOp { op: UnaryOp::ToTime | UnaryOp::ToDate, .. }
        | Expr::BinaryOp { op: BinaryOp::Offset | BinaryOp::DurationSince, .. } => Refusal::new(
            expression,
            "is a reckoning with time, and IAM only compares the time of a request with a date",
            "write the window as dates: `context.now >= datetime(\"2026-03-02\") && context.now < datetime(\"2026-03-07\")`; \
             what recurs daily or weekly is for the broker that issues sessions",
        ),
        Expr::BinaryOp { op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, .. }
        | Expr::UnaryOp { op: UnaryOp::Neg, .. } => Refusal::new(
            expression,
            "is arithmetic, which IAM has none of",
            "write the result as a constant",
        ),
        _ => unsayable(expression),
    }
}

/// An entity that is no part of what IAM sees.
pub(super) fn refuse_entity(whole: &Expr, named: &EntityUID) -> Refusal {
    Refusal::new(
        whole,
        format!("asks for `{named}`, and IAM sees no such thing of a call"),
        "name an environment, a tier, a tag or a type of resource",
    )
}

/// What IAM has no words for.
pub(super) fn unsayable(expression: &Expr) -> Refusal {
    Refusal::new(
        expression,
        "has no counterpart in IAM",
        "what can be compiled: `context.mfa` and other attributes that have a condition key, tags of resource and principal, \
         environments, tiers, teams, types of resource; compared by ==, !=, <, like, in, has, is, contains, isInRange",
    )
}

fn not_whole_seconds(expression: &Expr) -> Refusal {
    Refusal::new(
        expression,
        "is not a whole second, and AWS tells the time in seconds",
        "leave the milliseconds out",
    )
}
