//! Environments, roles, actions and assignments as Cedar policies.

mod problem;

pub use problem::{Problem, Problems, SourceFile};
