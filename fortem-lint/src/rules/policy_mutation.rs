//! FL225.

use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::facts::{Facts, Reached, ReachedGroup, Subject, Target, UNBOUNDED};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Owner, Policy, PrincipalKind};
use fortem_compile::iam::Statement;

mod usable;

/// Policies that bind the caller, or those whose roles he takes on, may be changed by the caller.
#[derive(Debug)]
pub(super) struct PolicyMutation;

static META: Meta = Meta {
    id: "FL225",
    name: "policy-mutation",
    summary: "Policies of principals may be changed by those whom they bind",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.3"],
    why: "Who may write a policy for himself, or for a role that he can use, has every right in the account, whatever \
          the policies say today.",
    remediation: "Leave these calls to those who administer identities; where teams make roles, allow them only with \
                  a permissions boundary, by `\"StringEquals\": {\"iam:PermissionsBoundary\": …}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Manage", "Effect": "Allow",
  "Action": ["iam:PutRolePolicy", "iam:CreatePolicyVersion"], "Resource": "*"}]}"#,
    limits: "A grant on a single role or policy is reported where that is known to be the caller's, or one that he \
             may assume or pass.",
    peers: &[
        "Prowler",
        "cloudsplaining: privilege escalation",
        "parliament: privilege escalation",
        "PMapper",
    ],
};

/// What changes what principals may do (Rhino Security Labs, "AWS IAM privilege escalation methods";
/// <https://pathfinding.cloud>, 2026-11).
const CHANGES: &[&str] = &[
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "identitystore:CreateGroupMembership",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:PutInlinePolicyToPermissionSet",
];

/// Those, and how a role is used.
const CALLS: &[&str] = &[
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "identitystore:CreateGroupMembership",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:PutInlinePolicyToPermissionSet",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:PassRole",
    "iam:UpdateLoginProfile",
    "sts:AssumeRole",
];

/// A user who has a policy that nobody is known to have.
const SOMEBODY: &str = "somebody";

impl Rule for PolicyMutation {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut reached = Vec::new();
        for (action, call) in
            facts.catalogue.calls(CHANGES).filter(|(_, call)| subject.may_call(*call))
        {
            let mut keys = keys_of(action);
            if subject.principal().is_none() {
                keys.push(("aws:username", Some(SOMEBODY)));
            }
            for (policy, statement) in subject.grants(call) {
                let open = open(subject, facts, (action, call), &keys, (policy, statement));
                reached.extend(open.map(|one| (action, one)));
            }
            reached.extend(own(subject, facts, action, call, &keys).map(|one| (action, one)));
        }
        for group in ReachedGroup::by_statement(reached) {
            let message =
                format!("what the caller may do, the caller may change by {}", group.actions());
            let draft = META.at_reached(subject, group.first(), message);
            findings.report(match subject.foreign(facts) {
                Some(foreign) => draft.to(foreign).severity(META.severity),
                None => draft,
            });
        }
    }
}

/// What is given of a harmful call: the target has no boundary, the policy attached is that of an administrator.
fn keys_of(action: &str) -> Vec<(&'static str, Option<&'static str>)> {
    match action {
        "iam:DeleteRolePermissionsBoundary" | "iam:DeleteUserPermissionsBoundary" => Vec::new(),
        "iam:PutRolePermissionsBoundary" | "iam:PutUserPermissionsBoundary" => {
            let harmless = UNBOUNDED.iter().filter_map(|(_, value)| *value);
            harmless.map(|policy| ("iam:PermissionsBoundary", Some(policy))).collect()
        }
        _ => UNBOUNDED.to_vec(),
    }
}

/// A call on one of many: a pattern takes in whoever is of use to the caller. On a single one, if the caller may use it.
fn open<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    (action, call): (&str, Call),
    keys: &[(&str, Option<&str>)],
    (policy, statement): (&'u Policy, &'u Statement),
) -> Option<Reached<'u>> {
    let foreign = subject.foreign(facts);
    let foreign = foreign.and_then(|foreign| {
        let target = Target::tagged(&foreign.name).with(keys);
        subject.reach_through(facts, call, &target, policy, statement)
    });
    foreign.or_else(|| {
        let reached = subject.reach_anywhere_through(facts, call, keys, policy, statement)?;
        let is_of_use =
            || usable::is_of_use(subject, facts, action, reached.request.resource());
        (!reached.is_spelt() || is_of_use()).then_some(reached)
    })
}

/// A call on what binds the subject itself: its own policies, groups, boundary.
fn own<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    action: &str,
    call: Call,
    keys: &[(&str, Option<&str>)],
) -> Option<Reached<'u>> {
    let target =
        Target { tag: subject.environment_tag.as_deref(), ..Target::untagged("") }.with(keys);
    let mut arns = own_arns(subject, facts, action).into_iter();
    arns.find_map(|arn| subject.reach_arn(facts, call, &target, &arn))
}

fn own_arns(subject: &Subject<'_>, facts: &Facts<'_>, action: &str) -> Vec<String> {
    let Some(principal) = subject.principal() else {
        let account = facts.unit.account.as_deref().unwrap_or("111122223333");
        return vec![format!("arn:aws:iam::{account}:user/{SOMEBODY}")];
    };
    if action.contains("Boundary") && principal.boundary.is_none() {
        return Vec::new();
    }
    let of_user = principal.kind == PrincipalKind::User;
    if action.contains("PolicyVersion") {
        let versions = |arn: &str| {
            let same = |one: &&Policy| matches!(&one.owner, Owner::Managed(other) if other == arn);
            facts.unit.policies.iter().filter(same).count()
        };
        let managed = subject.identity.iter().filter_map(|policy| match &policy.owner {
            Owner::Managed(arn) => Some(arn.clone()),
            _ => None,
        });
        // There must be another version to go back to.
        return managed
            .filter(|arn| action != "iam:SetDefaultPolicyVersion" || versions(arn) > 1)
            .collect();
    }
    if action.contains("Group") {
        let groups =
            facts.unit.groups.iter().filter(|group| principal.groups.contains(&group.name));
        let other = action != "iam:AddUserToGroup"; // One is in one's own groups already.
        return groups.filter(|_| other).map(|group| group.arn.clone()).collect();
    }
    let fits = if of_user { action.contains("User") } else { action.contains("Role") };
    if fits { vec![principal.arn.clone()] } else { Vec::new() }
}
