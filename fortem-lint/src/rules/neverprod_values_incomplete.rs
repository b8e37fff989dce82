//! FL303.

use std::collections::BTreeSet;

use fortem_compile::iam::Statement;
use serde_json::Value;

use super::guards;
use super::{Findings, Input, Meta, Rule};
use crate::environments::{Environment, Origin};
use crate::facts::{Facts, Guard, Reached, Subject, Target};
use crate::finding::{Confidence, Fix, Persona, Severity};

/// A Deny on production's tag leaves out a spelling that is in use.
#[derive(Debug)]
pub(super) struct NeverprodValuesIncomplete;

static META: Meta = Meta {
    id: "FL303",
    name: "neverprod-values-incomplete",
    summary: "A Deny on the tag of production leaves out a spelling that is in use",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Tag values are compared letter by letter: a Deny on `prod` does not apply to what is tagged `Prod` \
          or `production`, and a broader Allow opens it.",
    remediation: "List every spelling that is in use in the Deny, or turn the Deny round: \
                  `\"StringNotEquals\": {\"aws:ResourceTag/Environment\": \
                  \"${aws:PrincipalTag/Environment}\"}`; then settle on one spelling",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Operate", "Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"},
  {"Sid": "NoLogs", "Effect": "Deny", "Action": "logs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "production"}}},
  {"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}}]}"#,
    limits: "Spellings are those of the fleet file, and those that tags and policies of the input use.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:DeleteService",
    "ecs:ExecuteCommand",
    "ecs:StopTask",
    "ecs:UpdateService",
    "elasticache:Connect",
    "logs:FilterLogEvents",
];

impl Rule for NeverprodValuesIncomplete {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let calls = facts.catalogue.set(CALLS);
        let spellings: Vec<_> = facts
            .environments
            .production()
            .map(|one| (&one.name, spellings_of(one, facts)))
            .collect();
        let mut has_guards = false;
        for subject in facts.subjects.iter().filter(|one| one.may_call_any(&calls)) {
            let Some(foreign) = guards::kept_from(subject, facts) else { continue };
            let Some((_, spellings)) = spellings.iter().find(|(name, _)| **name == foreign.name)
            else {
                continue;
            };
            has_guards = true;
            check(subject, foreign, spellings, facts, findings);
        }
        if has_guards {
            findings.resources(&META);
        }
    }
}

/// Tag values that mean an environment and are in use.
fn spellings_of(environment: &Environment, facts: &Facts<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut see = |value: &str| {
        if environment.is_meant_by(value) && value != environment.name {
            seen.insert(value.to_owned());
        }
    };
    if facts.environments.origin() == Origin::Declared {
        environment.aliases.iter().for_each(|alias| see(alias));
    }
    let key = facts.environments.tag_key();
    facts.unit.principals.iter().filter_map(|one| one.tag(key)).for_each(&mut see);
    if let Some(resources) = &facts.unit.resources {
        resources.each_tag(|of, value| {
            if of.eq_ignore_ascii_case(key) {
                see(value);
            }
        });
    }
    let statements = facts.unit.policies.iter().flat_map(|policy| policy.document.statements());
    for condition in statements.flat_map(Statement::conditions) {
        if crate::facts::tag_of_key(condition.key())
            .is_some_and(|(_, of)| of.eq_ignore_ascii_case(key))
        {
            condition.values().iter().for_each(|value| see(value));
        }
    }
    std::iter::once(environment.name.clone()).chain(seen).collect()
}

fn check(
    subject: &Subject<'_>,
    foreign: &Environment,
    spellings: &[String],
    facts: &Facts<'_>,
    findings: &mut Findings<'_>,
) {
    let calls = facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call));
    for (action, call) in calls {
        let target = |tag| Target { tag: Some(tag), ..Target::tagged(&foreign.name) };
        let mut guard: Option<Guard<'_>> = None;
        let mut missed: Vec<(&str, Reached<'_>)> = Vec::new();
        for spelling in spellings {
            if let Some(reached) = subject.reach(facts, call, &target(spelling)) {
                missed.push((spelling, reached));
            } else if guard.is_none() {
                guard = subject.denied_by(facts, call, &target(spelling));
            }
        }
        let guard = guard.filter(|one| guards::is_by_tag(one.statement, facts));
        let (Some(guard), Some((_, reached))) = (guard, missed.first()) else { continue };
        let values: Vec<&str> = missed.iter().map(|(value, _)| *value).collect();
        let message = format!(
            "{} does not stop `{action}` on what is tagged `{}`",
            guards::name_of(guard.statement),
            values.join("` or `")
        );
        let draft = guards::at_guard(&META, subject, &guard, reached, message).to(foreign);
        findings.report(draft.fix(completed(&guard, &values, facts, findings)));
        return;
    }
}

/// The Deny with the missing values.
fn completed(
    guard: &Guard<'_>,
    values: &[&str],
    facts: &Facts<'_>,
    findings: &Findings<'_>,
) -> Option<Fix> {
    let environments = facts.environments;
    let condition = guard.statement.conditions().iter().find(|one| {
        crate::facts::tag_of_key(one.key())
            .is_some_and(|(_, key)| environments.is_environment_key(key))
    })?;
    let description = "Deny every spelling that is in use";
    findings.fix(guard.policy, guard.statement, description, true, |statement| {
        let listed = statement
            .get_mut("Condition")
            .and_then(|all| all.get_mut(condition.operator())?.get_mut(condition.key()));
        if let Some(listed) = listed {
            let mut all = match listed.take() {
                Value::Array(all) => all,
                one => vec![one],
            };
            all.extend(values.iter().map(|value| Value::from(*value)));
            *listed = Value::Array(all);
        }
    })
}
