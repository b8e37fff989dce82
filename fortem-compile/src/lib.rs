//! x

pub mod iam;
