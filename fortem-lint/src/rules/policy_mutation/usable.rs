//! Of what use it is to change a single user, role, group or policy that is not one's own.

use crate::facts::{Facts, Subject, Target, may_assume, services_of};
use crate::rules::passed_role_outranks;
use crate::unit::{Owner, Principal, PrincipalKind};

/// Calls that let one sign in as a user (IAM User Guide, "Managing access keys" and "Managing passwords", 2026-09).
const SIGN_IN: [&str; 3] =
    ["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"];

/// Calls by which a role is used, for input that does not tell which roles there are.
const USES: [&str; 2] = ["iam:PassRole", "sts:AssumeRole"];

/// Whether the subject gains by a call that changes policies of what an ARN names.
pub(super) fn is_of_use(subject: &Subject<'_>, facts: &Facts<'_>, action: &str, arn: &str) -> bool {
    let is_known_account = !facts.unit.principals.is_empty();
    if !is_known_account {
        return arn.contains(":role/") && USES.iter().any(|name| may(subject, facts, name, arn));
    }
    match action {
        "iam:AddUserToGroup" => is_powerful_group(subject, facts, arn),
        "iam:UpdateAssumeRolePolicy" => outranks(subject, facts, arn),
        _ if action.contains("PolicyVersion") => {
            let holders = facts.unit.principals.iter().filter(|one| has(facts, one, arn));
            holders.into_iter().any(|one| may_become(subject, facts, one))
        }
        _ if action.contains("Group") => may(subject, facts, "iam:AddUserToGroup", arn),
        _ => principal(facts, arn).is_some_and(|one| may_become(subject, facts, one)),
    }
}

fn principal<'u>(facts: &Facts<'u>, arn: &str) -> Option<&'u Principal> {
    facts.directory().find(facts, arn).and_then(|(one, _)| one.principal())
}

/// Whether a managed policy is one of a principal's.
fn has(facts: &Facts<'_>, principal: &Principal, arn: &str) -> bool {
    let mut policies = principal.identity.iter().filter_map(|index| facts.unit.policy(*index));
    policies.any(|one| matches!(&one.owner, Owner::Managed(managed) if managed == arn))
}

/// Whether a role belongs to an administrator or to another environment.
fn outranks(subject: &Subject<'_>, facts: &Facts<'_>, arn: &str) -> bool {
    let found = facts.directory().find(facts, arn);
    found.is_some_and(|(other, is_administrator)| {
        is_administrator || subject.foreign_home(facts, other).is_some()
    })
}

/// Whether whoever joins a group becomes an administrator, or gets into another environment.
fn is_powerful_group(subject: &Subject<'_>, facts: &Facts<'_>, arn: &str) -> bool {
    let group = facts.unit.groups.iter().find(|one| one.arn == arn);
    group.is_some_and(|group| {
        let member = Subject::of_group(facts, group);
        let foreign = subject.foreign(facts);
        member.is_administrator(facts)
            || foreign.is_some_and(|one| member.environments.contains(&one.name))
            || may(subject, facts, "iam:AttachGroupPolicy", arn)
            || may(subject, facts, "iam:PutGroupPolicy", arn)
    })
}

/// Whether the subject may sign in as a user, or assume a role, run code as it, or rewrite whom it trusts.
fn may_become(subject: &Subject<'_>, facts: &Facts<'_>, other: &Principal) -> bool {
    let arn = other.arn.as_str();
    match other.kind {
        PrincipalKind::User => SIGN_IN.iter().any(|name| may(subject, facts, name, arn)),
        PrincipalKind::Role => {
            may_assume(subject, facts, other)
                || may(subject, facts, "iam:UpdateAssumeRolePolicy", arn)
                || may_run_as(subject, facts, other)
        }
    }
}

fn may_run_as(subject: &Subject<'_>, facts: &Facts<'_>, role: &Principal) -> bool {
    let Some(pass) = facts.catalogue.call("iam:PassRole").filter(|one| subject.may_call(*one))
    else {
        return false;
    };
    let services = services_of(facts, role).into_iter();
    let mut runners = services.filter(|one| passed_role_outranks::is_runner(one));
    passed_role_outranks::may_use_roles(subject, facts)
        && runners.any(|service| {
            let keys = [("iam:PassedToService", Some(service.as_str()))];
            let tag = role.tag(facts.environments.tag_key());
            let target = Target { tag, ..Target::untagged("") }.with(&keys);
            subject.reach_arn(facts, pass, &target, &role.arn).is_some()
        })
}

/// Whether the subject may make a call on what an ARN names.
fn may(subject: &Subject<'_>, facts: &Facts<'_>, action: &str, arn: &str) -> bool {
    let call = facts.catalogue.call(action).filter(|one| subject.may_call(*one));
    call.is_some_and(|call| {
        subject.reach_arn(facts, call, &Target::untagged(""), arn).is_some()
    })
}
