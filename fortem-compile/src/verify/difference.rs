//! A difference between documents and Cedar, as one concrete call.

use std::collections::BTreeSet;
use std::fmt;

use fortem_core::{Problem, Source};
use serde::Serialize;

use super::circumstances::Circumstance;
use super::plain::{Part, Role};
use super::principals::Principal;
use super::sides::Sides;
use crate::domain::{Found, Shape};
use crate::iam::Effect;

/// In which way documents and Cedar differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The documents allow what Cedar does not.
    Excess,
    /// Cedar permits what the documents do not allow.
    Shortfall,
    /// The documents do not deny explicitly what a guard forbids.
    Unguarded,
    /// The documents deny explicitly what no guard forbids.
    Overreach,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Excess, Self::Shortfall, Self::Unguarded, Self::Overreach];

    /// What documents of the kind do, after "the documents".
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Excess => "allow a call that Cedar does not permit",
            Self::Shortfall => "do not allow a call that Cedar permits",
            Self::Unguarded => "do not deny a call that a guard forbids",
            Self::Overreach => "deny a call that no guard forbids",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Excess => "fortem::verify::excess",
            Self::Shortfall => "fortem::verify::shortfall",
            Self::Unguarded => "fortem::verify::unguarded",
            Self::Overreach => "fortem::verify::overreach",
        }
    }
}

/// One call on which the documents of a role and Cedar differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    kind: Kind,
    role: String,
    principal: Option<String>,
    api: String,
    resource: String,
    keys: Vec<(String, Vec<String>)>,
    statements: Vec<String>,
    policies: BTreeSet<String>,
}

impl Difference {
    pub(super) fn new(
        kind: Kind,
        role: &Role,
        principal: &Principal,
        shape: &Shape,
        found: Found,
        sides: &Sides,
        when: &Circumstance,
    ) -> Self {
        let applying = found.applying.perhaps;
        let emitted =
            sides.emitted.iter().enumerate().filter(|(number, _)| applying.contains(*number));
        let statements = emitted.map(|(_, statement)| {
            let effect = if statement.effect() == Effect::Allow { "Allow" } else { "Deny" };
            format!("{effect} {}", statement.name())
        });
        let plain = sides.plain().enumerate();
        let plain = plain.filter(|(number, _)| applying.contains(number + sides.emitted.len()));
        let asking = plain.filter(|(_, one)| one.part != Part::Deniable);
        let given = when.iter().map(|(key, value)| (key.clone(), vec![value.clone()]));
        let keys = found.keys.into_iter().map(|(key, values)| (key, values.as_slice().to_vec()));
        Self {
            kind,
            role: role.id.clone(),
            principal: principal.environment().or(principal.tag()).map(str::to_owned),
            api: shape.action.name().to_owned(),
            resource: found.resource,
            keys: keys.chain(given).collect(),
            statements: statements.collect(),
            policies: asking.flat_map(|(_, one)| one.policies.clone()).collect(),
        }
    }

    /// In which way the two differ.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The role whose documents differ.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The environment's tag of the principal; none for a principal without.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// The API action.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.api
    }

    /// The ARN, or `*` for a call without a resource.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The condition keys of the call, beside the principal's tag.
    #[must_use]
    pub fn keys(&self) -> &[(String, Vec<String>)] {
        &self.keys
    }

    /// The emitted statements that apply to the call, as effect and Sid.
    #[must_use]
    pub fn statements(&self) -> &[String] {
        &self.statements
    }

    /// The roles and guards in Cedar that apply to the call, by id.
    #[must_use]
    pub fn policies(&self) -> &BTreeSet<String> {
        &self.policies
    }

    /// The difference as a problem at the policy concerned.
    #[must_use]
    pub fn problem(&self, source: &Source) -> Problem {
        let message = format!("the documents of `{}` {}", self.role, self.kind.says());
        let problem = Problem::new(self.kind.code(), message);
        let guards = source.guards().filter(|guard| self.policies.contains(guard.id()));
        let roles = source.roles().filter(|role| role.id() == self.role);
        let problem = match guards.chain(roles).next() {
            Some(policy) => problem.at(policy.file(), policy.header_span(), self.cedar()),
            None => problem,
        };
        problem.help(format!(
            "{self}\nnothing was written: fortem-compile does not say in IAM what these policies say, which is its own \
             fault; please report it, and write the conditions more simply until it is mended"
        ))
    }

    /// What Cedar says to the call.
    fn cedar(&self) -> &'static str {
        match self.kind {
            Kind::Excess | Kind::Unguarded => "Cedar: deny",
            Kind::Shortfall => "Cedar: allow",
            Kind::Overreach => "Cedar: not forbidden",
        }
    }

    fn iam(&self) -> String {
        let answer = match self.kind {
            Kind::Excess => "allow",
            Kind::Shortfall | Kind::Overreach => "deny",
            Kind::Unguarded => "not denied explicitly",
        };
        if self.statements.is_empty() {
            return format!("{answer}, no statement applies");
        }
        format!("{answer}, by {}", self.statements.join(", "))
    }
}

/// The call and both answers, a line each.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "call: {} on {}", self.api, self.resource)?;
        match &self.principal {
            Some(tag) => writeln!(f, "by a principal tagged `{tag}`")?,
            None => writeln!(f, "by a principal without the tag")?,
        }
        for (key, values) in &self.keys {
            writeln!(f, "with {key} = {}", values.join(", "))?;
        }
        writeln!(f, "{}", self.cedar())?;
        write!(f, "IAM: {}", self.iam())
    }
}
