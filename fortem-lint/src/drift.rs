//! Whether an account allows what the Cedar source permits: what differs, principal by principal.
//!
//! Of a principal that the source has roles for, all that bears on it together is compared with what those roles
//! compile to, as `fortem_compile::diff` compares: every call that the statements tell apart. So the same access spelt
//! another way is no drift. Every difference is asked again of the evaluator, which names the statement at fault. Any
//! other principal is asked for the calls that roles are made of, on resources of each environment.

mod boundary;
mod cause;
mod deviation;
mod explain;
mod holder;
mod known;
mod source;
mod stranger;

use fortem_compile::diff::{Accesses, DiffError};
use fortem_compile::reference::Reference;
use serde::Serialize;

use crate::environments::Environments;
use crate::facts::{Facts, Subject, unread};
use crate::finding::Severity;
use crate::input::NotAssessed;
use crate::organization::Organization;
use crate::unit::Unit;

pub use deviation::{Deviation, Kind};
pub use holder::{By, Holder, Part};
pub use source::{Intended, IntendedError};

/// What is never looked at.
pub const LIMITS: &[&str] = &[
    "session policies, policies of resources, resource control policies and VPC endpoint policies",
    "who may assume a role: `fortem-lint check` judges trust policies, `fortem-lint who-can` follows them",
    "tags that a session brings along and that are not the role's own, unless the role has no environment tag and its \
     trust policy takes them",
    "policies that no principal has",
];

/// What differs between an account and its source, and what was compared.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Drift {
    /// What differs, the worst first.
    pub deviations: Vec<Deviation>,
    /// The principals that the source has roles for, and which.
    pub compared: Vec<Holder>,
    /// How many other principals were asked for calls on resources of the environments.
    pub others: usize,
    /// Roles in environments, as the fleet assigns them, that no principal stands for.
    pub without_principal: Vec<Part>,
    /// What could not be compared.
    pub not_assessed: Vec<NotAssessed>,
    /// What is not looked at.
    pub limits: Vec<String>,
}

impl Drift {
    /// The highest severity of what differs.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.deviations.iter().map(|one| one.severity).max()
    }

    /// Whether something that should have been compared was not.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.not_assessed.iter().any(|one| one.incomplete)
    }
}

/// Compares units with a source; `role`, if it is given, alone: then only principals that stand for it.
#[must_use]
pub fn drift(
    units: &[Unit],
    organization: Option<&Organization>,
    environments: &Environments,
    intended: &Intended,
    reference: &'static Reference,
    role: Option<&str>,
) -> Drift {
    let accesses = Accesses::new(reference, intended.side());
    let mut drift = Drift { limits: limits(organization, role), ..Drift::default() };
    for unit in units {
        let facts = Facts::of(unit, environments, organization, reference);
        let comparison = Comparison { facts: &facts, intended, accesses: &accesses };
        for subject in &facts.subjects {
            let Some(holder) = Holder::of(subject, &facts, intended) else {
                let is_asked = role.is_none() && subject.principal().is_some();
                if is_asked {
                    drift.others += 1;
                    drift.not_assessed.extend(unread(subject, &facts));
                    drift.deviations.extend(stranger::deviation(subject, &facts));
                }
                continue;
            };
            if role.is_none_or(|role| holder.parts.iter().any(|part| part.role == role)) {
                comparison.add(subject, holder, &mut drift);
            }
        }
    }
    drift.conclude(units, intended, role)
}

/// What one account is compared by.
pub(crate) struct Comparison<'c, 'u> {
    facts: &'c Facts<'u>,
    intended: &'c Intended,
    accesses: &'c Accesses<'c>,
}

impl Comparison<'_, '_> {
    /// Compares a principal with what its roles permit: once for each environment that its sessions may be in.
    fn add(&self, subject: &Subject<'_>, holder: Holder, drift: &mut Drift) {
        drift.not_assessed.extend(unread(subject, self.facts));
        for sessions in holder.sessions() {
            match self.compare(subject, &holder, &sessions) {
                Ok(changes) => {
                    let found =
                        explain::deviations(subject, self.facts, &holder, &sessions, &changes);
                    drift.deviations.extend(found);
                }
                Err(error) => drift.not_assessed.push(not_compared(&holder, &error)),
            }
        }
        drift.deviations.extend(stranger::administrator(subject, self.facts));
        match self.boundary(subject, &holder) {
            Ok(found) => drift.deviations.extend(found),
            Err(error) => drift.not_assessed.push(not_compared(&holder, &error)),
        }
        drift.compared.push(holder);
    }
}

impl Drift {
    fn conclude(mut self, units: &[Unit], intended: &Intended, role: Option<&str>) -> Self {
        let stands = |part: &Part| self.compared.iter().any(|holder| holder.parts.contains(part));
        let assigned = intended.assigned().iter().filter(|part| !stands(part));
        let assigned = assigned.filter(|part| role.is_none_or(|role| part.role == role));
        self.without_principal = assigned.cloned().collect();
        if !units.iter().any(|unit| !unit.principals.is_empty()) {
            self.not_assessed.push(NotAssessed {
                what: "the account".to_owned(),
                why: "is not compared: the inputs hold no users and roles".to_owned(),
                incomplete: true,
            });
        }
        let unbound = self.compared.iter().filter(|holder| !holder.has_boundary).count();
        if unbound > 0 {
            let limit = format!(
                "what a permissions boundary should hold back: {unbound} of the compared principals have none"
            );
            self.limits.push(limit);
        }
        self.deviations.sort_by(|a, b| {
            b.severity.cmp(&a.severity).then_with(|| a.principal.cmp(&b.principal))
        });
        self
    }
}

fn not_compared(holder: &Holder, error: &DiffError) -> NotAssessed {
    NotAssessed {
        what: holder.principal.clone(),
        why: format!("is not compared: {error}"),
        incomplete: true,
    }
}

fn limits(organization: Option<&Organization>, role: Option<&str>) -> Vec<String> {
    let mut limits: Vec<String> = LIMITS.iter().map(|one| (*one).to_owned()).collect();
    if organization.is_none() {
        limits.push("service control policies: the inputs hold no Organization".to_owned());
    }
    if let Some(role) = role {
        limits.push(format!("principals that do not stand for `{role}`"));
    }
    limits
}
