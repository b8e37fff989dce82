//! FL203.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Subject, TagOf, Target, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};

/// Which roles may be passed hangs on their tags.
#[derive(Debug)]
pub(super) struct PassroleByTag;

static META: Meta = Meta {
    id: "FL203",
    name: "passrole-by-tag",
    summary: "Which roles may be passed is decided by tags of the roles",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "AWS says that a condition on the tags of the role with `iam:PassRole` has no reliable results, so that a \
          role of production may pass although its tag says otherwise.",
    remediation: "Name the roles by a path of the environment instead: \
                  `arn:aws:iam::ACCOUNT:role/ecs/${aws:PrincipalTag/Environment}/*`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Pass", "Effect": "Allow",
  "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {
  "aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}"}}}]}"#,
    limits: "Tags beside an ARN that keeps to the environment do no harm, and are not reported.",
    peers: &[],
};

/// The permission to hand a role to a service.
const CALLS: &[&str] = &["iam:PassRole"];

impl Rule for PassroleByTag {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let own =
            subject.environment_tag.as_deref().or(subject.environments.first().map(String::as_str));
        // The tag says own, the name says foreign: only the tag could hold it back.
        let target = Target { tag: own, ..Target::tagged(&foreign.name) };
        for (_, call) in facts.catalogue.calls(CALLS) {
            for (policy, statement) in subject.grants(call) {
                let of_tag = |key: &str| matches!(tag_of_key(key), Some((TagOf::Resource, _)));
                let condition =
                    statement.conditions().iter().find(|one| of_tag(one.key()) && !one.is_null());
                let Some(condition) = condition else { continue };
                let Some(reached) = subject.reach_through(facts, call, &target, policy, statement)
                else {
                    continue;
                };
                let message = format!(
                    "only `{}` keeps roles of `{}` from being passed, which AWS calls unreliable",
                    condition.key(),
                    foreign.name
                );
                findings.report(
                    META.at_reached(subject, &reached, message)
                        .to(foreign)
                        .evidence("IAM User Guide, \"Grant a user permissions to pass a role\": results are not reliable with the role's tags"),
                );
            }
        }
    }
}
