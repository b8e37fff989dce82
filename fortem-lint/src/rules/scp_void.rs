//! FL505.

use fortem_compile::iam::{Condition, DocumentKind, Effect, Statement};
use fortem_compile::reference::{Action, Carries, Reference};

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// An SCP that denies what it should not, or nothing.
#[derive(Debug)]
pub(super) struct ScpVoid;

static META: Meta = Meta {
    id: "FL505",
    name: "scp-breaks-or-void",
    summary: "An SCP rests on a tag that its calls never carry, so it denies always or never",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A Deny that asks whether a tag is absent hits every call that cannot carry it, and people take the SCP off \
          again; one that asks for a value of such a tag never fires, and people rely on it.",
    remediation: "Name only the calls that carry the tag: `Null` on `aws:RequestTag/…` for creating calls, \
                  `aws:ResourceTag/…` for calls on a resource",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "RequireTag", "Effect": "Deny", "Action": "ecs:*",
  "Resource": "*", "Condition": {"Null": {"aws:RequestTag/Environment": "true"}}}]}"#,
    limits: "Services that the data leaves out are not judged.",
    peers: &[],
};

impl Rule for ScpVoid {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if policy.document.kind() != DocumentKind::ServiceControl {
            return;
        }
        for statement in policy.document.statements() {
            if statement.effect() == Effect::Deny && !statement.is_not_action() {
                for condition in statement.conditions() {
                    if let Some(message) = fault(statement, condition, facts) {
                        findings.report(META.at_statement(policy, statement, message));
                    }
                }
            }
        }
    }
}

fn fault(statement: &Statement, condition: &Condition, facts: &Facts<'_>) -> Option<String> {
    crate::facts::tag_of_key(condition.key())
        .filter(|(kind, _)| *kind != crate::facts::TagOf::Principal)?;
    let covered: Vec<&Action> =
        statement.actions().iter().flat_map(|pattern| facts.reference.matching(pattern)).collect();
    let blind: Vec<&str> = covered
        .iter()
        .filter(|action| !carries(facts.reference, action, condition.key()))
        .map(|action| action.name())
        .collect();
    let first = blind.first()?;
    let others = match blind.len() {
        1 => String::new(),
        more => format!(" and {} others", more - 1),
    };
    let holds_when_absent = if condition.is_null() {
        condition.values().iter().any(|value| value.eq_ignore_ascii_case("true"))
    } else {
        condition.is_negated()
    };
    let alone = statement.conditions().len() == 1;
    if holds_when_absent && alone {
        Some(format!(
            "`{first}`{others} never carry `{}`, so this denies them always",
            condition.key()
        ))
    } else if !holds_when_absent && !condition.has_if_exists() && blind.len() == covered.len() {
        Some(format!("`{first}`{others} never carry `{}`, so this never denies", condition.key()))
    } else {
        None
    }
}

fn carries(reference: &Reference, action: &Action, key: &str) -> bool {
    let on = |kind: Option<&str>| reference.carries(action.name(), kind, key) != Carries::No;
    on(None) || action.resource_types().iter().any(|kind| on(Some(kind.name())))
}
