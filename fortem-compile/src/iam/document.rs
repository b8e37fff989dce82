//! Policy documents, read from JSON (IAM User Guide, "Grammar of the IAM JSON policy language").

use std::collections::BTreeSet;

use thiserror::Error;

use super::json::Json;
use super::statement::{self, Statement};

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also when the element is absent: `${…}` is literal text.
    V2008,
    /// `2012-10-17`, with policy variables.
    V2012,
}

/// One policy document without principals: an identity policy, service control policy, boundary or session policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
}

/// A document that AWS would refuse, or that this reader refuses since its meaning is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{fault}", statement.as_ref().map(|name| format!("statement `{name}`: ")).unwrap_or_default())]
pub struct DocumentError {
    statement: Option<String>,
    fault: DocumentFault,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentFault {
    /// The text is not JSON, or writes a key twice.
    #[error("not JSON: {0}")]
    Syntax(String),
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
    /// An element that must be there is not.
    #[error("`{0}` is missing")]
    MissingElement(&'static str),
    /// An element and its `Not…` twin are both there.
    #[error("`{0}` and `Not{0}` exclude each other")]
    BothElements(&'static str),
    /// A principal is named where the policy is attached to one.
    #[error("`{0}` may not stand in a policy that is attached to a principal")]
    Principal(String),
    /// `Effect` is neither `Allow` nor `Deny`.
    #[error("effect `{0}` does not exist, expected `Allow` or `Deny`")]
    UnknownEffect(String),
    /// A `Sid` has a character other than `A-Z`, `a-z`, `0-9`.
    #[error("a Sid has letters and digits only")]
    SidCharacters,
    /// Two statements have the same `Sid`.
    #[error("another statement has the same Sid")]
    DuplicateSid,
    /// An API action without a service prefix.
    #[error("action `{0}` does not begin with a service, as in `ecs:UpdateService`")]
    Action(String),
    /// A resource that is neither an ARN nor `*`.
    #[error("resource `{0}` is neither an ARN nor `*`")]
    Resource(String),
    /// There is no such condition operator.
    #[error("unknown operator `{0}`")]
    UnknownOperator(String),
}

impl DocumentError {
    /// A fault of the document as a whole.
    pub(super) fn of_document(fault: DocumentFault) -> Self {
        Self { statement: None, fault }
    }

    /// The Sid of the statement at fault, else its number from 1; none when the document as a whole is.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.statement.as_deref()
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &DocumentFault {
        &self.fault
    }
}

impl Document {
    /// Reads a policy document.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] names the statement at fault and what is wrong in it, the first in the order of the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use fortem_compile::iam::Document;
    ///
    /// let error = Document::parse(
    ///     r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Run", "Effect": "allow", "Action": "ecs:RunTask",
    ///         "Resource": "*"}]}"#,
    /// )
    /// .unwrap_err();
    /// assert_eq!(error.to_string(), "statement `Run`: effect `allow` does not exist, expected `Allow` or `Deny`");
    /// ```
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let json = serde_json::from_str(text).map_err(|error| {
            DocumentError::of_document(DocumentFault::Syntax(error.to_string()))
        })?;
        Self::from_json(json)
    }

    /// Reads a policy document that stands within other JSON.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn from_json(json: Json) -> Result<Self, DocumentError> {
        let mut version = Version::V2008;
        let mut id = None;
        let mut statements = None;
        for (element, value) in object(json, "policy").map_err(DocumentError::of_document)? {
            match element.as_str() {
                "Version" => version = Version::read(value).map_err(DocumentError::of_document)?,
                "Id" => id = Some(text(value, "Id").map_err(DocumentError::of_document)?),
                "Statement" => statements = Some(value),
                _ => {
                    return Err(DocumentError::of_document(DocumentFault::UnknownElement(element)));
                }
            }
        }
        let missing = || DocumentError::of_document(DocumentFault::MissingElement("Statement"));
        let statements = match statements.ok_or_else(missing)? {
            Json::List(list) => list,
            single => vec![single],
        };
        Ok(Self { version, id, statements: read_statements(statements, version)? })
    }

    /// The version of the language; the older one when the document names none.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The `Id` element.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The statements in the order of the text.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Version {
    fn read(value: Json) -> Result<Self, DocumentFault> {
        match text(value, "Version")?.as_str() {
            "2008-10-17" => Ok(Self::V2008),
            "2012-10-17" => Ok(Self::V2012),
            other => Err(DocumentFault::UnknownVersion(other.to_owned())),
        }
    }
}

/// Reads the statements and checks that no two share a Sid.
fn read_statements(values: Vec<Json>, version: Version) -> Result<Vec<Statement>, DocumentError> {
    let mut sids = BTreeSet::new();
    let mut statements = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let name = statement::name_of(&value, index + 1);
        let at = |fault| DocumentError { statement: Some(name.clone()), fault };
        let statement = statement::read(value, index + 1, version).map_err(at)?;
        if let Some(sid) = statement.sid()
            && !sids.insert(sid.to_owned())
        {
            return Err(at(DocumentFault::DuplicateSid));
        }
        statements.push(statement);
    }
    Ok(statements)
}

/// The entries of an object.
pub(super) fn object(value: Json, element: &str) -> Result<Vec<(String, Json)>, DocumentFault> {
    match value {
        Json::Object(entries) => Ok(entries),
        other => Err(wrong_kind(element, &other, "an object")),
    }
}

/// The text of a string.
pub(super) fn text(value: Json, element: &str) -> Result<String, DocumentFault> {
    match value {
        Json::Text(text) => Ok(text),
        other => Err(wrong_kind(element, &other, "a string")),
    }
}

pub(super) fn wrong_kind(element: &str, found: &Json, expected: &'static str) -> DocumentFault {
    DocumentFault::Kind { element: element.to_owned(), found: found.kind(), expected }
}
