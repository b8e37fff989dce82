//! Policy documents, read from JSON (IAM User Guide, "Grammar of the IAM JSON policy language").

mod fault;
mod findings;
mod kind;
mod read;

use std::fmt;

use super::json::{Json, JsonValue};
use super::statement::Statement;

pub use fault::{DocumentError, DocumentFault, DocumentOddity, DocumentRemark};
pub(super) use findings::Findings;
pub use kind::DocumentKind;
pub(super) use kind::ELEMENTS;

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also when the element is absent: `${…}` is literal text.
    V2008,
    /// `2012-10-17`, with policy variables.
    V2012,
}

/// One policy document.
///
/// It keeps the JSON it was read from, in which nothing but white space is lost: order, single values and lists,
/// numbers and booleans, elements that the language does not have. [`fmt::Display`] writes that JSON.
#[derive(Debug, Clone)]
pub struct Document {
    kind: DocumentKind,
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
    // Whether `Statement` is a list, and not the only statement itself.
    lists_statements: bool,
    json: Json,
}

/// A document as far as it can be read, with everything that is wrong with it.
///
/// # Examples
///
/// ```
/// use fortem_compile::iam::{Document, DocumentKind};
///
/// let reading = Document::read(
///     r#"{"Statement": [{"Sid": "Old", "Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Owner": "ops"},
///         {"Sid": "Typo", "Effect": "allow", "Action": "ecs:*", "Resource": "*"}]}"#,
///     DocumentKind::Identity,
/// );
/// let said: Vec<String> = reading.errors().iter().map(ToString::to_string).collect();
/// assert_eq!(said, [
///     "statement `Old`: unknown element `Owner`",
///     "statement `Typo`: effect `allow` does not exist, expected `Allow` or `Deny`",
/// ]);
/// assert_eq!(reading.remarks()[0].to_string(), "without `Version` the policy is read in the language of 2008");
/// let [known] = reading.document().statements() else { panic!("what the other one does is not known") };
/// assert_eq!(known.sid(), Some("Old"));
/// ```
#[derive(Debug, Clone)]
pub struct Inspection {
    document: Document,
    errors: Vec<DocumentError>,
    remarks: Vec<DocumentRemark>,
}

impl Document {
    /// Reads an identity policy.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] names the statement at fault, the place and what is wrong there, the first in the order of the
    /// text.
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
    /// assert_eq!((error.span().line(), error.span().column()), (1, 66));
    /// ```
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        Self::parse_as(DocumentKind::Identity, text)
    }

    /// Reads a document of the given kind.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fortem_compile::iam::{Document, DocumentKind};
    ///
    /// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    ///     "Principal": {"Service": "ecs-tasks.amazonaws.com"}}}"#;
    /// assert!(Document::parse_as(DocumentKind::Trust, text).is_ok());
    /// let error = Document::parse(text).unwrap_err();
    /// assert_eq!(error.to_string(), "statement `1`: `Principal` may not stand in an identity policy");
    /// ```
    pub fn parse_as(kind: DocumentKind, text: &str) -> Result<Self, DocumentError> {
        let reading = Self::read(text, kind);
        match reading.errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(reading.document),
        }
    }

    /// Reads an identity policy that stands within other JSON; places are those of the text that `json` writes.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn from_json(json: &Json) -> Result<Self, DocumentError> {
        Self::parse(&json.to_string())
    }

    /// Reads as much of a document as makes sense, and says everything that is wrong with it.
    ///
    /// A statement is left out when a fault leaves open what it does; unknown elements and bad Sids do not.
    #[must_use]
    pub fn read(text: &str, kind: DocumentKind) -> Inspection {
        read::document(text, kind)
    }

    /// What it is attached to.
    #[must_use]
    pub fn kind(&self) -> DocumentKind {
        self.kind
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

    /// The JSON pointer (RFC 6901) of one of the statements: `/Statement/0`, or `/Statement` without a list.
    #[must_use]
    pub fn pointer_of(&self, statement: &Statement) -> String {
        if self.lists_statements {
            format!("/Statement/{}", statement.number() - 1)
        } else {
            "/Statement".to_owned()
        }
    }

    /// The same without the JSON it was read from, which takes most of the memory; [`Self::json`] is `null` then.
    #[must_use]
    pub fn without_json(self) -> Self {
        Self { json: JsonValue::Null.into(), ..self }
    }

    /// The JSON it was read from.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }
}

/// Documents of one kind are equal when they are written alike, white space aside.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.json == other.json
    }
}

impl Eq for Document {}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json.fmt(f)
    }
}

impl Inspection {
    /// The document; without statements if the text is no JSON object, and `null` if it is no JSON.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The document, why AWS would refuse it, and what is likely not meant.
    #[must_use]
    pub fn into_parts(self) -> (Document, Vec<DocumentError>, Vec<DocumentRemark>) {
        (self.document, self.errors, self.remarks)
    }

    /// Why AWS would refuse the document, in the order of the text.
    #[must_use]
    pub fn errors(&self) -> &[DocumentError] {
        &self.errors
    }

    /// What AWS accepts and is likely not meant, in the order of the text.
    #[must_use]
    pub fn remarks(&self) -> &[DocumentRemark] {
        &self.remarks
    }
}
