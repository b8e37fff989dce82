//! FL406.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Subject};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::PrincipalKind;

/// A user with long-lived keys works on environments.
#[derive(Debug)]
pub(super) struct EnvOpsByIamUser;

static META: Meta = Meta {
    id: "FL406",
    name: "env-ops-by-iam-user",
    summary: "A user works on an environment with keys that do not expire",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC6.2"],
    why: "An access key stays valid until somebody withdraws it; one that leaks opens the environment, and nobody is \
          asked again.",
    remediation: "Let people sign in through an identity provider and take on a role, and pipelines through OIDC",
    example: r#"{"UserDetailList": [{"UserName": "anna", "Arn": "arn:aws:iam::111122223333:user/anna",
  "UserPolicyList": [{"PolicyName": "operate", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}}]}]}"#,
    limits: "Whether a user has keys is not in the authorization details; a user without any is reported too, unless \
             the input tells.",
    peers: &["Prowler", "Security Hub: IAM.2"],
};

/// Calls that stand for work on an environment.
const CALLS: &[&str] = &["ecs:ExecuteCommand", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateService"];

impl Rule for EnvOpsByIamUser {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(user) = subject.principal().filter(|one| one.kind == PrincipalKind::User) else {
            return;
        };
        if user.access_keys == Some(0) || subject.is_plain_administrator(facts) {
            return;
        }
        let mut calls = facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call));
        let Some(reached) = calls.find_map(|(_, call)| subject.reach_anywhere(facts, call, &[]))
        else {
            return;
        };
        let message =
            format!("`{}` works on environments as a user, whose keys do not expire", user.arn);
        findings.report(META.at_reached(subject, &reached, message));
    }
}
