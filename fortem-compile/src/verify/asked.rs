//! What policies ask about the circumstances of a call: condition keys, and the constants each is compared with.
//!
//! Of an expression only this is read here, not what it means: that is for Cedar's own authorizer to say. A comparison
//! may mix several keys and constants; each constant then counts for each of the keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::pst::{
    BinaryOp, Clause, EntityOrSlot, EntityUID, Expr, Literal, PatternElem, PrincipalConstraint,
    UnaryOp, Var,
};
use fortem_core::{Fleet, Policy};

use crate::context::{ContextKeys, MEMBER};
use crate::iam::Condition;
use crate::reference::ValueType;

/// The keys that some policies ask about.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Key in lower case → what its values are compared with.
    pub(super) keys: BTreeMap<String, Vec<Condition>>,
    /// Key in lower case → as policies write it.
    pub(super) spellings: BTreeMap<String, String>,
    /// Keys that are compared with each other.
    pub(super) linked: Vec<BTreeSet<String>>,
}

impl Asked {
    /// What others ask as well.
    pub(super) fn extend(&mut self, other: Self) {
        for (key, conditions) in other.keys {
            self.keys.entry(key).or_default().extend(conditions);
        }
        self.spellings.extend(other.spellings);
        self.linked.extend(other.linked);
    }
}

/// Reads what policies ask.
pub(super) struct Reader<'r, 'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) keys: &'r ContextKeys<'a>,
}

/// The keys and constants of one comparison.
#[derive(Default)]
struct Mentioned {
    keys: BTreeSet<String>,
    /// Operator and value.
    constants: Vec<(&'static str, String)>,
}

impl Reader<'_, '_> {
    /// What the clauses of a policy ask; of a guard also whom it names.
    pub(super) fn read(&self, policy: &Policy, into: &mut Asked) {
        let template = policy.template();
        if template.effect == cedar_policy::pst::Effect::Forbid {
            match &template.principal {
                PrincipalConstraint::Eq(EntityOrSlot::Entity(entity))
                | PrincipalConstraint::In(EntityOrSlot::Entity(entity))
                | PrincipalConstraint::IsIn(_, EntityOrSlot::Entity(entity)) => {
                    self.person(entity, into);
                }
                _ => {}
            }
        }
        for clause in template.clauses() {
            let (Clause::When(expression) | Clause::Unless(expression)) = clause;
            self.expression(expression, into);
        }
    }

    fn expression(&self, expression: &Arc<Expr>, into: &mut Asked) {
        match expression.as_ref() {
            Expr::UnaryOp { op: UnaryOp::Not, expr } => self.expression(expr, into),
            Expr::BinaryOp { op: BinaryOp::And | BinaryOp::Or, left, right } => {
                self.expression(left, into);
                self.expression(right, into);
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                for part in [cond, then_expr, else_expr] {
                    self.expression(part, into);
                }
            }
            _ => {
                let mut mentioned = Mentioned::default();
                self.comparison(expression, &mut mentioned, into);
                self.note(&mentioned, into);
            }
        }
    }

    /// Everything that one comparison mentions.
    fn comparison(&self, expression: &Expr, found: &mut Mentioned, into: &mut Asked) {
        let mut constant = |operator, value: &dyn ToString| {
            found.constants.push((operator, value.to_string()));
        };
        match expression {
            Expr::Literal(Literal::String(text)) => constant("StringEquals", &escaped(text)),
            Expr::Literal(Literal::Long(number)) => constant("NumericEquals", number),
            Expr::Literal(Literal::EntityUID(entity)) => self.person(entity, into),
            Expr::Literal(Literal::Bool(_)) => constant("Bool", &"true"),
            Expr::UnaryOp { op: UnaryOp::Datetime, expr } => {
                if let Expr::Literal(Literal::String(text)) = expr.as_ref() {
                    constant("DateEquals", text);
                }
            }
            Expr::UnaryOp { op: UnaryOp::Ip, expr } => {
                if let Expr::Literal(Literal::String(text)) = expr.as_ref() {
                    constant("IpAddress", text);
                }
            }
            Expr::UnaryOp { op, expr } => {
                match op {
                    UnaryOp::IsIPv4 | UnaryOp::IsIPV6 => constant("IpAddress", &"192.0.2.1"),
                    UnaryOp::IsLoopback => {
                        constant("IpAddress", &"127.0.0.0/8");
                        constant("IpAddress", &"::1");
                    }
                    UnaryOp::IsMulticast => {
                        constant("IpAddress", &"224.0.0.0/4");
                        constant("IpAddress", &"ff00::/8");
                    }
                    UnaryOp::Neg => {
                        if let Expr::Literal(Literal::Long(number)) = expr.as_ref() {
                            constant("NumericEquals", &number.saturating_neg());
                        }
                    }
                    _ => {}
                }
                self.comparison(expr, found, into);
            }
            Expr::BinaryOp { op: BinaryOp::GetTag | BinaryOp::HasTag, left, right } => {
                found.keys.extend(tag(left, right));
            }
            Expr::BinaryOp { left, right, .. } => {
                self.comparison(left, found, into);
                self.comparison(right, found, into);
            }
            Expr::GetAttr { expr, attr } => self.attribute(expr, attr, found),
            Expr::HasAttr { expr, attrs } => self.attribute(expr, attrs.first(), found),
            Expr::Like { expr, pattern } => {
                constant("StringLike", &wild(pattern));
                self.comparison(expr, found, into);
            }
            Expr::Is { expr, in_expr, .. } => {
                self.comparison(expr, found, into);
                if let Some(within) = in_expr {
                    self.comparison(within, found, into);
                }
            }
            Expr::Set(members) => {
                for member in members {
                    self.comparison(member, found, into);
                }
            }
            _ => {}
        }
    }

    fn attribute(&self, of: &Expr, name: &str, found: &mut Mentioned) {
        if *of == Expr::Var(Var::Context) {
            found.keys.extend(self.keys.attribute(name).map(str::to_owned));
        }
    }

    /// The constants that fit the values of each key, or some one where there are none.
    fn note(&self, found: &Mentioned, into: &mut Asked) {
        for key in &found.keys {
            let (operators, sample) = typical(self.keys.value_type(key));
            let own = found.constants.iter().filter(|(operator, _)| operators.contains(operator));
            let own = own.map(|(operator, value)| (*operator, value.as_str()));
            let mut own = own.peekable();
            let sample = sample.filter(|_| own.peek().is_none() || found.keys.len() > 1);
            let conditions = into.keys.entry(key.to_lowercase()).or_default();
            for (operator, value) in own.chain(sample) {
                let values = vec![value.to_owned()];
                conditions.extend(Condition::new(operator.to_owned(), key.clone(), values, true));
            }
            into.spellings.insert(key.to_lowercase(), key.clone());
        }
        if found.keys.len() > 1 {
            into.linked.push(found.keys.iter().map(|key| key.to_lowercase()).collect());
        }
    }

    /// Who somebody is, or is a member of.
    fn person(&self, entity: &EntityUID, into: &mut Asked) {
        let (keys, value): (Vec<String>, String) = match entity.ty.0.id.as_str() {
            "User" => (self.keys.user().into_iter().collect(), escaped(&entity.eid)),
            "Team" => {
                let teams = self.fleet.teams().iter();
                (teams.filter_map(|team| self.keys.team(team.name())).collect(), MEMBER.to_owned())
            }
            _ => return,
        };
        for key in keys {
            let constants = vec![("StringEquals", value.clone())];
            self.note(&Mentioned { keys: BTreeSet::from([key]), constants }, into);
        }
    }
}

/// The operators whose values are of a type, and a comparison that such a value can be looked at by.
fn typical(value: ValueType) -> (&'static [&'static str], Option<(&'static str, &'static str)>) {
    match value {
        ValueType::String | ValueType::Arn => {
            (&["StringEquals", "StringLike"], Some(("Null", "false")))
        }
        ValueType::Bool => (&["Bool"], Some(("Bool", "true"))),
        ValueType::Numeric => (&["NumericEquals"], Some(("NumericEquals", "0"))),
        ValueType::Date => (&["DateEquals"], Some(("DateEquals", "2026-01-01T00:00:00Z"))),
        ValueType::IpAddress => (&["IpAddress"], Some(("IpAddress", "192.0.2.1"))),
    }
}

fn tag(of: &Expr, tag: &Expr) -> Option<String> {
    match (of, tag) {
        (Expr::Var(Var::Resource), Expr::Literal(Literal::String(tag))) => {
            Some(ContextKeys::resource_tag(tag))
        }
        (Expr::Var(Var::Principal), Expr::Literal(Literal::String(tag))) => {
            Some(ContextKeys::principal_tag(tag))
        }
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace("${", "${$}{")
}

fn wild(pattern: &[PatternElem]) -> String {
    let letter = |element: &PatternElem| match element {
        PatternElem::Wildcard => "*".to_owned(),
        PatternElem::Char(special @ ('*' | '?' | '$')) => format!("${{{special}}}"),
        PatternElem::Char(letter) => letter.to_string(),
    };
    pattern.iter().map(letter).collect()
}
