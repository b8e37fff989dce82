//! FL706.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::{Decision, NamedDocument, Policies};

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, Reached, Subject, Target};
use crate::facts::inventory::last_part;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Owner, Policy};

/// A deployed policy that allows something else than the source of its name.
#[derive(Debug)]
pub(super) struct DriftFromSource;

static META: Meta = Meta {
    id: "FL706",
    name: "drift-from-fortem-compile",
    summary: "A deployed policy does not allow what the source of its name compiles to",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "The source is reviewed, the account is not: what somebody added to the deployed policy by hand has been \
          approved by nobody, and the next deployment takes it away again without a word.",
    remediation: "Deploy what `fortem-compile` writes, or put the change into the source first",
    example: r#"With `--source policies`, deployed under the name `operator`:
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]}"#,
    limits: "Judged with `--source`, for policies whose name is that of a document of the compiler, as `operator` or \
             `operator-2`; a role that is not deployed is not missed. Meaning is compared, not text: a call is sought \
             that one allows and the other does not, among the calls that rules know. What differs in other calls is \
             not found.",
    peers: &[],
};

/// What roles may be granted besides the calls of other rules (`lowering.toml` of the compiler, 2026-09).
const CALLS: &[&str] = &[
    "ecs:DescribeClusters",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ExecuteCommand",
    "ecs:ListServiceDeployments",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:TagResource",
    "ecs:UpdateService",
    "elasticache:Connect",
    "events:DescribeRule",
    "events:DisableRule",
    "events:EnableRule",
    "iam:PassRole",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "logs:StopQuery",
    "scheduler:GetSchedule",
    "scheduler:UpdateSchedule",
];

impl Rule for DriftFromSource {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(name) = name_of(policy).filter(|_| policy.is_changeable()) else { return };
        let Some(compiled) = facts.environments.compiled(name) else { return };
        let more = differences(policy, compiled, facts);
        if let Some(first) = more.values().next() {
            let message = format!("`{name}` allows {}, which its source does not", named(&more));
            let draft = META.at_statement(policy, first.statement, message);
            let draft = draft.resource(first.request.resource());
            findings.report(draft.evidence(first.to_string()));
        }
        let less = differences(compiled, policy, facts);
        if let Some(first) = less.values().next() {
            let message = format!("`{name}` does not allow {}, which its source does", named(&less));
            let start = policy.place.range.start;
            let place = crate::source::Place { range: start..start, ..policy.place.clone() };
            let draft = META.at(place, message).of_policy(policy).severity(Severity::Medium);
            findings.report(draft.evidence(format!("in the source {first}")));
        }
    }
}

/// The name under which an identity policy was made.
fn name_of(policy: &Policy) -> Option<&str> {
    match &policy.owner {
        Owner::Managed(arn) => Some(last_part(arn)),
        Owner::Inline(_) | Owner::Nobody => policy.name.as_deref(),
        Owner::Trust(_) | Owner::Organization(_) => None,
    }
}

/// A call of each action that one policy allows and the other does not.
fn differences<'p>(
    one: &'p Policy,
    other: &Policy,
    facts: &Facts<'_>,
) -> BTreeMap<&'static str, Reached<'p>> {
    let others = Policies::of_identity([NamedDocument::new("other", other.document.clone())]);
    let actions: BTreeSet<&str> =
        super::all().iter().flat_map(|rule| rule.calls()).copied().collect();
    let all = facts.environments.all();
    let mut found = BTreeMap::new();
    for own in all {
        let subject = Subject::of_policy(one, &own.name, facts.environments);
        let untagged = all.iter().map(|one| Target::untagged(&one.name));
        let tagged = all.iter().map(|one| Target::tagged(&one.name));
        let elsewhere = all.iter().map(|one| Target::tagged(&own.name).on_cluster_of(&one.name));
        let targets: Vec<Target<'_>> = tagged.chain(untagged).chain(elsewhere).collect();
        for action in &actions {
            let call = facts.catalogue.call(action).filter(|call| subject.may_call(*call));
            let Some(call) = call.filter(|_| !found.contains_key(action)) else { continue };
            let differing = targets.iter().find_map(|target| {
                let mut reached = subject
                    .grants(call)
                    .filter_map(|(policy, statement)| {
                        subject.reach_through(facts, call, target, policy, statement)
                    });
                reached.find(|one| others.decide(&one.request).decision() != Decision::Allow)
            });
            if let Some(reached) = differing {
                found.insert(*action, reached);
            }
        }
    }
    found
}

/// The first of some actions, and how many more there are.
fn named(found: &BTreeMap<&str, Reached<'_>>) -> String {
    let first = found.keys().next().copied().unwrap_or_default();
    match found.len() {
        0 | 1 => format!("`{first}`"),
        2 => format!("`{first}` and another action"),
        more => format!("`{first}` and {} other actions", more - 1),
    }
}
