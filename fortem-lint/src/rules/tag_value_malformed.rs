//! FL023.

use fortem_compile::iam::{Condition, Effect};

use super::{Findings, Input, Meta, Rule};
use crate::environments::Origin;
use crate::facts::{Facts, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An environment tag that names no environment.
#[derive(Debug)]
pub(super) struct TagValueMalformed;

static META: Meta = Meta {
    id: "FL023",
    name: "tag-value-malformed",
    summary: "An environment tag or condition has a value that names no environment",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A blank around the name makes another value of it, which no condition matches; an empty one is as \
          good as none, and a Deny by value does not see it.",
    remediation: "Give the tag one of the known values, without blanks",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ecs:*", "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod "}}}]}"#,
    limits: "Which values are known is only known from a fleet file; without it, empty values and blanks are \
             found.",
    peers: &[],
};

impl Rule for TagValueMalformed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        let key = facts.environments.tag_key();
        for statement in policy.document.statements() {
            let of_tag = statement.conditions().iter().filter(|one| {
                tag_of_key(one.key()).is_some_and(|(_, tag)| tag.eq_ignore_ascii_case(key))
                    && !one.is_null()
            });
            let values =
                of_tag.flat_map(Condition::values).filter(|one| !one.contains(['*', '?', '$']));
            // A Deny may well be about what has an empty tag.
            let mut meant =
                values.filter(|one| statement.effect() == Effect::Allow || !one.is_empty());
            let Some((value, why)) = meant.find_map(|one| Some((one, fault(one, facts)?))) else {
                continue;
            };
            let message = format!("{} {why}", shown(value));
            findings.report(META.at_statement(policy, statement, message));
        }
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let key = facts.environments.tag_key();
        for principal in &facts.unit.principals {
            let Some(value) = principal.tag(key) else { continue };
            let Some(why) = fault(value, facts) else { continue };
            let message = format!("{} of the tag `{key}` {why}", shown(value));
            findings.report(META.at(principal.place.clone(), message).principal(&principal.arn));
        }
        findings.resources(&META);
        for region in &facts.regions {
            region.each_in_use(facts, |one| {
                let Some(value) = one.tags.and_then(|tags| tags.value(key)) else { return };
                let Some(why) = fault(value, facts) else { return };
                let (value, name) = (shown(value), one.label());
                let message = format!("{value} of the tag `{key}` of {} `{name}` {why}", one.kind);
                findings.report(META.at_resource(facts, &one, message));
            });
        }
    }
}

fn shown(value: &str) -> String {
    if value.trim().is_empty() { "an empty value".to_owned() } else { format!("`{value}`") }
}

/// What is wrong with a value.
fn fault(value: &str, facts: &Facts<'_>) -> Option<&'static str> {
    if value.trim().is_empty() {
        Some("names no environment")
    } else if value.trim() != value {
        Some("has blanks around the name, which count")
    } else if facts.environments.origin() == Origin::Declared
        && facts.environments.meant_by(value).is_none()
    {
        Some("is none of the environments that are declared")
    } else {
        None
    }
}
