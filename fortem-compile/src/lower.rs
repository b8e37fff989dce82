//! Roles and guards to IAM statements, for those who have a role.
//!
//! The slot `?resource` of a role is the policy variable `${aws:PrincipalTag/…}`, or the environment that the documents
//! are for: the environment of a call, seen through every channel that the lowering table names, must be that one.

mod conditions;
mod coverage;
mod exception;
mod grant;
mod guard;
mod integrity;
mod place;
mod world;

pub use self::grant::LeftOut;
pub use self::world::World;

use fortem_core::Problem;
use thiserror::Error;

use crate::Identity;
use crate::model::{Model, Role};
use crate::statement::{Effect, Statement, StatementError};

pub(crate) use self::place::{Binding, slot_key};

/// What a role comes to.
#[derive(Debug)]
pub struct Lowered {
    /// Grants, then guards, then integrity guards, none merged yet. Empty where guards leave nothing to grant.
    pub statements: Vec<Statement>,
    /// What is not granted since AWS does not show what decides about it.
    pub left_out: Vec<LeftOut>,
}

/// Why a role was not lowered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LowerError {
    /// The lowering table claims what the service reference does not know.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The policies ask for what one statement cannot say.
    #[error(transparent)]
    Refused(#[from] Problem),
}

/// A role with what it is lowered by, for one identity.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    world: &'a World<'a>,
    model: &'a Model<'a>,
    role: &'a Role<'a>,
    binding: Binding<'a>,
}

/// The statements of one role for an identity.
///
/// # Errors
///
/// [`LowerError`]: a fault of the tables, or a condition that cannot be said.
pub fn lower<'a>(
    world: &'a World<'a>,
    model: &'a Model<'a>,
    role: &'a Role<'a>,
    identity: Identity,
) -> Result<Lowered, LowerError> {
    let binding = Binding::of(world.fleet, role, identity);
    let subject = Subject { world, model, role, binding };
    let (mut drafts, left_out) = grant::drafts(&subject)?;
    let granted = grant::Granted::of(&drafts);
    if granted.apis.is_empty() && !matches!(binding, Binding::Tag) {
        return Ok(Lowered { statements: Vec::new(), left_out });
    }
    for guard in &model.guards {
        drafts.extend(guard::drafts(&subject, guard, &granted)?);
    }
    drafts.extend(integrity::drafts(world));
    drafts.extend(integrity::empty_tag(&subject, &granted));
    let statements = drafts.into_iter().map(|draft| Statement::new(world.reference, draft));
    let statements = statements.collect::<Result<Vec<_>, _>>()?;
    debug_assert!(statements.iter().any(|one| one.effect() == Effect::Deny));
    Ok(Lowered { statements, left_out })
}

/// A problem with what a policy asks for, at its first line.
fn refused(policy: &fortem_core::Policy, message: String, label: &str, help: &str) -> LowerError {
    let problem = Problem::new("fortem::compile::unsayable", message);
    problem.at(policy.file(), policy.header_span(), label).help(help).into()
}
