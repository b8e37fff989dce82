//! FL122.

use fortem_compile::iam::Condition;

use super::{Draft, Findings, Input, Meta, Rule};
use crate::facts::{
    CREATING_CALLS, Facts, ReachedGroup, SCOPED_CALLS, Subject, TAG_CALLS, Target, is_of_request,
    is_of_resource,
};
use crate::finding::{Confidence, Persona, Severity};
use crate::fix;

/// An Allow whose condition on the environment passes where the tag is absent, by `…IfExists`.
#[derive(Debug)]
pub(super) struct IfexistsAllow;

static META: Meta = Meta {
    id: "FL122",
    name: "ifexists-allow",
    summary: "An Allow passes where the tag is absent, because of `…IfExists`",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "With `IfExists` the condition holds for whatever has no such tag: untagged resources of production \
          are open, and what is created without the tag belongs to no environment, so that no Deny finds it.",
    remediation: "Take `IfExists` off the operator; a resource without the tag should be tagged, not let through",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Operate", "Effect": "Allow",
  "Action": "ecs:StopTask", "Resource": "*", "Condition": {"StringEqualsIfExists": {
  "aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}"}}}]}"#,
    limits: "Whether untagged resources exist is not asked: the next one may be.",
    peers: &["iam-policy-validator: IfExists"],
};

impl Rule for IfexistsAllow {
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
        let targets: Vec<_> = [Target::untagged(&foreign.name), Target::tagged(&foreign.name)]
            .into_iter()
            .chain(own.map(Target::untagged))
            .collect();
        for group in subject.openings(
            facts,
            SCOPED_CALLS,
            |one| passes(one) && is_of_resource(one, facts),
            &targets,
        ) {
            let Some(cause) = cause(&group, |one| is_of_resource(one, facts)) else { continue };
            let is_own = own.filter(|own| group.first().is_called_after(own));
            let message = format!(
                "`{}` lets {} pass on `{}` where `{}` is absent",
                cause.operator(),
                group.actions(),
                is_own.unwrap_or(&foreign.name),
                cause.key()
            );
            let draft = draft(subject, &group, cause, message, findings);
            findings.report(match is_own {
                Some(_) => draft.severity(Severity::Medium),
                None => draft.to(foreign),
            });
        }
        let tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let keys = [(tag.as_str(), None)];
        let homes: Vec<_> =
            subject.homes(facts).into_iter().map(|home| Target::tagged(home).with(&keys)).collect();
        for group in subject.openings(
            facts,
            CREATING_CALLS,
            |one| passes(one) && is_of_request(one, facts),
            &homes,
        ) {
            let Some(cause) = cause(&group, |one| is_of_request(one, facts)) else { continue };
            let message = format!(
                "`{}` lets {} pass without `{}`, so that what is made belongs to no environment",
                cause.operator(),
                group.actions(),
                cause.key()
            );
            findings.report(draft(subject, &group, cause, message, findings));
        }
    }
}

fn passes(condition: &Condition) -> bool {
    condition.has_if_exists() && !condition.is_negated()
}

/// The condition that passes since its key is absent.
fn cause<'u>(
    group: &ReachedGroup<'u>,
    is_meant: impl Fn(&Condition) -> bool,
) -> Option<&'u Condition> {
    let reached = group.first();
    let absent = |key: &str| reached.request.context().get(key).is_none();
    let mut conditions = reached.statement.conditions().iter();
    conditions.find(|one| passes(one) && is_meant(one) && absent(one.key()))
}

fn draft(
    subject: &Subject<'_>,
    group: &ReachedGroup<'_>,
    cause: &Condition,
    message: String,
    findings: &Findings<'_>,
) -> Draft {
    let reached = group.first();
    let (operator, key) = (cause.operator(), cause.key());
    let strict =
        operator.get(..operator.len().saturating_sub("IfExists".len())).unwrap_or(operator);
    let fix =
        findings.fix(reached.policy, reached.statement, "take `IfExists` off", true, |statement| {
            fix::move_key(statement, operator, strict, key);
        });
    META.at_reached(subject, reached, message).fix(fix)
}
