//! Why a call is allowed or not: the statements that decide, and the lines of Cedar that they come from.
//!
//! A question is asked in the words of AWS ([`call`]): may somebody who has the role make this call? Or in those of
//! the vocabulary ([`action`]): may they do this in that environment, by which calls, and what is left out?

mod action;
mod call;
mod documents;
mod text;

use std::collections::BTreeMap;

use fortem_core::{Problem, Problems, Source};
use serde::Serialize;
use thiserror::Error;

pub(crate) use self::action::left_out;
pub use self::action::{ActionAnswer, LeftOut, Step, action};
pub use self::call::{CallAnswer, Near, Use, call};

use crate::compile::Compiled;
use crate::domain::DomainError;
use crate::iam::Effect;
use crate::model::Role;
use crate::output::OriginEntry;
use crate::reference::ReferenceError;

/// A statement of a role's documents, and what it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deciding {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The statement id.
    pub sid: String,
    /// The file, below the output directory.
    pub file: String,
    /// The policies, or what it prevents.
    pub from: Vec<OriginEntry>,
}

/// A concrete call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The API action.
    pub api: String,
    /// The ARN, or `*` for a call without a resource.
    pub resource: String,
    /// The condition keys, the principal's tags among them; a key that is not there is absent.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// Why a question has no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The question is about what there is not.
    #[error(transparent)]
    Refused(#[from] Problems),
    /// The built-in service reference cannot be read.
    #[error("the built-in service reference cannot be read: {0}")]
    Reference(#[from] &'static ReferenceError),
    /// Not all calls can be looked at.
    #[error("the documents tell too many calls apart: {0}")]
    Domain(#[from] DomainError),
}

/// Somebody who has a role in an environment, or wherever the role says itself.
#[derive(Debug, Clone, Copy)]
pub struct Somebody<'a> {
    source: &'a Source,
    compiled: &'a Compiled<'a>,
    role: &'a Role<'a>,
    environment: Option<&'a str>,
}

impl<'a> Somebody<'a> {
    /// Somebody who has the role of that id; an environment that the fleet does not know is one all the same.
    ///
    /// # Errors
    ///
    /// When there is no such role, or nothing says in which environment somebody has it.
    pub fn new(
        source: &'a Source,
        compiled: &'a Compiled<'a>,
        role: &str,
        environment: Option<&'a str>,
    ) -> Result<Self, Problems> {
        let roles = &compiled.model.roles;
        let Some(role) = roles.iter().find(|known| known.policy.id() == role) else {
            let known: Vec<_> = roles.iter().map(|one| format!("`{}`", one.policy.id())).collect();
            let message = format!("no role has the id `{role}`");
            let help = format!("the roles are {}", known.join(", "));
            return Err(Problem::new("fortem::compile::unknown_role", message).help(help).into());
        };
        if role.is_assigned && environment.is_none() {
            let message =
                format!("nothing says in which environment somebody is `{}`", role.policy.id());
            let help = "name it with --environment";
            return Err(Problem::new("fortem::explain::nowhere", message).help(help).into());
        }
        Ok(Self { source, compiled, role, environment })
    }
}
