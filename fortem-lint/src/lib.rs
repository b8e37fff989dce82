//! Audits AWS accounts for whatever lets a person cross an environment.
//!
//! ```text
//! accounts → snapshot → units → facts → rules → report
//! ```
//!
//! - [`input`] recognises account authorization details, policy documents, plans, templates and snapshots by their
//!   content and reads them into [`unit::Unit`]s, with the place of every document.
//! - `collect`, a module of the feature `live`, reads accounts through the AWS SDK into a [`snapshot`].
//! - [`environments`] says which environments there are, from a fleet file or from the input.
//! - [`facts`] answers which calls a principal's whole set of policies allows on a resource of an environment, by
//!   [`fortem_compile::iam`], the one model of IAM in the project.
//! - [`rules`] judge facts, one file a rule.
//! - [`check`] runs them; [`audit`] does so with what is accepted ([`ignore`]) and what was there before
//!   ([`baseline`]).
//! - [`drift`] compares accounts with the Cedar source.
//! - [`who_can`] lists who can do something in an environment, and by which way.
//! - [`repair`] puts corrections into policy files, unless they would grant anything new.

pub mod audit;
pub mod baseline;
pub mod catalogue;
pub mod check;
pub mod cli;
#[cfg(feature = "live")]
pub mod collect;
pub mod comparison;
pub mod date;
pub mod difference;
pub mod drift;
pub mod environments;
pub mod exit;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod ignore;
pub mod input;
pub mod organization;
pub mod repair;
pub mod report;
pub mod rules;
pub mod secret;
pub mod shown;
pub mod snapshot;
pub mod source;
pub mod unit;
pub mod who_can;
