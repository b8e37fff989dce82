//! Which IAM condition keys are attributes of the Cedar context.

use std::collections::BTreeMap;
use std::ops::Range;

use cedar_policy::EntityTypeName;
use toml::Spanned;
use toml::de::DeValue;

use super::parse::word;
use super::read::{Found, Reader, Table};
use super::{ContextType, Fleet, Named};
use crate::problem::Problem;

/// The code of whatever is wrong with an attribute.
pub(crate) const CODE: &str = "fortem::fleet::context";
const PRINCIPAL_TAG: &str = "aws:principaltag/";

/// An attribute of the Cedar context and the IAM condition key that holds it.
#[derive(Debug, Clone)]
pub struct ContextKey {
    attribute: Named,
    key: Named,
    value_type: Option<ContextType>,
}

impl ContextKey {
    /// The attribute's name, `approval`.
    #[must_use]
    pub fn attribute(&self) -> &str {
        &self.attribute.text
    }

    /// The condition key, `aws:PrincipalTag/Approval`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key.text
    }

    /// The type of an attribute that the fleet adds to the context of every action; `None` for one of the vocabulary.
    #[must_use]
    pub fn value_type(&self) -> Option<ContextType> {
        self.value_type
    }

    /// Where the attribute is named, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.attribute.span.clone()
    }

    /// Where the condition key is named, in bytes.
    #[must_use]
    pub fn key_span(&self) -> Range<usize> {
        self.key.span.clone()
    }
}

pub(super) fn read(reader: &mut Reader, top: &Table) -> Vec<ContextKey> {
    let Some(table) = reader.table(top, "context") else {
        return Vec::new();
    };
    let entries = table.entries.iter();
    entries
        .filter_map(|(name, value)| {
            let name = Named { text: name.get_ref().clone().into_owned(), span: name.span() };
            let name = attribute(reader, name);
            let (key, value_type) = value_of(reader, value)?;
            Some(ContextKey { attribute: name?, key: condition_key(reader, key)?, value_type })
        })
        .collect()
}

/// `"aws:PrincipalTag/Approval"`, or a table of key and type.
fn value_of(
    reader: &mut Reader,
    value: &Spanned<DeValue>,
) -> Option<(Found<String>, Option<ContextType>)> {
    let Some(entries) = value.get_ref().as_table() else {
        let expected = "a condition key, as a string, or `{ key = \"…\", type = \"…\" }`";
        return reader.text(value, expected).map(|key| (key, None));
    };
    let table = Table { entries, span: value.span() };
    reader.only(&table, &["key", "type"]);
    let value_type = word(reader, &table, "type", "type", ContextType::ALL, ContextType::as_str);
    let key = reader.required(&table, "key", "an attribute of the context")?;
    Some((key, value_type))
}

/// The name as a Cedar identifier.
fn attribute(reader: &mut Reader, name: Named) -> Option<Named> {
    let is_identifier = !name.text.contains("::") && name.text.parse::<EntityTypeName>().is_ok();
    if is_identifier {
        return Some(name);
    }
    let message = format!("`{}` cannot be an attribute", name.text.escape_default());
    let expected =
        "expected letters, digits and `_`, no digit in front, and no word of Cedar's own";
    reader.report(CODE, message, name.span, expected);
    None
}

/// A condition key: `aws:` or a service's prefix or a provider's address, then the name, then perhaps a tag key.
fn condition_key(reader: &mut Reader, found: Found<String>) -> Option<Named> {
    let (prefix, name) = found.value.split_once(':').unwrap_or(("", &found.value));
    let in_prefix = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
    let in_name = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
    let is_key = [prefix, name].iter().all(|part| !part.is_empty())
        && prefix.chars().all(in_prefix)
        && name.chars().all(in_name);
    if is_key {
        return Some(found.into());
    }
    let message = format!("`{}` is no condition key", found.value.escape_default());
    let expected = "expected a key such as `aws:PrincipalTag/Approval`";
    reader.report(CODE, message, found.span, expected);
    None
}

/// No condition key says two things.
pub(super) fn check(reader: &mut Reader, fleet: &Fleet) {
    let mut seen: BTreeMap<String, &ContextKey> = BTreeMap::new();
    for one in &fleet.context {
        let lower = one.key().to_ascii_lowercase();
        if lower.strip_prefix(PRINCIPAL_TAG).is_some_and(|tag| fleet.is_session_key(tag)) {
            let message = format!("`{}` is no circumstance of a request", one.key());
            let expected = "this tag says who somebody is, or where; expected another key";
            reader.report(CODE, message, one.key_span(), expected);
        }
        // IAM reads keys without regard to letter case.
        if let Some(first) = seen.insert(lower, one) {
            let message = format!("two attributes are `{}`", one.key());
            let problem = Problem::new(CODE, message)
                .at(reader.file, one.key_span(), "the second")
                .at(reader.file, first.key_span(), "the first");
            reader.problems.push(problem);
        }
    }
}

impl Fleet {
    /// Which condition keys are attributes of the Cedar context, sorted by attribute.
    ///
    /// ```
    /// use fortem_core::{ContextType, Fleet, Roles, SourceFile};
    ///
    /// let text = "[context]\nmfa_age = { key = \"aws:MultiFactorAuthAge\", type = \"Long\" }\n\
    ///             [[environment]]\nname = \"dev\"\ntier = \"nonproduction\"\n";
    /// let fleet = Fleet::parse(&SourceFile::new("fleet.toml", text), &Roles::any())?;
    /// let age = fleet.context().first().map(|one| (one.attribute(), one.key(), one.value_type()));
    /// assert_eq!(age, Some(("mfa_age", "aws:MultiFactorAuthAge", Some(ContextType::Long))));
    /// # Ok::<(), fortem_core::Problems>(())
    /// ```
    #[must_use]
    pub fn context(&self) -> &[ContextKey] {
        &self.context
    }
}
