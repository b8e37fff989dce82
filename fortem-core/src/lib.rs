//! Environments, roles, actions and assignments as Cedar policies.
//!
//! A *role* is a Cedar template, an *assignment* in the fleet file a link of it: somebody, in some
//! environments. A *guard* is a Cedar `forbid` that holds for everybody, a *grant* a `permit` that needs
//! no assignment. [`Source::load`] reads a directory of them, checks everything against the
//! [`Vocabulary`], and reports every mistake with its place as a [`Problem`].
//!
//! [`engine`] answers, inside any frontend, whether somebody may do something, and why; [`json`] is the same as one
//! function over text. `audit` records what was done. Nothing here talks to AWS.
//!
//! ```
//! # fn main() -> Result<(), fortem_core::Problems> {
//! let source = fortem_core::Source::load("../policies")?;
//! let staging = source.fleet().environment("staging").map(|environment| environment.tier());
//! assert_eq!(staging, Some(fortem_core::Tier::Nonproduction));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what |
//! | --- | --- |
//! | `sqlite` (default) | the audit log in SQLite, which is built in |
//! | `jsonl` | the audit log in a file of JSON lines |
//! | `postgres` | the audit log in PostgreSQL |
//! | `signing` | checkpoints of the audit log, signed with Ed25519 |
//! | `audit` | the audit log with a store in memory, or one of your own |

#[cfg(feature = "audit")]
pub mod audit;
mod cedar_text;
mod digest;
pub mod engine;
mod fleet;
mod identity;
pub mod json;
mod near;
pub mod pattern;
mod policy;
mod policy_text;
mod problem;
mod schema_text;
mod source;
mod vocabulary;

pub use cedar_text::parse_cedar;
pub use digest::{Digest, HexError};
pub use fleet::{
    Acceptance, Assignee, Assignment, ContextKey, ContextType, Environment, Fleet, Mode,
    NamePattern, Names, Oidc, Organization, Partition, RoleSlots, Roles, ScheduleKind, Team, Tier,
    User,
};
pub use identity::{Identity, IdentityError, OidcClaims, SamlAttributes};
pub use near::nearest;
pub use policy::{Policy, PolicyKind};
pub use policy_text::cedar_comments;
pub use problem::{Problem, Problems, SourceFile};
pub use source::{FLEET_FILE, Source, files_below};
pub use vocabulary::{Action, NAMESPACE, Vocabulary};
