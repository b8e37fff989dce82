//! Audits AWS accounts for whatever lets a person cross an environment.
//!
//! There are no rules yet.
