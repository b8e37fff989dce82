//! Environments, roles, actions and assignments as Cedar policies.

mod cedar_text;
mod fleet;
pub mod pattern;
mod policy;
mod policy_text;
mod problem;
mod source;
mod vocabulary;

pub use fleet::{
    Acceptance, Assignee, Assignment, Environment, Fleet, NamePattern, Names, Partition,
    ScheduleKind, Tier, User,
};
pub use policy::{Policy, PolicyKind};
pub use problem::{Problem, Problems, SourceFile};
pub use source::{FLEET_FILE, Source};
pub use vocabulary::{Action, NAMESPACE, Vocabulary};
