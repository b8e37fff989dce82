//! FL115.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::fix;

/// Tags can be changed where only tagging at creation is meant.
#[derive(Debug)]
pub(super) struct TagOnCreateOpen;

static META: Meta = Meta {
    id: "FL115",
    name: "tag-on-create-open",
    summary: "The right to tag what is created also changes the tags of what exists",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A creating call with tags is authorized a second time as `ecs:TagResource`; granted without `ecs:CreateAction`, the same action tags what exists: production's service gets the tag of staging, and is staging's from then on.",
    remediation: "Add `\"StringEquals\": {\"ecs:CreateAction\": [\"CreateService\", \"RunTask\"]}` with the creating calls that are granted",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "TagOwn", "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
  "Condition": {"StringEquals": {"aws:RequestTag/Environment": "${aws:PrincipalTag/Environment}"}}}]}"#,
    limits: "A grant to tag that is tied to no environment at all is the matter of FL220.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:CreateCluster",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:TagResource",
];

impl Rule for TagOnCreateOpen {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = facts.environments.foreign_to(&subject.environments) else { return };
        let Some(tag) =
            facts.catalogue.call("ecs:TagResource").filter(|one| subject.may_call(*one))
        else {
            return;
        };
        let later = [("ecs:CreateAction", None)];
        let theirs = Target::tagged(&foreign.name).with(&later);
        let own = subject.environments.first().unwrap_or(&foreign.name);
        let ours = Target { tag: subject.own_tag(), ..Target::tagged(own) }.with(&later);
        for (policy, statement) in subject.grants(tag) {
            if Scoping::of(statement, facts.environments) != Scoping::Tag {
                continue;
            }
            let reach = |target| subject.reach_through(facts, tag, target, policy, statement);
            let (reached, draft) = if let Some(reached) = reach(&theirs) {
                let message = format!(
                    "`ecs:TagResource` also changes the tags of what exists in `{}`",
                    foreign.name
                );
                let draft = META.at_reached(subject, &reached, message).to(foreign);
                (reached, draft)
            } else if let Some(reached) = reach(&ours) {
                let message = "`ecs:TagResource` also changes the tags of what exists, not only of what is created";
                let draft = META.at_reached(subject, &reached, message).severity(Severity::Medium);
                (reached, draft)
            } else {
                continue;
            };
            let creates = facts
                .catalogue
                .calls(CALLS)
                .filter(|(_, call)| *call != tag && subject.may_call(*call));
            let creates: Vec<&str> = creates
                .filter_map(|(action, _)| action.split_once(':').map(|(_, name)| name))
                .collect();
            let only_tags = reached
                .statement
                .actions()
                .iter()
                .all(|one| one.eq_ignore_ascii_case("ecs:TagResource"));
            let fix = findings.fix(
                policy,
                statement,
                "Allow tagging at creation only",
                true,
                |statement| {
                    if let Some(equals) = fix::operator(statement, "StringEquals")
                        .filter(|_| only_tags && !creates.is_empty())
                    {
                        equals.insert("ecs:CreateAction".to_owned(), serde_json::json!(creates));
                    }
                },
            );
            findings.report(draft.fix(fix));
        }
    }
}
