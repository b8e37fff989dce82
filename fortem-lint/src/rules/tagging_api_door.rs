//! FL223.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, ReachedGroup, Retagging, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// The environment tag of logs, caches, secrets and schedules may be changed.
#[derive(Debug)]
pub(super) struct TaggingApiDoor;

static META: Meta = Meta {
    id: "FL223",
    name: "tagging-api-door",
    summary: "The environment tag of what belongs to the tasks may be changed",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "A log group, cache or secret that is tagged as one's own is one's own for every condition on the tag.",
    remediation: "Deny changes of the key for all tagging calls: `\"ForAnyValue:StringEqualsIgnoreCase\": \
                  {\"aws:TagKeys\": [\"Environment\"]}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Tag", "Effect": "Allow",
  "Action": ["logs:TagResource", "elasticache:AddTagsToResource"], "Resource": "*"}]}"#,
    limits: "`tag:TagResources` alone changes nothing: the service's own call is authorised as well, so it is \
             reported with little confidence.",
    peers: &[],
};

/// What changes tags, ECS and IAM aside (service authorization reference, 2026-09-26).
const DOORS: &[&str] = &[
    "application-autoscaling:TagResource",
    "application-autoscaling:UntagResource",
    "ecr:TagResource",
    "ecr:UntagResource",
    "elasticache:AddTagsToResource",
    "elasticache:RemoveTagsFromResource",
    "events:TagResource",
    "events:UntagResource",
    "logs:TagLogGroup",
    "logs:TagResource",
    "logs:UntagLogGroup",
    "logs:UntagResource",
    "memorydb:TagResource",
    "memorydb:UntagResource",
    "scheduler:TagResource",
    "scheduler:UntagResource",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "ssm:AddTagsToResource",
    "ssm:RemoveTagsFromResource",
];

/// What changes tags of all services.
const FRONT_DOOR: &[&str] = &["tag:TagResources", "tag:UntagResources"];

/// Both.
const CALLS: &[&str] = &[
    "application-autoscaling:TagResource",
    "application-autoscaling:UntagResource",
    "ecr:TagResource",
    "ecr:UntagResource",
    "elasticache:AddTagsToResource",
    "elasticache:RemoveTagsFromResource",
    "events:TagResource",
    "events:UntagResource",
    "logs:TagLogGroup",
    "logs:TagResource",
    "logs:UntagLogGroup",
    "logs:UntagResource",
    "memorydb:TagResource",
    "memorydb:UntagResource",
    "scheduler:TagResource",
    "scheduler:UntagResource",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "ssm:AddTagsToResource",
    "ssm:RemoveTagsFromResource",
    "tag:TagResources",
    "tag:UntagResources",
];

impl Rule for TaggingApiDoor {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let retagging = Retagging::of(subject, facts);
        let mut reached = Vec::new();
        for (action, call) in
            facts.catalogue.calls(DOORS).filter(|(_, call)| subject.may_call(*call))
        {
            let keys = retagging.keys(action);
            let target = Target::tagged(&foreign.name).with(&keys);
            let found = subject.reach(facts, call, &target);
            let found =
                found.filter(|one| !Scoping::of(one.statement, facts.environments).is_faulty());
            reached.extend(found.map(|one| (action, one)));
        }
        let key = facts.environments.tag_key();
        let is_front_door_alone = reached.is_empty();
        for group in ReachedGroup::by_statement(reached) {
            let message = format!(
                "the tag `{key}` of what belongs to `{}` may be changed by {}",
                foreign.name,
                group.actions()
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
        for (action, call) in facts.catalogue.calls(FRONT_DOOR).filter(|_| is_front_door_alone) {
            let found = subject.reach(facts, call, &Target::untagged(&foreign.name));
            let Some(reached) = found else { continue };
            let message = format!(
                "the tag `{key}` of everything may be changed by `{action}`, where the service allows it"
            );
            let draft = META.at_reached(subject, &reached, message).to(foreign);
            findings.report(draft.severity(Severity::Medium).confidence(Confidence::Low));
            return;
        }
    }
}
