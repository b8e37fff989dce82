//! FL127.

use fortem_compile::iam::Condition;

use super::{Findings, Input, Meta, Rule};
use crate::facts::{
    CREATING_CALLS, Facts, SCOPED_CALLS, Subject, TAG_CALLS, Target, is_of_request, is_of_resource,
};
use crate::finding::{Confidence, Persona, Severity};

/// An Allow that takes every value of the tag.
#[derive(Debug)]
pub(super) struct WildcardTagValue;

static META: Meta = Meta {
    id: "FL127",
    name: "wildcard-tag-value",
    summary: "An Allow asks for the environment tag and takes any value of it",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "The condition looks like a scope and is none: production has the tag too.",
    remediation: "Compare with the caller's own environment: `\"StringEquals\": {\"aws:ResourceTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Operate", "Effect": "Allow",
  "Action": "ecs:StopTask", "Resource": "*",
  "Condition": {"StringLike": {"aws:ResourceTag/Environment": ["staging", "*"]}}}]}"#,
    limits: "Patterns that match only some values, such as `dev*`, are judged by what they reach.",
    peers: &[],
};

impl Rule for WildcardTagValue {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        TAG_CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let faulty = |one: &Condition| takes_anything(one) && is_of_resource(one, facts);
        let own = subject.environments.first().map_or(ANOTHER, String::as_str);
        // What is kept off production by other means may be open wherever the tag has another value, or be tied by the
        // cluster or the name alone.
        let beside = facts.environments.beside(&subject.environments);
        let another = beside.map_or(ANOTHER, |one| one.name.as_str());
        let targets = [
            Target::tagged(&foreign.name),
            Target::tagged(another),
            Target { tag: Some(another), ..Target::untagged(own) },
        ];
        for group in subject.openings(facts, SCOPED_CALLS, faulty, &targets) {
            let reaches_foreign = group.first().has_tag(facts, &foreign.name);
            let on = if reaches_foreign {
                format!("on `{}`", foreign.name)
            } else {
                "whatever the value of the tag is".to_owned()
            };
            let message =
                format!("a condition that takes every value lets {} pass {on}", group.actions());
            let draft = META.at_reached(subject, group.first(), message);
            findings.report(if reaches_foreign {
                draft.to(foreign)
            } else {
                draft.severity(Severity::Medium)
            });
        }
        let tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let keys = [(tag.as_str(), Some(foreign.name.as_str()))];
        let homes: Vec<_> =
            subject.homes(facts).into_iter().map(|home| Target::tagged(home).with(&keys)).collect();
        let faulty = |one: &Condition| takes_anything(one) && is_of_request(one, facts);
        for group in subject.openings(facts, CREATING_CALLS, faulty, &homes) {
            let message = format!(
                "a condition that takes every value lets {} tag what is made `{}`",
                group.actions(),
                foreign.name
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}

/// A value of the tag where no other environment is known or usual.
const ANOTHER: &str = "another";

fn takes_anything(condition: &Condition) -> bool {
    let everything =
        |value: &String| !value.is_empty() && value.chars().all(|one| matches!(one, '*' | '?'));
    condition.takes_wildcards()
        && !condition.is_negated()
        && !condition.has_if_exists()
        && !condition.key().eq_ignore_ascii_case("aws:TagKeys")
        && condition.values().iter().any(everything)
}
