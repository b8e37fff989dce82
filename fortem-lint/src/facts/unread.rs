//! What of a principal's policies cannot be read. What is not in the inputs, reading them tells.

use super::{Facts, Subject};
use crate::input::NotAssessed;
use crate::unit::Policy;

/// Documents that bear on a principal, or say who may assume it, and that AWS would refuse.
#[must_use]
pub fn unread(subject: &Subject<'_>, facts: &Facts<'_>) -> Vec<NotAssessed> {
    let Some(principal) = subject.principal() else { return Vec::new() };
    let trust = principal.trust.and_then(|index| facts.unit.policy(index));
    let all = subject.all_policies().chain(trust);
    let wrong = all.filter(|policy| !policy.errors.is_empty());
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
