//! FL308.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::PrincipalKind;

/// A role that can change policies has no permissions boundary.
#[derive(Debug)]
pub(super) struct BoundaryMissing;

static META: Meta = Meta {
    id: "FL308",
    name: "boundary-missing",
    summary: "A role of one environment can change policies and has no permissions boundary",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.3"],
    why: "Whoever can change policies can grant himself any environment. A permissions boundary holds \
          whatever the policies come to say.",
    remediation: "Set a permissions boundary that denies other environments and denies changing or removing \
                  it, or take the rights on policies away",
    example: r#"{"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [{"Path": "/", "RoleName": "developer",
  "Arn": "arn:aws:iam::111122223333:role/developer", "AttachedManagedPolicies": [], "Tags": [{"Key": "Environment", "Value": "staging"}],
  "RolePolicyList": [{"PolicyName": "iam", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}]}}]}]}"#,
    limits: "What the boundary says is not looked at. A condition on `iam:PermissionsBoundary` that ties \
             what is granted to others is not weighed.",
    peers: &["checkov: permissions boundary (in part)"],
};

/// Calls that change what policies allow (service authorization reference, 2026-09-26).
const CALLS: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
];

impl Rule for BoundaryMissing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let principal = subject.principal().filter(|one| {
            subject.is_scoped() && one.kind == PrincipalKind::Role && one.boundary.is_none()
        });
        let Some(principal) = principal else { return };
        let foreign = subject.foreign(facts);
        let places = subject.environments.iter().chain(foreign.map(|one| &one.name));
        let groups = places
            .flat_map(|place| subject.reached_by_statement(facts, CALLS, &Target::tagged(place)));
        let Some(group) = groups.into_iter().next() else { return };
        let message = format!(
            "`{}` can change policies by {} and has no permissions boundary",
            principal.name,
            group.actions()
        );
        let draft = META.at(principal.place.clone(), message).of_subject(subject);
        findings.report(draft.evidence(group.first().to_string()));
    }
}
