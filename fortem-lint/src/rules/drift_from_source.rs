//! FL706.

use std::collections::{BTreeMap, BTreeSet};

use fortem_compile::iam::{Decision, Effect, NamedDocument, Policies};

use super::{Findings, Input, Meta, Rule};
use crate::facts::inventory::last_part;
use crate::facts::{Facts, ROLE_CALLS, Reached, Subject, Target, tag_of_key};
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

impl Rule for DriftFromSource {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        ROLE_CALLS
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(name) = name_of(policy).filter(|_| policy.is_changeable()) else { return };
        let Some(compiled) = facts.environments.compiled(name) else { return };
        let more = differences(policy, compiled, facts);
        if let Some(first) = more.values().next() {
            let message =
                format!("`{name}` allows calls of {} that its source does not allow", named(&more));
            let draft = META.at_statement(policy, first.statement, message);
            let draft = draft.resource(first.request.resource());
            findings.report(draft.evidence(first.to_string()));
        }
        let less = differences(compiled, policy, facts);
        if let Some(first) = less.values().next() {
            let message =
                format!("`{name}` does not allow calls of {} that its source allows", named(&less));
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
    let fixed = telling_keys(other, facts);
    let fixed: Vec<[(&str, Option<&str>); 1]> =
        fixed.iter().map(|(key, value)| [(key.as_str(), Some(value.as_str()))]).collect();
    let mut found = BTreeMap::new();
    for own in all {
        let subject = Subject::of_policy(one, &own.name, facts.environments);
        let its = Target::tagged(&own.name);
        let untagged = all.iter().map(|one| Target::untagged(&one.name));
        let tagged = all.iter().map(|one| Target::tagged(&one.name));
        let elsewhere = all.iter().map(|one| its.on_cluster_of(&one.name));
        let keyed = fixed.iter().map(|keys| its.with(keys));
        let targets: Vec<Target<'_>> =
            tagged.chain(untagged).chain(elsewhere).chain(keyed).collect();
        for action in &actions {
            let call = facts.catalogue.call(action).filter(|call| subject.may_call(*call));
            let Some(call) = call.filter(|_| !found.contains_key(action)) else { continue };
            let differing = targets.iter().find_map(|target| {
                let mut reached = subject.grants(call).filter_map(|(policy, statement)| {
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

/// Condition keys with values that a policy minds: what a Deny asks for, and what an Allow accepts only in its absence.
/// Without them a call may pass by not saying what the policy would refuse.
fn telling_keys(policy: &Policy, facts: &Facts<'_>) -> BTreeSet<(String, String)> {
    let mut keys = BTreeSet::new();
    for statement in policy.document.statements() {
        for condition in statement.conditions().iter().filter(|one| !one.is_null()) {
            let is_environment = tag_of_key(condition.key())
                .is_some_and(|(_, tag)| tag.eq_ignore_ascii_case(facts.environments.tag_key()));
            let value = condition.values().first().filter(|_| !is_environment);
            let value = match (statement.effect(), condition.has_if_exists()) {
                (Effect::Deny, _) if !condition.is_negated() => {
                    value.map(|one| one.replace('*', "example"))
                }
                (Effect::Allow, true) => value.map(|one| another(one)),
                _ => None,
            };
            keys.extend(value.map(|value| (condition.key().to_owned(), value)));
        }
    }
    keys
}

/// A value that a pattern does not match, of the same kind if it is an ARN.
fn another(pattern: &str) -> String {
    let Some((head, name)) = pattern.split_once('/') else { return "another".to_owned() };
    let name = if name.ends_with(":*") { "another:1" } else { "another" };
    let mut filled = ["eu-west-1", "111122223333"].into_iter();
    let head: Vec<&str> = head
        .split(':')
        .map(|part| if part == "*" { filled.next().unwrap_or(part) } else { part })
        .collect();
    format!("{}/{name}", head.join(":"))
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
