//! What one principal may do, compared: of a principal the tags are known, and whatever bears on it together.

use std::fmt;

use super::compare::Comparer;
use super::side::{Named, Side};
use super::union::Union;
use super::{Change, DiffError, languages};
use crate::iam::{Context, Document, Values};
use crate::reference::Reference;

/// Condition keys of which it is known what every call of a principal has: its tags, its ARN.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub(super) context: Context,
    pub(super) keys: Vec<String>,
}

impl Known {
    /// Says that calls have a value of a key, or that they have none.
    pub fn set(&mut self, key: &str, values: Option<impl Into<Values>>) {
        match values {
            Some(values) => self.context.insert(key, values),
            None => self.context.remove(key),
        };
        self.keys.retain(|known| !known.eq_ignore_ascii_case(key));
        self.keys.push(key.to_owned());
    }

    /// What the keys have.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }
}

/// Compares what principals may do.
///
/// An access is a list of layers, of each of which some statement must allow a call while no statement of any denies
/// it: the identity policies are one layer, the permissions boundary is another, and so is each level of service
/// control policies.
pub struct Accesses<'c> {
    comparer: Comparer<'c>,
}

impl fmt::Debug for Accesses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accesses").finish_non_exhaustive()
    }
}

impl<'c> Accesses<'c> {
    /// Compares by a service reference; the source tells environments, the tag that names them, and which calls its
    /// actions take.
    #[must_use]
    pub fn new(reference: &'c Reference, source: &'c Side) -> Self {
        Self { comparer: Comparer::new(reference, source.table(), [source, source]) }
    }

    /// What differs between two accesses of one principal. The statements of the examples bear the numbers of layer
    /// and document, from 1, and their Sids.
    ///
    /// # Errors
    ///
    /// [`DiffError::Domain`], when the documents tell more calls apart than can be looked at; `owner` names whose they
    /// are.
    pub fn compare(
        &self,
        owner: &str,
        a: &[Vec<&Document>],
        b: &[Vec<&Document>],
        known: &Known,
    ) -> Result<Vec<Change>, DiffError> {
        let named = [a, b].map(|layers| layers.iter().enumerate().map(layer).collect::<Vec<_>>());
        let [a, b] =
            named.each_ref().map(|side| side.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let union = Union::of(&a, &b);
        let mut languages = languages(union.statements().into_iter());
        let changes = self.comparer.compare(&union, None, known, false, &mut languages);
        let changes =
            changes.map_err(|error| DiffError::Domain { owner: owner.to_owned(), error })?;
        Ok(changes.finish())
    }
}

fn layer((at, documents): (usize, &Vec<&Document>)) -> Vec<Named> {
    let numbered = documents.iter().enumerate();
    let named = numbered.flat_map(|(number, document)| {
        document.statements().iter().map(move |statement| Named {
            name: format!("{}.{} {}", at + 1, number + 1, statement.name()),
            statement: statement.clone(),
        })
    });
    named.collect()
}
