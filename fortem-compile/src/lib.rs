//! Cedar roles and guards in, AWS IAM policies out.
//!
//! ```text
//! source → model → statements → documents → verified → report
//!          model   lower, merge   emit      verify     report
//! ```
//!
//! One IAM policy a role serves every environment: the slot `?resource` of a Cedar template becomes
//! the policy variable `${aws:PrincipalTag/Environment}`. Guards become Deny statements, and what
//! tags rest on is guarded in every document. What is emitted is read back by [`iam`], the one model of
//! IAM in the project, and must say what Cedar says, no more and no less ([`verify`]).

pub mod check;
pub mod classes;
pub mod compile;
pub mod context;
pub mod deploy;
pub mod diff;
pub mod emit;
pub mod escape;
pub mod explain;
pub mod files;
pub mod format;
pub mod iam;
pub mod lower;
pub mod matrix;
pub mod merge;
pub mod model;
pub mod output;
pub mod page;
#[cfg(feature = "prove")]
pub mod prove;
pub mod quota;
pub mod reference;
pub mod report;
pub mod scaffold;
pub mod simulate;
pub mod statement;
pub mod table;
pub mod target;
pub mod verify;

mod arn;
mod domain;
mod identity;
mod preconditions;

pub use compile::{CompileError, Compiled, compile, compile_by};
pub use domain::DomainError;
pub use identity::Identity;
