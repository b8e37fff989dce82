//! FL115.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Fix, Persona, Severity};
use crate::fix;
use crate::unit::Policy;
use fortem_compile::iam::Statement;

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
    why: "A creating call with tags is authorized a second time as `ecs:TagResource`; granted without \
          `ecs:CreateAction`, the same action tags what exists: whoever tags a service that has no tag yet, \
          makes it his own.",
    remediation: "Add `\"StringEquals\": {\"ecs:CreateAction\": [\"CreateService\", \"RunTask\"]}` with the \
                  creating calls that are granted",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "TagOwn", "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}"}}}]}"#,
    limits: "A grant that changes tags of another environment outright is the matter of FL220, and is not \
             reported again.",
    peers: &[],
};

/// Creating calls, as `ecs:CreateAction` names them without the service.
const CREATES: &[&str] = &[
    "ecs:CreateCluster",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
];

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
        let Some(foreign) = subject.foreign(facts) else { return };
        let Some(tag) =
            facts.catalogue.call("ecs:TagResource").filter(|one| subject.may_call(*one))
        else {
            return;
        };
        let later = [("ecs:CreateAction", None)];
        let theirs = Target::tagged(&foreign.name).with(&later);
        let untagged = Target::untagged(&foreign.name).with(&later);
        let own = subject.environments.first().unwrap_or(&foreign.name);
        let ours = Target { tag: subject.own_tag(), ..Target::tagged(own) };
        let request_tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let renamed =
            [("ecs:CreateAction", None), (request_tag.as_str(), Some(foreign.name.as_str()))];
        for (policy, statement) in subject.grants(tag).filter(|(_, one)| !is_tied(one)) {
            let reach = |target| subject.reach_through(facts, tag, target, policy, statement);
            let faulty = Scoping::of(statement, facts.environments).is_faulty();
            if faulty || reach(&theirs).is_some() {
                continue; // Rules of their own say what is wrong.
            }
            let tries = [
                (untagged, Severity::High, "gives a tag to what exists without one"),
                (
                    ours.with(&renamed),
                    Severity::Medium,
                    "gives what exists the tag of another environment",
                ),
                (
                    ours.with(&later),
                    Severity::Medium,
                    "changes the tags of what exists in the own environment",
                ),
            ];
            let found = tries.iter().find_map(|(target, severity, how)| {
                let message = format!("`ecs:TagResource` is not tied to creation and {how}");
                Some(META.at_reached(subject, &reach(target)?, message).severity(*severity))
            });
            let Some(draft) = found else { continue };
            findings.report(draft.fix(tied(subject, facts, findings, policy, statement)));
        }
    }
}

/// Whether a statement holds only while something is created.
fn is_tied(statement: &Statement) -> bool {
    statement.conditions().iter().any(|one| {
        let open = one.is_negated() || one.is_null() || one.has_if_exists();
        one.key().eq_ignore_ascii_case("ecs:CreateAction")
            && !open
            && one.operator().starts_with("String")
    })
}

/// The statement tied to the creating calls that the subject may make.
fn tied(
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    findings: &Findings<'_>,
    policy: &Policy,
    statement: &Statement,
) -> Option<Fix> {
    let creates = facts.catalogue.calls(CREATES).filter(|(_, call)| subject.may_call(*call));
    let names = creates.filter_map(|(action, _)| action.split_once(':').map(|(_, name)| name));
    let names: Vec<&str> = names.collect();
    let only_tags =
        statement.actions().iter().all(|one| one.eq_ignore_ascii_case("ecs:TagResource"));
    if names.is_empty() || !only_tags {
        return None;
    }
    let description = "Allow tagging at creation only";
    findings.fix(policy, statement, description, true, |statement| {
        if let Some(equals) = fix::operator(statement, "StringEquals") {
            equals.insert("ecs:CreateAction".to_owned(), serde_json::json!(names));
        }
    })
}
