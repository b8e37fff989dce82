//! JSON to documents.

use std::collections::BTreeSet;

use super::fault::{DocumentFault, DocumentOddity};
use super::findings::Findings;
use super::{Document, DocumentKind, Inspection, Version};
use crate::iam::json::{Json, JsonValue, Member};
use crate::iam::span::Span;
use crate::iam::statement::{self, Statement};

pub(super) fn document(text: &str, kind: DocumentKind) -> Inspection {
    let mut found = Findings::new(kind);
    let mut document = Document {
        kind,
        version: Version::V2008,
        id: None,
        statements: Vec::new(),
        lists_statements: false,
        json: JsonValue::Null.into(),
    };
    match Json::parse(text) {
        Ok(json) => {
            if kind.is_latin() {
                check_characters(text, &mut found);
            }
            read_policy(&json, &mut document, &mut found);
            document.json = json;
        }
        Err(error) => found.fault(error.span(), DocumentFault::Syntax(error.to_string())),
    }
    let Findings { faults: mut errors, mut remarks, .. } = found;
    errors.sort_by_key(|error| error.span().range().start);
    remarks.sort_by_key(|remark| remark.span().range().start);
    Inspection { document, errors, remarks }
}

/// One fault for the first character that the API does not take.
fn check_characters(text: &str, found: &mut Findings) {
    if text.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')) {
        return;
    }
    let taken = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    if let Some((start, character)) = text.char_indices().find(|(_, character)| !taken(*character))
    {
        let span = Span::of(text, start, start + character.len_utf8());
        found.fault(span, DocumentFault::Character(character));
    }
}

fn read_policy(json: &Json, document: &mut Document, found: &mut Findings) {
    let Some(members) = found.object(json, "policy") else { return };
    found.version = version(json, members, found);
    document.version = found.version;
    for member in members {
        let value = member.value();
        match member.key() {
            "Version" => {}
            "Id" => document.id = found.text(value, "Id").map(str::to_owned),
            "Statement" => {
                document.lists_statements = matches!(value.value(), JsonValue::List(_));
                document.statements = read_statements(value, found);
            }
            other => {
                found.fault(member.key_span(), DocumentFault::UnknownElement(other.to_owned()));
            }
        }
    }
    if json.get("Statement").is_none() {
        found.fault(json.closing_bracket(), DocumentFault::MissingElement("Statement"));
    }
}

/// The version is read first, wherever it stands: it decides what the statements say.
fn version(json: &Json, members: &[Member], found: &mut Findings) -> Version {
    let Some(member) = members.iter().find(|member| member.key() == "Version") else {
        found.remark(json.span().opening_bracket(), DocumentOddity::NoVersion);
        return Version::V2008;
    };
    match found.text(member.value(), "Version") {
        Some("2012-10-17") => Version::V2012,
        Some("2008-10-17") | None => Version::V2008,
        Some(other) => {
            found.fault(member.value().span(), DocumentFault::UnknownVersion(other.to_owned()));
            Version::V2012
        }
    }
}

/// Reads the statements and checks that no two share a Sid.
fn read_statements(value: &Json, found: &mut Findings) -> Vec<Statement> {
    if value.items().is_empty() {
        found.fault(value.span(), DocumentFault::Empty("Statement"));
    }
    let mut sids = BTreeSet::new();
    let mut statements = Vec::with_capacity(value.items().len());
    for (index, item) in value.items().iter().enumerate() {
        found.spoiled = false;
        found.statement = Some(statement::name_of(item, index + 1));
        if found.kind.has_plain_sids()
            && let Some(sid) = item.get("Sid")
            && let JsonValue::Text(text) = sid.value()
            && !text.is_empty()
            && !sids.insert(text)
        {
            found.fault(sid.span(), DocumentFault::DuplicateSid);
        }
        statements.extend(statement::read(item, index + 1, found));
    }
    found.statement = None;
    statements
}
