//! FL008.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{
    Facts, Subject, accepts_session_tags, compares_with_principal_tag, is_of_people,
};
use crate::finding::{Confidence, Persona, Severity};

/// Somebody who works on environments and belongs to none.
#[derive(Debug)]
pub(super) struct UntaggedPrincipal;

static META: Meta = Meta {
    id: "FL008",
    name: "untagged-principal",
    summary: "A user or role of people has no environment tag",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC6.2"],
    why: "Policies that compare with `aws:PrincipalTag` treat somebody without the tag as nobody: Allow statements \
          are dead, and Deny statements let everything pass.",
    remediation: "Tag the user or role with its environment, or let the identity provider send the tag",
    example: r#"{"UserDetailList": [
  {"UserName": "anna", "Arn": "arn:aws:iam::111122223333:user/anna", "UserPolicyList": [{"PolicyName": "operate",
  "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}}]},
  {"UserName": "ben", "Arn": "arn:aws:iam::111122223333:user/ben", "Tags": [{"Key": "Environment", "Value": "staging"}]}]}"#,
    limits: "Reported where others of the kind have the tag; a policy that compares with the missing tag is FL401.",
    peers: &[],
};

/// Calls that stand for work on an environment.
const CALLS: &[&str] = &["ecs:ExecuteCommand", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateService"];

impl Rule for UntaggedPrincipal {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(principal) = subject.principal() else { return };
        let tag_key = facts.environments.tag_key();
        if subject.environment_tag.is_some()
            || subject.is_plain_administrator(facts)
            || !is_of_people(facts, principal)
            || accepts_session_tags(facts, principal)
            || subject
                .identity
                .iter()
                .any(|one| compares_with_principal_tag(&one.document, facts.environments))
        {
            return;
        }
        let mut others = facts.unit.principals.iter().filter(|one| one.kind == principal.kind);
        let Some(tagged) =
            others.find(|one| one.tag(tag_key).is_some() && is_of_people(facts, one))
        else {
            return;
        };
        let message = format!("`{}` has no tag `{tag_key}`", principal.arn);
        findings.report(
            META.at(principal.place.clone(), message)
                .of_subject(subject)
                .evidence(format!("others have it, such as `{}`", tagged.arn)),
        );
    }
}
