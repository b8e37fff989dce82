//! What of a principal's policies cannot be read. What is not in the inputs, reading them tells.

use super::Subject;
use crate::input::NotAssessed;
use crate::unit::Policy;

/// Documents that bear on a principal and that AWS would refuse.
#[must_use]
pub fn unread(subject: &Subject<'_>) -> Vec<NotAssessed> {
    let Some(principal) = subject.principal() else { return Vec::new() };
    let wrong = subject.all_policies().filter(|policy| !policy.errors.is_empty());
    let gap = |policy: &Policy| NotAssessed {
        what: principal.arn.clone(),
        why: format!(
            "has `{}`, which AWS would refuse; it is taken as far as it can be read",
            policy.label().unwrap_or_default()
        ),
        incomplete: true,
    };
    wrong.map(gap).collect()
}
