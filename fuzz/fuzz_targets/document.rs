//! IAM JSON of any text is read as every kind of document; what is accepted is written as it was read.

#![no_main]

use fortem_compile::iam::{Document, DocumentKind, Json};
use libfuzzer_sys::fuzz_target;

const KINDS: [DocumentKind; 7] = [
    DocumentKind::Identity,
    DocumentKind::ServiceControl,
    DocumentKind::Boundary,
    DocumentKind::Session,
    DocumentKind::Trust,
    DocumentKind::Resource,
    DocumentKind::ResourceControl,
];

fuzz_target!(|text: &str| {
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
        let json = Json::parse(text).map(|json| json.to_string());
        assert!(json.is_ok_and(|json| serde_json::from_str(&json).ok() == Some(value)));
    }
    for kind in KINDS {
        let reading = Document::read(text, kind);
        for error in reading.errors() {
            assert!(text.get(error.span().range()).is_some());
        }
        let document = reading.document();
        if reading.errors().is_empty() {
            assert_eq!(Document::parse_as(kind, &document.to_string()).as_ref(), Ok(document));
        }
    }
});
