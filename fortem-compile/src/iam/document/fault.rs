//! What may be wrong with a document, and where.

use std::fmt;

use fortem_core::{Problem, SourceFile};
use thiserror::Error;

use super::kind::{DocumentKind, ELEMENTS};
use crate::iam::span::Span;

/// A document that AWS would refuse, or that this reader refuses since its meaning is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct DocumentError(Box<Placed<DocumentFault>>);

/// Something that AWS accepts and that likely does not do what was meant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct DocumentRemark(Placed<DocumentOddity>);

/// What there is to say, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed<T> {
    statement: Option<String>,
    span: Span,
    what: T,
}

impl<T: fmt::Display> fmt::Display for Placed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.statement {
            Some(name) => write!(f, "statement `{name}`: {}", self.what),
            None => self.what.fmt(f),
        }
    }
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentFault {
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// A character that the IAM API does not take: all but tab, line ends and U+0020 to U+00FF.
    #[error("the character {0:?} may not stand in a policy")]
    Character(char),
    /// An object has a key twice; readers of JSON disagree on which one counts.
    #[error("`{0}` is written twice")]
    DuplicateKey(String),
    /// An element has a value of the wrong kind.
    #[error("`{element}` is {found}, expected {expected}")]
    Kind {
        /// The element.
        element: String,
        /// What stands there.
        found: &'static str,
        /// What may stand there.
        expected: &'static str,
    },
    /// `Version` is neither of the two that exist.
    #[error("version `{0}` does not exist, expected `2012-10-17` or `2008-10-17`")]
    UnknownVersion(String),
    /// An element that the language does not have here.
    #[error("unknown element `{0}`")]
    UnknownElement(String),
    /// An element that this kind of document does not have.
    #[error("`{element}` may not stand in {kind}")]
    MisplacedElement {
        /// The element.
        element: String,
        /// What the document was read as.
        kind: DocumentKind,
    },
    /// An element that must be there is not.
    #[error("`{0}` is missing")]
    MissingElement(&'static str),
    /// An element and its `Not…` twin are both there.
    #[error("`{0}` and `Not{0}` exclude each other")]
    BothElements(&'static str),
    /// An element lists nothing.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// `Effect` is neither `Allow` nor `Deny`.
    #[error("effect `{0}` does not exist, expected `Allow` or `Deny`")]
    UnknownEffect(String),
    /// A resource control policy allows something other than everything to everyone.
    #[error("a resource control policy only denies")]
    AllowInResourceControl,
    /// A `Sid` has a character other than `A-Z`, `a-z`, `0-9`.
    #[error("a Sid has letters and digits only")]
    SidCharacters,
    /// Two statements have the same `Sid`.
    #[error("another statement has the same Sid")]
    DuplicateSid,
    /// A principal is of a type that does not exist.
    #[error("unknown type of principal `{0}`")]
    PrincipalType(String),
    /// A principal that cannot be one of its type.
    #[error("principal `{0}` is neither an account, nor an ARN without wildcards, nor `*`")]
    Principal(String),
    /// A resource control policy is about somebody else than everyone.
    #[error("the principal of a resource control policy is `*`")]
    PrincipalOfResourceControl,
    /// An API action that is not a service and a name, separated by a colon.
    #[error("action `{0}` is not a service and a name, as in `ecs:UpdateService`")]
    Action(String),
    /// A resource that is neither an ARN nor `*`.
    #[error("resource `{0}` is neither an ARN nor `*`")]
    Resource(String),
    /// There is no such condition operator.
    #[error("unknown operator `{0}`")]
    UnknownOperator(String),
    /// A condition key without the service it belongs to.
    #[error("condition key `{0}` does not begin with a service, as in `ecs:cluster`")]
    ConditionKey(String),
    /// A policy variable where none is filled in.
    #[error("a policy variable may not stand in {0}")]
    Variable(String),
}

/// What about a document is likely not as meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentOddity {
    /// There is no `Version`, so that the older one holds.
    #[error("without `Version` the policy is read in the language of 2008")]
    NoVersion,
    /// `${…}` in a document of the older version.
    #[error("a policy variable is plain text before `Version` 2012-10-17")]
    VariableAsText,
    /// A policy variable before the fifth colon of an ARN, where the guide wants none and AWS's own
    /// `AmazonTimestreamInfluxDBServiceRolePolicy` has one.
    #[error("a policy variable stands before the resource part of an ARN")]
    VariableInArnHead,
}

impl DocumentError {
    pub(super) fn new(statement: Option<String>, span: Span, what: DocumentFault) -> Self {
        Self(Box::new(Placed { statement, span, what }))
    }

    /// The Sid of the statement at fault, else its number from 1; none when the document as a whole is.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// Where it is: the value or key at fault; of something missing, the bracket that closes what it is missing from.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &DocumentFault {
        &self.0.what
    }

    /// The same as a problem, in the file that the document was read from.
    #[must_use]
    pub fn problem(&self, file: &SourceFile) -> Problem {
        Problem::new("fortem::iam::document", self.to_string())
            .at(file, self.span().range(), "here")
            .help(self.fault().help())
    }
}

impl DocumentRemark {
    pub(super) fn new(statement: Option<String>, span: Span, what: DocumentOddity) -> Self {
        Self(Placed { statement, span, what })
    }

    /// The Sid of the statement it is about, else its number from 1; none when it is about the document as a whole.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// Where it is.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// What it is.
    #[must_use]
    pub fn oddity(&self) -> DocumentOddity {
        self.0.what
    }
}

impl DocumentFault {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Syntax(_) => "policies are strict JSON: no comments, no trailing commas".to_owned(),
            Self::Character(_) => "write it with the letters of Latin-1".to_owned(),
            Self::DuplicateKey(_) => "write the key once, with a list of values if there are several".to_owned(),
            Self::Kind { expected, .. } => format!("write {expected}"),
            Self::UnknownVersion(_) => "write `\"Version\": \"2012-10-17\"`".to_owned(),
            Self::UnknownElement(_) => format!("a statement has {}", quoted(&ELEMENTS)),
            Self::MisplacedElement { element, .. } => format!("remove `{element}`"),
            Self::MissingElement(element) => format!("add `{element}`"),
            Self::BothElements(element) => format!("remove `{element}` or `Not{element}`"),
            Self::Empty(element) => format!("list something in `{element}`, or remove the statement"),
            Self::UnknownEffect(_) => "write `Allow` or `Deny`, with a capital letter".to_owned(),
            Self::AllowInResourceControl => "write `Deny`".to_owned(),
            Self::SidCharacters => "use `A-Z`, `a-z` and `0-9`, or remove the Sid".to_owned(),
            Self::DuplicateSid => "rename one of the two".to_owned(),
            Self::PrincipalType(_) => "use `AWS`, `Service`, `Federated` or `CanonicalUser`".to_owned(),
            Self::Principal(_) => "match several principals with a condition on `aws:PrincipalArn`".to_owned(),
            Self::PrincipalOfResourceControl => "write `\"Principal\": \"*\"`, and a condition".to_owned(),
            Self::Action(_) => "write `service:Name`, or `*` for every action".to_owned(),
            Self::Resource(_) => "write an ARN, or `*` for every resource".to_owned(),
            Self::UnknownOperator(_) => {
                "operators are those of the IAM User Guide, such as `StringEquals` or `ArnLike`".to_owned()
            }
            Self::ConditionKey(_) => "write `service:key`, or a key of all services such as `aws:PrincipalArn`".to_owned(),
            Self::Variable(_) => {
                "variables stand in `Resource`, and in values of `String…`, `Arn…` and `Bool` operators".to_owned()
            }
        }
    }

    /// Whether what the statement says is known in spite of it.
    pub(super) fn spares_the_statement(&self) -> bool {
        matches!(self, Self::UnknownElement(_) | Self::SidCharacters | Self::DuplicateSid)
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
