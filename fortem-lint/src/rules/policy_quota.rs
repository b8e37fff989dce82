//! FL701.

use std::collections::BTreeMap;

use fortem_compile::iam::DocumentKind;

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Owner, Policy, PrincipalKind, Unit};

/// A policy that is near the size that AWS takes, or beyond it.
#[derive(Debug)]
pub(super) struct PolicyQuota;

static META: Meta = Meta {
    id: "FL701",
    name: "policy-quota",
    summary: "A policy is near the largest size that AWS takes, or beyond it",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "The next change does not fit: it is made as another policy in a hurry, or a Deny is taken out to \
          make room.",
    remediation: "Split the policy, or name fewer actions one by one; keep each Deny with the Allow that it limits",
    example: r#"{"Version": "2012-10-17", "Statement": ["… 5,900 characters …"]}"#,
    limits: "A file that belongs to nobody is measured as a managed policy. Trust policies may have a raised \
             quota.",
    peers: &["IAM Access Analyzer", "iam-policy-validator"],
};

/// What a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Managed,
    InlineOfUser,
    InlineOfGroup,
    InlineOfRole,
    Trust,
    ServiceControl,
    ResourceControl,
}

/// The characters that all inline policies of a role may have together.
const INLINE_OF_ROLE: usize = 10_240;

/// Characters, and what they are of (IAM quotas and Organizations quotas, 2026).
const QUOTAS: [(Of, usize, &str); 7] = [
    (Of::Managed, 6_144, "a managed policy"),
    (Of::InlineOfUser, 2_048, "all inline policies of a user"),
    (Of::InlineOfGroup, 5_120, "all inline policies of a group"),
    (Of::InlineOfRole, INLINE_OF_ROLE, "all inline policies of a role"),
    (Of::Trust, 2_048, "a trust policy, unless the quota is raised"),
    (Of::ServiceControl, 10_240, "a service control policy"),
    (Of::ResourceControl, 5_120, "a resource control policy"),
];

/// From which share of a quota on the rest is said to be short, in percent.
const SHORT: usize = 90;

impl Rule for PolicyQuota {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let kinds: BTreeMap<&str, PrincipalKind> =
            facts.unit.principals.iter().map(|one| (one.arn.as_str(), one.kind)).collect();
        let mut sums: BTreeMap<(Of, &str), (usize, &Policy)> = BTreeMap::new();
        for policy in facts.unit.policies.iter().filter(|one| one.is_changeable()) {
            let Some((of, owner)) = owner(policy, &kinds) else { continue };
            let size = size(policy, of, facts.unit);
            match owner {
                Some(owner) => sums.entry((of, owner)).or_insert((0, policy)).0 += size,
                None => report(policy, of, size, findings),
            }
        }
        for ((of, _), (size, policy)) in sums {
            report(policy, of, size, findings);
        }
    }
}

/// What a policy counts for, and whose policies are counted together.
fn owner<'u>(
    policy: &'u Policy,
    kinds: &BTreeMap<&str, PrincipalKind>,
) -> Option<(Of, Option<&'u str>)> {
    let alone = |of| Some((of, None));
    match (&policy.owner, policy.document.kind()) {
        (_, DocumentKind::ServiceControl) => alone(Of::ServiceControl),
        (_, DocumentKind::ResourceControl) => alone(Of::ResourceControl),
        (Owner::Trust(_), _) | (_, DocumentKind::Trust) => alone(Of::Trust),
        (Owner::Inline(arn), _) => {
            let of = match kinds.get(arn.as_str()) {
                Some(PrincipalKind::User) => Of::InlineOfUser,
                Some(PrincipalKind::Role) => Of::InlineOfRole,
                None => Of::InlineOfGroup,
            };
            Some((of, Some(arn)))
        }
        (Owner::Managed(_) | Owner::Nobody, DocumentKind::Identity | DocumentKind::Boundary) => {
            alone(Of::Managed)
        }
        _ => None,
    }
}

/// Characters: IAM leaves white space out, Organizations counts it.
fn size(policy: &Policy, of: Of, unit: &Unit) -> usize {
    match of {
        Of::ServiceControl | Of::ResourceControl => {
            unit.text_at(&policy.place).trim().chars().count()
        }
        _ => policy.characters,
    }
}

fn report(policy: &Policy, of: Of, size: usize, findings: &mut Findings<'_>) {
    let Some((_, quota, what)) = QUOTAS.into_iter().find(|(known, ..)| *known == of) else {
        return;
    };
    if size * 100 < quota * SHORT {
        return;
    }
    let message = format!("{size} characters of the {quota} that {what} may have");
    let draft = META.at(policy.place.clone(), message).of_policy(policy);
    let draft = match policy.owner {
        Owner::Nobody if size > quota && size <= INLINE_OF_ROLE => {
            return findings.report(draft.evidence("as an inline policy of a role it fits"));
        }
        _ => draft,
    };
    findings.report(if size > quota { draft.severity(Severity::Medium) } else { draft });
}
