//! FL124.

use fortem_compile::iam::Condition;

use super::{Draft, Findings, Input, Meta, Rule};
use crate::facts::{
    CREATING_CALLS, Facts, ReachedGroup, SCOPED_CALLS, Subject, TAG_CALLS, Target, is_of_request,
    is_of_resource,
};
use crate::finding::{Confidence, Persona, Severity};
use crate::fix;

/// An Allow with `ForAllValues`, which holds where there is no value at all.
#[derive(Debug)]
pub(super) struct ForallvaluesVacuous;

static META: Meta = Meta {
    id: "FL124",
    name: "forallvalues-vacuous",
    summary: "An Allow passes where there are no tags, because of `ForAllValues`",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "`ForAllValues` holds for every value of none: a call that sends no tags passes, and what it creates \
          belongs to no environment; on a tag of the resource, whatever is untagged passes.",
    remediation: "Ask for presence too: `\"Null\": {\"aws:TagKeys\": \"false\"}`, and for the value: `\"StringEquals\": \
                  {\"aws:RequestTag/Environment\": \"${aws:PrincipalTag/Environment}\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Create", "Effect": "Allow",
  "Action": "ecs:CreateService", "Resource": "*",
  "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Environment", "Team"]}}}]}"#,
    limits: "Only tags are looked at; `ForAllValues` on other keys, such as `ecs:subnet`, may be open as well.",
    peers: &["IAM Access Analyzer: ForAllValues with single valued key", "parliament"],
};

impl Rule for ForallvaluesVacuous {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        TAG_CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let own = subject.environments.first().map(String::as_str);
        // Last what the cluster or the name alone tie to the own environment: there the tag was to be the other tie.
        let targets: Vec<_> = std::iter::once(Target::untagged(&foreign.name))
            .chain(own.map(Target::untagged))
            .collect();
        let faulty = |one: &Condition| one.is_for_all_values() && is_of_resource(one, facts);
        for group in subject.openings(facts, SCOPED_CALLS, faulty, &targets) {
            let Some(cause) = cause(&group, faulty) else { continue };
            let is_own = own.filter(|own| group.first().is_called_after(own));
            let message = format!(
                "`{}` lets {} pass on `{}` where the tag is absent",
                cause.operator(),
                group.actions(),
                is_own.unwrap_or(&foreign.name)
            );
            let draft = draft(subject, &group, cause, message, findings);
            findings.report(match is_own {
                Some(_) => draft.severity(Severity::Medium),
                None => draft.to(foreign),
            });
        }
        let tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let keys = [(tag.as_str(), None), ("aws:TagKeys", None)];
        let homes: Vec<_> =
            subject.homes(facts).into_iter().map(|home| Target::tagged(home).with(&keys)).collect();
        let faulty = |one: &Condition| one.is_for_all_values() && is_of_request(one, facts);
        for group in subject.openings(facts, CREATING_CALLS, faulty, &homes) {
            let Some(cause) = cause(&group, faulty).filter(|_| sends_no_tags(&group)) else {
                continue;
            };
            let message = format!(
                "`{}` on `{}` lets {} pass without any tag, so that what is made belongs to no environment",
                cause.operator(),
                cause.key(),
                group.actions()
            );
            findings.report(draft(subject, &group, cause, message, findings));
        }
    }
}

/// The condition that holds since its key is absent.
fn cause<'u>(
    group: &ReachedGroup<'u>,
    faulty: impl Fn(&Condition) -> bool,
) -> Option<&'u Condition> {
    let reached = group.first();
    let absent = |key: &str| reached.request.context().get(key).is_none();
    reached.statement.conditions().iter().find(|one| faulty(one) && absent(one.key()))
}

/// Whether the call sends no tag at all: where another condition asks for one, the tags are not forgotten.
fn sends_no_tags(group: &ReachedGroup<'_>) -> bool {
    let mut sent = group.first().request.context().iter();
    !sent.any(|(key, _)| key.starts_with("aws:requesttag/"))
}

fn draft(
    subject: &Subject<'_>,
    group: &ReachedGroup<'_>,
    cause: &Condition,
    message: String,
    findings: &Findings<'_>,
) -> Draft {
    let reached = group.first();
    let description = format!("ask for `{}` to be there", cause.key());
    let fix = findings.fix(reached.policy, reached.statement, &description, true, |statement| {
        if let Some(null) = fix::operator(statement, "Null") {
            null.insert(cause.key().to_owned(), "false".into());
        }
    });
    META.at_reached(subject, reached, message).fix(fix)
}
