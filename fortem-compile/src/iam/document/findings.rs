//! What a reader collects on its way through a document.

use std::collections::BTreeSet;

use super::Version;
use super::fault::{DocumentError, DocumentFault, DocumentOddity, DocumentRemark};
use super::kind::DocumentKind;
use crate::iam::json::{Json, JsonValue, Member};
use crate::iam::span::Span;

/// Faults and remarks so far, and what the reader has to know of the document.
#[derive(Debug)]
pub(in crate::iam) struct Findings {
    pub(in crate::iam) kind: DocumentKind,
    pub(super) version: Version,
    /// The statement that is being read.
    pub(super) statement: Option<String>,
    /// Whether a fault leaves open what that statement says.
    pub(in crate::iam) spoiled: bool,
    pub(super) faults: Vec<DocumentError>,
    pub(super) remarks: Vec<DocumentRemark>,
}

impl Findings {
    pub(super) fn new(kind: DocumentKind) -> Self {
        Self {
            kind,
            version: Version::V2008,
            statement: None,
            spoiled: false,
            faults: Vec::new(),
            remarks: Vec::new(),
        }
    }

    pub(in crate::iam) fn fault(&mut self, span: Span, fault: DocumentFault) {
        self.spoiled |= !fault.spares_the_statement();
        self.faults.push(DocumentError::new(self.statement.clone(), span, fault));
    }

    pub(in crate::iam) fn remark(&mut self, span: Span, oddity: DocumentOddity) {
        self.remarks.push(DocumentRemark::new(self.statement.clone(), span, oddity));
    }

    pub(in crate::iam) fn has_variables(&self) -> bool {
        self.version == Version::V2012
    }

    /// Whether a policy variable stands where none is filled in, which is said: a fault, or a remark where the version
    /// has no variables.
    pub(in crate::iam) fn stray_variable(&mut self, text: &str, span: Span, place: &str) -> bool {
        if !text.contains("${") {
            return false;
        }
        if self.has_variables() {
            self.fault(span, DocumentFault::Variable(place.to_owned()));
        } else {
            self.remark(span, DocumentOddity::VariableAsText);
        }
        true
    }

    fn wrong_kind(&mut self, value: &Json, element: &str, expected: &'static str) {
        let fault =
            DocumentFault::Kind { element: element.to_owned(), found: value.kind(), expected };
        self.fault(value.span(), fault);
    }

    /// The members of an object; keys written twice are faults.
    pub(in crate::iam) fn object<'j>(
        &mut self,
        value: &'j Json,
        element: &str,
    ) -> Option<&'j [Member]> {
        let JsonValue::Object(members) = value.value() else {
            self.wrong_kind(value, element, "an object");
            return None;
        };
        let mut seen = BTreeSet::new();
        for member in members {
            if !seen.insert(member.key()) {
                self.fault(member.key_span(), DocumentFault::DuplicateKey(member.key().to_owned()));
            }
        }
        Some(members)
    }

    /// The text of a string.
    pub(in crate::iam) fn text<'j>(&mut self, value: &'j Json, element: &str) -> Option<&'j str> {
        if let JsonValue::Text(text) = value.value() {
            return Some(text);
        }
        self.wrong_kind(value, element, "a string");
        None
    }

    /// One string or a list of strings, with their places.
    pub(in crate::iam) fn texts<'j>(
        &mut self,
        value: &'j Json,
        element: &str,
    ) -> Vec<(&'j str, Span)> {
        if !matches!(value.value(), JsonValue::Text(_) | JsonValue::List(_)) {
            self.wrong_kind(value, element, "a string or a list of strings");
            return Vec::new();
        }
        let items = value.items().iter();
        items.filter_map(|item| Some((self.text(item, element)?, item.span()))).collect()
    }

    /// Values of a condition key; numbers and booleans stand for their text.
    pub(in crate::iam) fn scalars<'j>(
        &mut self,
        value: &'j Json,
        key: &str,
    ) -> Vec<(&'j str, Span)> {
        let mut scalars = Vec::new();
        for item in value.items() {
            match item.value() {
                JsonValue::Text(text) | JsonValue::Scalar(text) => {
                    scalars.push((text.as_str(), item.span()));
                }
                _ => self.wrong_kind(item, key, "a string, number or boolean"),
            }
        }
        scalars
    }
}
