//! FL020.

use fortem_compile::iam::{Condition, Context, Effect, Statement, Truth};

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An environment under another spelling than its name.
#[derive(Debug)]
pub(super) struct TagValueAlias;

static META: Meta = Meta {
    id: "FL020",
    name: "tag-value-alias",
    summary: "A tag value or condition spells an environment differently from its name",
    severity: Severity::Critical,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Values are compared letter by letter, case included: a Deny on `Prod` misses what is tagged `prod`, \
          and a principal tagged `production` finds nothing of `prod`.",
    remediation: "Use one spelling; list the others in the Deny until nothing has them any more",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Environment": ["prod", "staging"]}}},
  {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "Prod"}}}]}"#,
    limits: "Without a fleet file the spelling that is used most is taken for the name. Tags of resources are \
             looked at only where an inventory is given.",
    peers: &[],
};

impl Rule for TagValueAlias {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            for condition in statement.conditions() {
                let Some((value, environment)) = odd_value(condition, facts) else { continue };
                if is_named_elsewhere(policy, statement, condition, environment) {
                    continue;
                }
                let misses = statement.effect() == Effect::Deny
                    && !condition.is_negated()
                    && environment.is_production;
                let message = format!(
                    "`{value}` is compared letter by letter and is not `{}`, {}",
                    environment.name,
                    if misses { "which the Deny misses" } else { "as the environment is tagged" },
                );
                let draft = META.at_statement(policy, statement, message);
                findings.report(if misses {
                    draft.to(environment)
                } else {
                    draft.severity(Severity::Medium)
                });
            }
        }
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let key = facts.environments.tag_key();
        for principal in &facts.unit.principals {
            let Some(value) = principal.tag(key) else { continue };
            let Some(environment) = meant(value, facts) else { continue };
            let message = format!(
                "`{value}` of the tag `{key}` is not `{}`, the name of the environment",
                environment.name
            );
            let draft = META.at(principal.place.clone(), message).principal(&principal.arn);
            findings.report(draft.severity(Severity::Medium).from(&environment.name));
        }
    }
}

/// The environment that a value means under another name; blanks around it are another fault.
fn meant<'e>(value: &str, facts: &Facts<'e>) -> Option<&'e Environment> {
    let environment = facts.environments.meant_by(value)?;
    (environment.name != value && value.trim() == value).then_some(environment)
}

/// A value of a condition that means an environment, whose name passes for none of the values.
fn odd_value<'s, 'e>(
    condition: &'s Condition,
    facts: &Facts<'e>,
) -> Option<(&'s str, &'e Environment)> {
    let (_, tag) = tag_of_key(condition.key())?;
    if condition.is_null() || !tag.eq_ignore_ascii_case(facts.environments.tag_key()) {
        return None;
    }
    condition.values().iter().find_map(|value| {
        let environment = meant(value, facts)?;
        (!matches(condition, &environment.name)).then_some((value.as_str(), environment))
    })
}

/// Whether a condition has a value among those that it names.
fn matches(condition: &Condition, value: &str) -> bool {
    let mut context = Context::default();
    context.insert(condition.key(), value);
    (condition.holds(&context) != Truth::No) != condition.is_negated()
}

/// Whether another statement of the same effect is about the environment by its name.
fn is_named_elsewhere(
    policy: &Policy,
    statement: &Statement,
    condition: &Condition,
    environment: &Environment,
) -> bool {
    policy.document.statements().iter().any(|other| {
        other.effect() == statement.effect()
            && other.actions() == statement.actions()
            && other.conditions().iter().any(|one| {
                one.key().eq_ignore_ascii_case(condition.key())
                    && !one.is_null()
                    && matches(one, &environment.name)
            })
    })
}
