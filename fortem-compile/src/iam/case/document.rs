//! The documents of cases, each text of which is read once.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

use super::CaseError;
use crate::iam::document::{Document, DocumentError};

/// How many bytes of text a cache holds at most; the documents take some ten times as much.
const MOST_BYTES: usize = 4 << 20;

/// Documents that earlier cases had, by their text, within a bound; for [`Case::run`](super::Case::run).
///
/// ```
/// use fortem_compile::iam::{Case, DocumentCache};
/// use fortem_compile::reference::Reference;
///
/// let reference = Reference::builtin()?;
/// let mut cache = DocumentCache::default();
/// for id in ["first", "second"] {
///     let line = format!(
///         r#"{{"id": "{id}", "principal": {{"arn": "arn:aws:iam::111122223333:role/dev"}},
///             "identity_policies": [{{"name": "role", "document": {{"Statement": {{"Effect": "Allow", "Action": "*",
///             "Resource": "*"}}}}}}], "action": "ecs:ListClusters", "resource": {{"arn": "*"}}, "expect": "allow"}}"#
///     );
///     let case: Case = serde_json::from_str(&line)?;
///     assert_eq!(case.run(reference, &mut cache).is_ok(), Some(true));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct DocumentCache {
    read: HashMap<Box<str>, Result<Arc<Document>, DocumentError>>,
    bytes: usize,
}

impl DocumentCache {
    fn read(&mut self, text: &str) -> Result<Arc<Document>, DocumentError> {
        if let Some(known) = self.read.get(text) {
            return known.clone();
        }
        if self.bytes + text.len() > MOST_BYTES {
            *self = Self::default();
        }
        let document = Document::parse(text).map(Arc::new);
        self.bytes += text.len();
        self.read.insert(text.into(), document.clone());
        document
    }
}

/// A document of a case: its text until it is needed, or one that was read before.
#[derive(Debug, Clone)]
pub(super) enum CaseDocument {
    Text(Box<RawValue>),
    Read(Arc<Document>),
}

impl CaseDocument {
    /// Reads the document; the name is for the error.
    pub(super) fn read(
        &self,
        cache: &mut DocumentCache,
        name: impl FnOnce() -> String,
    ) -> Result<Arc<Document>, CaseError> {
        match self {
            Self::Read(document) => Ok(Arc::clone(document)),
            Self::Text(text) => cache
                .read(text.get())
                .map_err(|error| CaseError::Document { document: name(), error }),
        }
    }
}

/// Reads documents that are named by their place.
pub(super) fn read_all(
    documents: &[CaseDocument],
    cache: &mut DocumentCache,
    prefix: &str,
) -> Result<Vec<Arc<Document>>, CaseError> {
    let numbered = documents.iter().enumerate();
    numbered
        .map(|(index, document)| document.read(cache, || format!("{prefix}{}", index + 1)))
        .collect()
}

impl From<Arc<Document>> for CaseDocument {
    fn from(document: Arc<Document>) -> Self {
        Self::Read(document)
    }
}

impl<'de> Deserialize<'de> for CaseDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self::Text)
    }
}

/// One document or a list of them.
pub(super) struct OneOrManyDocuments(Vec<CaseDocument>);

impl OneOrManyDocuments {
    pub(super) fn into_list(self) -> Vec<CaseDocument> {
        self.0
    }
}

impl<'de> Deserialize<'de> for OneOrManyDocuments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        if text.get().starts_with('[') {
            serde_json::from_str(text.get()).map(Self).map_err(D::Error::custom)
        } else {
            Ok(Self(vec![CaseDocument::Text(text)]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DocumentCache, MOST_BYTES};

    fn document(id: usize) -> String {
        let id = id.to_string() + &"x".repeat(MOST_BYTES / 8);
        format!(
            r#"{{"Id": "{id}", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*"}}}}"#
        )
    }

    #[test]
    fn a_text_is_read_once() {
        let mut cache = DocumentCache::default();
        let first = cache.read(&document(1)).unwrap();
        assert!(std::sync::Arc::ptr_eq(&first, &cache.read(&document(1)).unwrap()));
        assert_eq!(cache.read("{}"), cache.read("{}"));
        assert_eq!(cache.read.len(), 2);
    }

    #[test]
    fn the_cache_does_not_grow_without_end() {
        let mut cache = DocumentCache::default();
        for id in 0..40 {
            cache.read(&document(id)).unwrap();
            let held: usize = cache.read.keys().map(|text| text.len()).sum();
            assert!(held == cache.bytes && held <= MOST_BYTES, "{held}");
        }
    }
}
