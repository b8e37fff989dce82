//! FL123.

use fortem_compile::iam::Condition;

use super::{Findings, Input, Meta, Rule};
use crate::facts::{
    CREATING_CALLS, Facts, ReachedGroup, SCOPED_CALLS, Subject, TAG_CALLS, Target, is_of_request,
    is_of_resource,
};
use crate::finding::{Confidence, Persona, Severity};

/// An Allow that names the environments it is not for.
#[derive(Debug)]
pub(super) struct NegatedAllow;

static META: Meta = Meta {
    id: "FL123",
    name: "negated-allow",
    summary: "An Allow on whatever has not some environment, by a negated operator",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A negated operator holds where the tag is absent, and for every environment nobody has thought of \
          yet: the grant grows by itself.",
    remediation: "Name the environments that are meant: `\"StringEquals\": {\"aws:ResourceTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "NotProd", "Effect": "Allow",
  "Action": "ecs:UpdateService", "Resource": "*",
  "Condition": {"StringNotEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Where a policy is for no environment in particular, that it reaches others than the excluded ones is \
             taken for meant.",
    peers: &["IAM Access Analyzer: negated conditions"],
};

impl Rule for NegatedAllow {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        TAG_CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        let faulty = |one: &Condition| is_open(one) && is_of_resource(one, facts);
        let mut targets = vec![Target::untagged(&foreign.name)];
        let others =
            facts.environments.all().iter().filter(|one| !subject.environments.contains(&one.name));
        targets.extend(others.filter(|_| subject.is_scoped()).map(|one| Target::tagged(&one.name)));
        for group in subject.openings(facts, SCOPED_CALLS, faulty, &targets) {
            let Some(cause) = cause(&group, faulty) else { continue };
            let context = group.first().request.context();
            let reached = match context.get(cause.key()) {
                Some(value) => format!("on `{}`", value.as_slice().join(", ")),
                None => format!("on `{}` where the tag is absent", foreign.name),
            };
            let message = format!("`{}` lets {} pass {reached}", cause.operator(), group.actions());
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
        let faulty = |one: &Condition| is_open(one) && is_of_request(one, facts);
        let tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
        let keys = [(tag.as_str(), None)];
        let homes: Vec<_> =
            subject.homes(facts).into_iter().map(|home| Target::tagged(home).with(&keys)).collect();
        for group in subject.openings(facts, CREATING_CALLS, faulty, &homes) {
            let Some(cause) = cause(&group, faulty) else { continue };
            if group.first().request.context().get(cause.key()).is_some() {
                continue;
            }
            let message = format!(
                "`{}` lets {} pass without `{}`, so that what is made belongs to no environment",
                cause.operator(),
                group.actions(),
                cause.key()
            );
            findings.report(META.at_reached(subject, group.first(), message));
        }
    }
}

fn is_open(condition: &Condition) -> bool {
    condition.is_negated() && !condition.key().eq_ignore_ascii_case("aws:TagKeys")
}

fn cause<'u>(
    group: &ReachedGroup<'u>,
    faulty: impl Fn(&Condition) -> bool,
) -> Option<&'u Condition> {
    group.first().statement.conditions().iter().find(|one| faulty(one))
}
