//! What the conditions of a policy look at, beyond who has which role where.

use std::collections::BTreeSet;
use std::fmt;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, ResourceConstraint, UnaryOp, Var};
use cedar_policy::pst::{EntityOrSlot, EntityUID, Template};

use crate::vocabulary::NAMESPACE;

/// Something that a policy asks of a request and that is only known when the request is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Circumstance {
    /// Whether the person signed in with a second factor: `context.mfa`.
    SecondFactor,
    /// The address the request comes from: `context.source_ip`.
    SourceAddress,
    /// The time: `context.now`.
    Time,
    /// An approval: `context.approval`.
    Approval,
    /// Something that the action adds to the context, such as `pattern`.
    Detail(String),
    /// Which resource of its environment it is, or its tags.
    Resource,
    /// Who the person is, their teams or their tags, asked in a condition.
    Person,
    /// Facts that the policy compares with each other.
    Other,
}

impl fmt::Display for Circumstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecondFactor => "a second factor",
            Self::SourceAddress => "the address",
            Self::Time => "the time",
            Self::Approval => "an approval",
            Self::Detail(name) => return write!(f, "`{name}` of the request"),
            Self::Resource => "the resource or its tags",
            Self::Person => "the person, their teams or tags",
            Self::Other => "what else the policy compares",
        })
    }
}

/// What a policy looks at.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Empty where action, kind of resource, tier and environment settle it.
    pub(super) at: BTreeSet<Circumstance>,
    /// The environments it names.
    pub(super) environments: BTreeSet<String>,
    /// Everything that its conditions name.
    pub(super) names: Vec<EntityUID>,
    pub(super) at_principal: bool,
    pub(super) at_resource: bool,
    pub(super) at_action: bool,
    /// How many of its expressions are of a kind that Cedar has added since: what they look at is not known.
    pub(super) unknown: usize,
}

impl Looks {
    pub(super) fn of(template: &Template) -> Self {
        let mut looks = Self::default();
        match &template.resource {
            ResourceConstraint::Eq(EntityOrSlot::Entity(uid))
            | ResourceConstraint::In(EntityOrSlot::Entity(uid))
            | ResourceConstraint::IsIn(_, EntityOrSlot::Entity(uid)) => looks.at_place(uid),
            _ => {}
        }
        for clause in template.clauses() {
            let (Clause::When(expression) | Clause::Unless(expression)) = clause;
            looks.gather(expression);
            if !is_settled(expression) {
                looks.at.extend(looked_at(expression));
            }
        }
        looks
    }

    /// A resource that the scope names: an environment or tier is settled, anything else is one resource of many.
    fn at_place(&mut self, uid: &EntityUID) {
        if is_of(uid, "Environment") {
            self.environments.insert(uid.eid.to_string());
        } else if !is_of(uid, "Tier") {
            self.at.insert(Circumstance::Resource);
        }
    }

    fn gather(&mut self, expression: &Expr) {
        for_each(expression, &mut |one| match one {
            Expr::Literal(Literal::EntityUID(uid)) => {
                if is_of(uid, "Environment") {
                    self.environments.insert(uid.eid.to_string());
                }
                self.at_action |= is_of(uid, "Action");
                // The person or resource of the request may be the one that is named.
                self.at_principal |= is_of(uid, "User");
                self.at_resource |= is_resource(uid);
                self.names.push(uid.clone());
            }
            Expr::Var(Var::Principal) => self.at_principal = true,
            Expr::Var(Var::Resource) => self.at_resource = true,
            Expr::Var(Var::Action) => self.at_action = true,
            one => self.unknown += usize::from(!is_known(one)),
        });
    }
}

/// Whether an entity is of a kind that requests bring along.
fn is_resource(uid: &EntityUID) -> bool {
    !["Action", "Environment", "Team", "Tier", "User"].iter().any(|kind| is_of(uid, kind))
}

pub(super) fn is_of(uid: &EntityUID, kind: &str) -> bool {
    uid.ty.0.id.as_str() == kind
        && matches!(uid.ty.0.namespace.as_slice(), [one] if one.as_str() == NAMESPACE)
}

/// Whether an expression has one value for all requests of an action, kind of resource, tier and environment.
fn is_settled(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(Literal::Bool(_)) => true,
        Expr::UnaryOp { op: UnaryOp::Not, expr } => is_settled(expr),
        Expr::BinaryOp { op: BinaryOp::And | BinaryOp::Or, left, right } => {
            is_settled(left) && is_settled(right)
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            [cond, then_expr, else_expr].into_iter().all(|one| is_settled(one))
        }
        Expr::BinaryOp { op: BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::In, left, right } => {
            match **left {
                Expr::Var(Var::Action) => is_made_of(right, &["Action"]),
                Expr::Var(Var::Resource) => is_made_of(right, &["Tier", "Environment"]),
                _ => false,
            }
        }
        Expr::Is { expr, in_expr, .. } => {
            **expr == Expr::Var(Var::Resource)
                && in_expr.as_ref().is_none_or(|one| is_made_of(one, &["Tier", "Environment"]))
        }
        _ => false,
    }
}

/// Whether an expression is an entity of one of these types, or a set of them.
fn is_made_of(expression: &Expr, kinds: &[&str]) -> bool {
    match expression {
        Expr::Literal(Literal::EntityUID(uid)) => kinds.iter().any(|kind| is_of(uid, kind)),
        Expr::Set(members) => members.iter().all(|one| is_made_of(one, kinds)),
        _ => false,
    }
}

fn looked_at(expression: &Expr) -> BTreeSet<Circumstance> {
    let mut found = BTreeSet::new();
    for_each(expression, &mut |one| match one {
        Expr::GetAttr { expr, attr } if **expr == Expr::Var(Var::Context) => {
            found.insert(of_context(attr));
        }
        Expr::HasAttr { expr, attrs } if **expr == Expr::Var(Var::Context) => {
            found.insert(of_context(attrs.first()));
        }
        Expr::Var(Var::Principal) => _ = found.insert(Circumstance::Person),
        Expr::Var(Var::Resource) => _ = found.insert(Circumstance::Resource),
        _ => {}
    });
    if found.is_empty() {
        found.insert(Circumstance::Other);
    }
    found
}

fn of_context(attribute: &str) -> Circumstance {
    match attribute {
        "mfa" => Circumstance::SecondFactor,
        "source_ip" => Circumstance::SourceAddress,
        "now" => Circumstance::Time,
        "approval" => Circumstance::Approval,
        other => Circumstance::Detail(other.to_owned()),
    }
}

/// Whether [`for_each`] sees everything in an expression of this kind.
fn is_known(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Literal(_)
            | Expr::Var(_)
            | Expr::Slot(_)
            | Expr::UnaryOp { .. }
            | Expr::BinaryOp { .. }
            | Expr::GetAttr { .. }
            | Expr::HasAttr { .. }
            | Expr::Like { .. }
            | Expr::Is { .. }
            | Expr::IfThenElse { .. }
            | Expr::Set(_)
            | Expr::Record(_)
    )
}

/// Calls `visit` for an expression and everything in it.
fn for_each(expression: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expression);
    match expression {
        Expr::UnaryOp { expr, .. }
        | Expr::GetAttr { expr, .. }
        | Expr::HasAttr { expr, .. }
        | Expr::Like { expr, .. } => for_each(expr, visit),
        Expr::BinaryOp { left, right, .. } => {
            for_each(left, visit);
            for_each(right, visit);
        }
        Expr::Is { expr, in_expr, .. } => {
            for_each(expr, visit);
            if let Some(one) = in_expr {
                for_each(one, visit);
            }
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            for one in [cond, then_expr, else_expr] {
                for_each(one, visit);
            }
        }
        Expr::Set(members) => members.iter().for_each(|one| for_each(one, visit)),
        Expr::Record(fields) => fields.values().for_each(|one| for_each(one, visit)),
        _ => {}
    }
}
