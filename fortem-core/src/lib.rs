//! Environments, roles, actions and assignments as Cedar policies.
//!
//! A *role* is a Cedar template, an *assignment* in the fleet file a link of it: somebody, in some
//! environments. A *guard* is a Cedar `forbid` that holds for everybody. [`Source::load`] reads a
//! directory of them, checks everything against the [`Vocabulary`], and reports every mistake with its
//! place as a [`Problem`].
//!
//! ```
//! # fn main() -> Result<(), fortem_core::Problems> {
//! let source = fortem_core::Source::load("../policies")?;
//! let staging = source.fleet().environment("staging").map(|environment| environment.tier());
//! assert_eq!(staging, Some(fortem_core::Tier::Nonproduction));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "audit")]
pub mod audit;
mod cedar_text;
pub mod engine;
mod fleet;
mod identity;
mod near;
pub mod pattern;
mod policy;
mod policy_text;
mod problem;
mod source;
mod vocabulary;

pub use fleet::{
    Acceptance, Assignee, Assignment, Environment, Fleet, NamePattern, Names, Partition,
    ScheduleKind, Team, Tier, User,
};
pub use identity::Identity;
pub use policy::{Policy, PolicyKind};
pub use problem::{Problem, Problems, SourceFile};
pub use source::{FLEET_FILE, Source};
pub use vocabulary::{Action, NAMESPACE, Vocabulary};
