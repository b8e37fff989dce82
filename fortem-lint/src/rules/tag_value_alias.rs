//! FL020.

use fortem_compile::iam::{Condition, Context, Effect, Statement, Truth};

use super::{Findings, Input, Meta, Rule};
use crate::environments::Environment;
use crate::facts::{Facts, TagOf, tag_of_key};
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
    limits: "Without a fleet file the spelling that is used most is taken for the name. On resources of production \
             it is critical where a Deny names the one and not the other. Tasks that have the tag from their \
             service are not reported by themselves.",
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
        findings.resources(&META);
        for region in &facts.regions {
            region.each_in_use(facts, |one| {
                let Some(value) = one.tags.and_then(|tags| tags.value(key)) else { return };
                let Some(environment) = meant(value, facts) else { return };
                let message = format!(
                    "{} `{}` is tagged `{value}`, not `{}`, the name of the environment",
                    one.kind,
                    one.label(),
                    environment.name
                );
                let draft = META.at_resource(facts, &one, message).from(&environment.name);
                let (severity, fact) = guarded(environment, value, facts);
                let draft = draft.severity(severity);
                findings.report(match fact {
                    Some(fact) => draft.evidence(fact),
                    None => draft,
                });
            });
        }
    }
}

/// How bad another value is on a resource of an environment, and why: it depends on the Deny that guards production.
fn guarded(
    environment: &Environment,
    value: &str,
    facts: &Facts<'_>,
) -> (Severity, Option<String>) {
    if !environment.is_production {
        return (Severity::Medium, None);
    }
    let policies = facts.unit.policies.iter().filter(|one| one.is_changeable());
    let mut guards = policies.filter(|policy| denies(policy, &environment.name)).peekable();
    if guards.peek().is_none() {
        return (Severity::High, None);
    }
    match guards.find(|policy| !denies(policy, value)) {
        Some(policy) => {
            let name = policy.label().unwrap_or_else(|| "a policy".to_owned());
            let fact =
                format!("the Deny of `{name}` names `{}` and not `{value}`", environment.name);
            (Severity::Critical, Some(fact))
        }
        None => (
            Severity::Medium,
            Some(format!("every Deny for `{}` names `{value}` too", environment.name)),
        ),
    }
}

/// Whether a policy denies something where a resource has a value of the environment's tag.
fn denies(policy: &Policy, value: &str) -> bool {
    let statements = policy.document.statements().iter();
    statements.filter(|one| one.effect() == Effect::Deny).any(|one| {
        one.conditions().iter().any(|condition| {
            tag_of_key(condition.key()).is_some_and(|(whose, _)| whose == TagOf::Resource)
                && !condition.is_null()
                && !condition.is_negated()
                && matches(condition, value)
        })
    })
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
