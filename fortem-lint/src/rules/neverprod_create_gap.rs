//! FL305.

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, Guard, ReachedGroup, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A guard by the resource's tag does not stop what is created in production.
#[derive(Debug)]
pub(super) struct NeverprodCreateGap;

static META: Meta = Meta {
    id: "FL305",
    name: "neverprod-create-gap",
    summary: "A guard by the tag of the resource does not stop what is created in production",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC8.1"],
    why: "What is being created has the tags that the caller chooses, and for `ecs:RunTask` the tag that \
          counts is the task definition's: a Deny on the tag `prod` does not see the cluster on which a task \
          or service is started.",
    remediation: "Add a Deny by place, `\"ArnLike\": {\"ecs:cluster\": \"arn:aws:ecs:*:*:cluster/*prod*\"}`, \
                  and one by `aws:RequestTag/Environment`, for the calls that create",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "RunOwn", "Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "staging"}}},
  {"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Clusters are taken for what their names say.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:CreateDaemon",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:RunTask",
    "ecs:StartTask",
];
const RUN: &[&str] = &["ecs:RunTask", "ecs:StartTask"];

impl Rule for NeverprodCreateGap {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = guards::kept_from(subject, facts) else { return };
        let Some(guard) = guard_by_tag(subject, facts, foreign) else { return };
        let mut place = format!("on the cluster of `{}`", foreign.name);
        let mut groups = in_place(subject, facts, foreign);
        if groups.is_empty() {
            let own = own_environment(subject, facts);
            let tag = subject.own_tag().unwrap_or(own);
            let request_tag = format!("aws:RequestTag/{}", facts.environments.tag_key());
            let keys = [(request_tag.as_str(), Some(foreign.name.as_str()))];
            let target = Target { tag: Some(tag), ..Target::tagged(own) }.with(&keys);
            place = format!("with the tag of `{}`", foreign.name);
            groups = subject.reached_by_statement(facts, RUN, &target);
        }
        let Some(first) = groups.first() else { return };
        let missed: Vec<&str> =
            groups.iter().flat_map(|group| group.names().iter().copied()).collect();
        let (name, missed) = (guards::name_of(guard.statement), guards::list(&missed));
        let message = format!("{name} does not stop {missed} {place}");
        findings
            .report(guards::at_guard(&META, subject, &guard, first.first(), message).to(foreign));
    }
}

/// The first Deny that keeps a subject from something of an environment, if it goes by the tag.
fn guard_by_tag<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    foreign: &Environment,
) -> Option<Guard<'u>> {
    let mut guarded = facts.catalogue.calls(guards::GUARDED);
    let guard = guarded.find_map(|(_, call)| guards::guard_of(subject, facts, call, foreign));
    guard.filter(|one| guards::is_by_tag(one.statement, facts))
}

/// What may be created on a cluster of another environment with the subject's own tag.
fn in_place<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    foreign: &Environment,
) -> Vec<ReachedGroup<'u>> {
    let own = own_environment(subject, facts);
    let tag = subject.own_tag().unwrap_or(own);
    let at_home = Target { tag: Some(tag), ..Target::tagged(own) };
    subject.reached_by_statement(facts, CALLS, &at_home.on_cluster_of(&foreign.name))
}

/// The environment of a subject; of one that has none, whichever is not production.
fn own_environment<'s>(subject: &'s Subject<'_>, facts: &'s Facts<'_>) -> &'s str {
    let nowhere = facts.environments.all().iter().find(|one| !one.is_production);
    let nowhere = nowhere.map_or("staging", |one| one.name.as_str());
    subject.environments.first().map_or(nowhere, String::as_str)
}
