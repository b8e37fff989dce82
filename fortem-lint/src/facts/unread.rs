//! What of a principal's policies is not in the inputs, or cannot be read.

use super::Subject;
use crate::input::NotAssessed;
use crate::unit::Boundary;

/// Documents that bear on a principal and could not be looked at as a whole.
#[must_use]
pub fn unread(subject: &Subject<'_>) -> Vec<NotAssessed> {
    let Some(principal) = subject.principal() else { return Vec::new() };
    let gap = |why: String| NotAssessed { what: principal.arn.clone(), why, incomplete: true };
    let missing = principal.missing.iter().map(|arn| {
        gap(format!("has `{arn}`, which is not in the inputs; it is left out of account"))
    });
    let boundary = match &principal.boundary {
        Some(Boundary::Unknown(arn)) => Some(gap(format!(
            "has the permissions boundary `{arn}`, which is not in the inputs; it is left out of account"
        ))),
        Some(Boundary::Known(_)) | None => None,
    };
    let wrong = subject.all_policies().filter(|policy| !policy.errors.is_empty());
    let wrong = wrong.map(|policy| {
        let name = policy.label().unwrap_or_default();
        gap(format!("has `{name}`, which AWS would refuse; it is taken as far as it can be read"))
    });
    missing.chain(boundary).chain(wrong).collect()
}
