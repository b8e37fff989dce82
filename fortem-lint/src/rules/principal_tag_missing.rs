//! FL401.

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environments;
use crate::facts::{Facts, Subject, TagOf, accepts_session_tags, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::{Effect, Statement};

/// A policy compares with a tag that its principal does not have.
#[derive(Debug)]
pub(super) struct PrincipalTagMissing;

static META: Meta = Meta {
    id: "FL401",
    name: "principal-tag-missing",
    summary: "A principal has no environment tag although its policies compare with it",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC6.2"],
    why: "Without the tag every Allow that compares with it grants nothing, which gets mended by a wider one, and \
          every Deny that compares with it lets everything pass.",
    remediation: "Tag the user or role with its environment, or let the identity provider send the tag",
    example: r#"{"UserDetailList": [{"UserName": "anna", "Arn": "arn:aws:iam::111122223333:user/anna",
  "UserPolicyList": [{"PolicyName": "operate", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
  {"Sid": "Never", "Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals":
  {"aws:ResourceTag/NotFor": "${aws:PrincipalTag/Environment}"}}}]}}]}]}"#,
    limits: "Roles that accept session tags are left out: the tag may come with the session.",
    peers: &[],
};

impl Rule for PrincipalTagMissing {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(principal) = subject.principal() else { return };
        if subject.environment_tag.is_some() || accepts_session_tags(facts, principal) {
            return;
        }
        for policy in &subject.identity {
            let hanging: Vec<&Statement> = policy
                .document
                .statements()
                .iter()
                .filter(|one| hangs_on_tag(one, facts.environments))
                .collect();
            let Some(first) =
                hanging.iter().find(|one| one.effect() == Effect::Deny).or(hanging.first())
            else {
                continue;
            };
            let message = format!(
                "`{}` has no tag `{}`, with which `{}` compares",
                principal.arn,
                facts.environments.tag_key(),
                first.name()
            );
            let mut draft = META
                .at_statement(policy, first, message)
                .of_subject(subject)
                .principal(&principal.arn);
            for statement in hanging {
                draft = draft.evidence(match statement.effect() {
                    Effect::Allow => format!("`{}` allows nothing", statement.name()),
                    Effect::Deny => format!("`{}` denies nothing", statement.name()),
                });
            }
            findings.report(draft);
        }
    }
}

/// Whether a statement applies only where the principal has the environment's tag.
fn hangs_on_tag(statement: &Statement, environments: &Environments) -> bool {
    let key = format!("aws:principaltag/{}", environments.tag_key().to_lowercase());
    let is_own = |key: &str| matches!(tag_of_key(key), Some((TagOf::Principal, tag)) if tag.eq_ignore_ascii_case(environments.tag_key()));
    let mut positive = statement
        .conditions()
        .iter()
        .filter(|one| !one.is_null() && !one.is_negated() && !one.has_if_exists());
    (!statement.is_not_resource()
        && statement.resources().len() == 1
        && statement.resource_variables().any(|one| one == key))
        || positive.any(|one| is_own(one.key()) || one.variables().any(|variable| variable == key))
}
