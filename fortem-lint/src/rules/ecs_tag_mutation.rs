//! FL220.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Retagging, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// The tag that says to which environment a resource belongs may be changed.
#[derive(Debug)]
pub(super) struct EcsTagMutation;

static META: Meta = Meta {
    id: "FL220",
    name: "ecs-tag-mutation",
    summary: "The environment tag of what runs may be changed",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "Who tags a service of production as his own may then do to it whatever his environment allows; every \
          condition on the tag still holds.",
    remediation: "Allow `ecs:TagResource` only while something is created, by `\"StringEquals\": \
                  {\"ecs:CreateAction\": [\"RunTask\"]}`, and deny changes of the key by a condition on `aws:TagKeys`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Tag", "Effect": "Allow",
  "Action": ["ecs:TagResource", "ecs:UntagResource"], "Resource": "*"}]}"#,
    limits: "A change of tags by CloudFormation or Terraform runs with the rights of those.",
    peers: &[],
};

/// What changes tags of what exists.
const CALLS: &[&str] = &["ecs:TagResource", "ecs:UntagResource"];

impl Rule for EcsTagMutation {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let keys = Retagging::of(subject, facts);
        for action in CALLS {
            let keys = keys.keys(action);
            let target = Target::tagged(&foreign.name).with(&keys);
            for group in subject.reached_by_statement(facts, std::slice::from_ref(action), &target)
            {
                if Scoping::of(group.first().statement, facts.environments).is_faulty() {
                    continue; // A rule of its own says what is wrong with the condition.
                }
                let message = format!(
                    "{} changes the tag `{}` of what runs in `{}`",
                    group.actions(),
                    facts.environments.tag_key(),
                    foreign.name
                );
                findings.report(META.at_reached(subject, group.first(), message).to(foreign));
            }
        }
    }
}
