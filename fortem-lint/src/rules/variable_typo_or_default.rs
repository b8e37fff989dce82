//! FL129.

use std::collections::BTreeSet;

use fortem_compile::iam::{Condition, Effect, Statement};
use serde_json::Value;

use super::{Findings, Input, Meta, Rule};
use crate::environments::is_usual_name;
use crate::facts::condition::{if_never, needs_key};
use crate::facts::{Facts, SCOPED_CALLS, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// A policy variable that does not exist, or one with a default that grants.
#[derive(Debug)]
pub(super) struct VariableTypoOrDefault;

static META: Meta = Meta {
    id: "FL129",
    name: "variable-typo-or-default",
    summary: "A policy variable does not exist, or has a default that grants an environment",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A variable that AWS does not know has no value, so an Allow with it is dead and a Deny with it is \
          open. A default in an Allow stands in for whoever has no tag: people who should have no environment \
          get that one.",
    remediation: "Write `${aws:PrincipalTag/Environment}`, without default in an Allow",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Operate", "Effect": "Allow",
  "Action": "ecs:StopTask", "Resource": "*", "Condition": {"StringEquals": {
  "aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment, 'staging'}"}}}]}"#,
    limits: "Variables of services that the reference data leaves out are not judged. A default is shown to grant \
             only for principals without the tag.",
    peers: &["IAM Access Analyzer: unknown policy variables"],
};

impl Rule for VariableTypoOrDefault {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        SCOPED_CALLS
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let in_conditions = statement.conditions().iter().flat_map(Condition::variables);
            let mut variables = statement.resource_variables().chain(in_conditions);
            let Some(unknown) = variables.find(|key| !is_variable(key, facts)) else {
                let Some(text) = bare_variable(statement) else { continue };
                let message =
                    format!("`{text}` is plain text without `${{`, {}", if_never(statement));
                findings.report(META.at_statement(policy, statement, message));
                continue;
            };
            let message = format!("`${{{unknown}}}` has never a value, {}", if_never(statement));
            let draft = META.at_statement(policy, statement, message);
            findings.report(match likely(unknown) {
                Some(meant) => draft.remediation(format!("Write `${{{meant}}}`")),
                None => draft,
            });
        }
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if subject.principal().is_some() && subject.environment_tag.is_some() {
            return;
        }
        let tag = format!("aws:PrincipalTag/{}", facts.environments.tag_key());
        let keys = [(tag.as_str(), None)];
        for default in defaults_of(subject, facts) {
            let target = Target::tagged(default).with(&keys);
            let gives = |one: &Condition| {
                one.values().iter().any(|value| defaults(value).any(|text| text == default))
            };
            for group in subject.openings(facts, SCOPED_CALLS, gives, &[target]) {
                let message = format!(
                    "the default of the variable lets whoever has no tag `{}` call {} on `{default}`",
                    facts.environments.tag_key(),
                    group.actions()
                );
                let reached = group.first();
                let fix = findings.fix(
                    reached.policy,
                    reached.statement,
                    "drop the default",
                    true,
                    |statement| {
                        if let Some(conditions) = statement.get_mut("Condition") {
                            drop_defaults(conditions);
                        }
                    },
                );
                let draft = META.at_reached(subject, reached, message).fix(fix);
                findings.report(match facts.environments.meant_by(default) {
                    Some(environment) => draft.to(environment),
                    None => draft.severity(Severity::Medium),
                });
            }
        }
    }
}

/// A text that names a tag of the caller outside of `${…}`, where it stands for nothing.
fn bare_variable(statement: &Statement) -> Option<&String> {
    let of_conditions = statement.conditions().iter().filter(|one| needs_key(one));
    let texts = statement.resources().iter().chain(of_conditions.flat_map(Condition::values));
    texts.into_iter().find(|text| {
        let outside = text.split("${").enumerate().map(|(at, part)| match part.split_once('}') {
            Some((_, rest)) if at > 0 => rest,
            _ => part,
        });
        outside.into_iter().any(|part| part.to_ascii_lowercase().contains("aws:principaltag/"))
    })
}

/// The environments that variables of Allow statements have as defaults.
fn defaults_of<'u>(subject: &Subject<'u>, facts: &Facts<'_>) -> BTreeSet<&'u str> {
    let statements = subject.identity.iter().flat_map(|policy| policy.document.statements());
    let allows = statements.filter(|one| one.effect() == Effect::Allow);
    let values = allows.flat_map(Statement::conditions).flat_map(Condition::values);
    let is_environment =
        |text: &&str| facts.environments.meant_by(text).is_some() || is_usual_name(text);
    values.flat_map(|value| defaults(value)).filter(is_environment).collect()
}

/// Whether a key can stand as a variable; those of services that the reference leaves out are believed.
fn is_variable(key: &str, facts: &Facts<'_>) -> bool {
    match facts.reference.key_type(key) {
        Some(known) => !known.multivalued && !key.ends_with('/'),
        None => match key.split_once(':') {
            Some((service, _)) => service != "aws" && !facts.reference.has_service(service),
            None => false,
        },
    }
}

/// The variable that is likely meant.
fn likely(unknown: &str) -> Option<String> {
    let rest = unknown.strip_prefix("aws:").unwrap_or(unknown);
    let tag = rest.strip_prefix("principaltag").or_else(|| rest.strip_prefix("principaltags"))?;
    let tag = tag.trim_start_matches([':', '/', '.', '-']);
    Some(format!("aws:PrincipalTag/{}", if tag.is_empty() { "Environment" } else { tag }))
}

/// The defaults of the variables of a value: `staging` of `${aws:PrincipalTag/Environment, 'staging'}`.
fn defaults(value: &str) -> impl Iterator<Item = &str> {
    value.split("${").skip(1).filter_map(|rest| {
        let (_, text) = rest.split('}').next()?.split_once(',')?;
        Some(text.trim().trim_matches('\''))
    })
}

/// Takes the defaults out of all texts of a value.
fn drop_defaults(value: &mut Value) {
    match value {
        Value::String(text) => {
            for default in text.split("${").skip(1).filter_map(variable_tail).collect::<Vec<_>>() {
                *text = text.replace(&default, "");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(drop_defaults),
        Value::Object(members) => members.values_mut().for_each(drop_defaults),
        _ => {}
    }
}

/// The comma and default of a variable.
fn variable_tail(rest: &str) -> Option<String> {
    let (_, tail) = rest.split('}').next()?.split_once(',')?;
    Some(format!(",{tail}"))
}
