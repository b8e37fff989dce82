//! Files with one policy document.

use fortem_compile::iam::{Document, DocumentKind, Effect, Json, Principal, Statement};

use super::{Kind, NotAssessed};
use crate::source::{Place, Source};
use crate::unit::{Owner, Policy, Unit};

/// Whether a text that is not JSON is meant to be a policy document.
pub(super) fn looks_like_one(text: &str) -> bool {
    text.contains("\"Statement\"") && text.contains("\"Effect\"") && !text.contains("DetailList\"")
}

/// The unit of a file that is a policy document, or what `aws iam get-policy-version` or `get-role-policy` print.
pub(super) fn unit(source: Source) -> (Kind, Vec<Unit>, Vec<NotAssessed>) {
    let (range, pointer) = document(source.text());
    let place = Place { source: 0, range: range.clone(), pointer };
    let text = source.slice(range);
    let kind = kind_of(text);
    let mut policy = Policy::read(text, kind, Owner::Nobody, place);
    policy.name = Some(source.name().to_owned());
    let unit = Unit { policies: vec![policy], sources: vec![source], ..Unit::default() };
    (Kind::Policy, vec![unit], Vec::new())
}

/// The bytes of the document in the text, and the pointer to it.
fn document(text: &str) -> (std::ops::Range<usize>, String) {
    let whole = (0..text.len(), String::new());
    let Ok(json) = Json::parse(text) else { return whole };
    let wrapped = json.get("PolicyVersion").and_then(|version| version.get("Document"));
    let found = wrapped
        .map(|document| (document, "/PolicyVersion/Document"))
        .or_else(|| json.get("PolicyDocument").map(|document| (document, "/PolicyDocument")));
    found.map_or(whole, |(document, pointer)| (document.span().range(), pointer.to_owned()))
}

/// What a document is likely attached to.
pub(super) fn kind_of(text: &str) -> DocumentKind {
    // A statement without principals is none of a resource policy's, and with them none of an identity policy's.
    let named = text.contains("Principal\"");
    let read_as = if named { DocumentKind::Resource } else { DocumentKind::Identity };
    let inspection = Document::read(text, read_as);
    let statements = inspection.document().statements();
    let has_principal = |one: &Statement| {
        ["Principal", "NotPrincipal"].iter().any(|element| one.place_of(element).is_some())
    };
    let assumes = |one: &Statement| {
        one.actions().iter().any(|action| action.to_ascii_lowercase().starts_with("sts:"))
    };
    let denies = |one: &Statement| one.effect() == Effect::Deny;
    if statements.iter().any(has_principal) {
        let only_assumes = statements.iter().all(|one| assumes(one) && one.resources().is_empty());
        return match () {
            () if only_assumes => DocumentKind::Trust,
            () if statements.iter().all(|one| denies(one) && is_for_everybody(one)) => {
                DocumentKind::ResourceControl
            }
            () => DocumentKind::Resource,
        };
    }
    let everything = |one: &Statement| one.actions() == ["*"] && one.conditions().is_empty();
    if !statements.is_empty()
        && statements.iter().all(|one| denies(one) || everything(one))
        && statements.iter().any(denies)
    {
        return DocumentKind::ServiceControl;
    }
    DocumentKind::Identity
}

/// Whether a statement names `*` as its principal, as resource control policies have to.
fn is_for_everybody(statement: &Statement) -> bool {
    let everybody = |one: &Principal| matches!(one, Principal::Everyone);
    !statement.is_not_principal()
        && !statement.principals().is_empty()
        && statement.principals().iter().all(everybody)
}
