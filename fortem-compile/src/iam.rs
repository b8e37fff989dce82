//! The IAM policy language: documents, conditions, variables, and what they decide about a request.
//!
//! The module knows nothing of Cedar and nothing of how a policy came to be: it reads the bytes that AWS would read and
//! answers as AWS would, after the IAM User Guide ("Policy evaluation logic", "IAM JSON policy element reference").
//! Where the guide leaves two readings open, the answer is the one that allows, and says so.
//!
//! - [`Document`] is one policy document, [`DocumentKind`] what it is attached to; [`Document::read`] gives as much of it
//!   as makes sense, with everything that is wrong and its place. [`Json`] is the text beneath it.
//! - [`Policies`] are all documents that bear on one principal.
//! - [`Request`] is one authorization check: an API action, a resource and the condition keys of the call.
//! - [`Policies::decide`] gives an [`Answer`]: the decision, why, and the statements that matter.
//! - [`Case`] is one line of the JSON format in which evaluators are compared.
//!
//! ```
//! use fortem_compile::iam::{Decision, Document, NamedDocument, Policies, Request};
//!
//! let document = Document::parse(
//!     r#"{"Version": "2012-10-17", "Statement": {"Sid": "Restart", "Effect": "Allow", "Action": "ecs:Update*",
//!         "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}}}"#,
//! )?;
//! let policies = Policies::of_identity([NamedDocument::new("role", document)]);
//! let mut request = Request::new("ecs:UpdateService", "arn:aws:ecs:eu-west-1:111122223333:service/staging/web");
//! assert_eq!(policies.decide(&request).decision(), Decision::Deny);
//!
//! request.context_mut().insert("aws:ResourceTag/Environment", "staging");
//! let answer = policies.decide(&request);
//! assert_eq!(answer.decision(), Decision::Allow);
//! assert_eq!(answer.matched()[0].to_string(), "Allow identity:role#Restart");
//! # Ok::<(), fortem_compile::iam::DocumentError>(())
//! ```

mod answer;
pub(crate) mod arn;
mod case;
pub(crate) mod condition;
mod document;
mod evaluate;
mod json;
pub(crate) mod pattern;
mod principal;
mod request;
mod span;
pub(crate) mod statement;
mod truth;
pub(crate) mod variable;

pub(crate) use pattern::{Pattern, Token};

pub use answer::{Answer, Decision, Doubt, Layer, Matched, Why};
pub use case::{Case, CaseAnswer, CaseError, DocumentCache, KeyCarrier};
pub use condition::Condition;
pub use document::{
    Document, DocumentError, DocumentFault, DocumentKind, DocumentOddity, DocumentRemark,
    Inspection, Version,
};
pub use evaluate::{NamedDocument, Policies, Reading};
pub use json::{Json, JsonError, JsonValue, Member};
pub use principal::Principal;
pub use request::{Context, Request, Values};
pub use span::Span;
pub use statement::{Effect, Statement};
pub use truth::{Ambiguity, Truth};
