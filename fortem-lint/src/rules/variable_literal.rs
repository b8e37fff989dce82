//! FL128.

use fortem_compile::iam::{Condition, DocumentOddity, DocumentRemark, Effect, Statement};
use fortem_compile::reference::ValueType;

use super::{Draft, Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::facts::condition::{if_always, if_never, stem};
use crate::finding::{Confidence, Persona, Severity};
use crate::fix;
use crate::unit::Policy;

/// Text that is meant as a variable or pattern and compared letter by letter.
#[derive(Debug)]
pub(super) struct VariableLiteral;

static META: Meta = Meta {
    id: "FL128",
    name: "variable-literal",
    summary: "A policy variable or wildcard is compared letter by letter",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "Before `Version` 2012-10-17, `${…}` is plain text, and under `StringEquals` so is `*`: nothing has \
          such a tag or name, so the Allow is dead and gets mended by an open one, and the Deny is open from \
          the start.",
    remediation: "Write `\"Version\": \"2012-10-17\"` for variables, and `StringLike` for wildcards",
    example: r#"{"Statement": [{"Sid": "OnlyOwn", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod*"}}}]}"#,
    limits: "ARNs compared as text are left to operator-type-mismatch.",
    peers: &["IAM Access Analyzer: policy variables in older versions"],
};

impl Rule for VariableLiteral {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            if let Some(draft) = variable(policy, statement) {
                findings.report(draft);
            } else if let Some((condition, value)) = wildcard(statement, facts) {
                findings.report(literal(policy, statement, condition, value, findings));
            }
        }
    }
}

/// A statement with a variable in a document of the version without variables.
fn variable(policy: &Policy, statement: &Statement) -> Option<Draft> {
    let name = statement.name();
    let said = |one: &&DocumentRemark| {
        one.oddity() == DocumentOddity::VariableAsText && one.statement() == Some(&name)
    };
    policy.remarks.iter().find(said)?;
    let without = if policy.document.json().get("Version").is_some() {
        "`Version` 2008-10-17"
    } else {
        "no `Version`"
    };
    let message =
        format!("`${{…}}` is plain text in a policy with {without}, {}", if_never(statement));
    Some(dead_or_open(
        META.at_statement(policy, statement, message),
        statement.effect() == Effect::Allow,
    ))
}

/// A condition that compares a text with `*` in it letter by letter.
fn wildcard<'s>(statement: &'s Statement, facts: &Facts<'_>) -> Option<(&'s Condition, &'s str)> {
    statement.conditions().iter().find_map(|one| {
        let is_text = facts
            .reference
            .key_type(one.key())
            .is_none_or(|known| known.value == ValueType::String);
        let literal = matches!(
            stem(one).as_str(),
            "stringequals"
                | "stringnotequals"
                | "stringequalsignorecase"
                | "stringnotequalsignorecase"
        );
        // `${*}` is how a star is meant.
        let starred = |value: &&String| value.replace("${*}", "").contains('*');
        let value = one.values().iter().filter(|_| is_text && literal).find(starred)?;
        Some((one, value.as_str()))
    })
}

fn literal(
    policy: &Policy,
    statement: &Statement,
    condition: &Condition,
    value: &str,
    findings: &Findings<'_>,
) -> Draft {
    let (operator, key) = (condition.operator(), condition.key());
    let follows = match (condition.is_negated(), condition.values()) {
        (true, [_]) => if_always(statement),
        (false, [_]) => if_never(statement),
        _ => "so it stands for nothing there",
    };
    let message = format!("`{value}` is no pattern under `{operator}`, {follows}");
    let allow = statement.effect() == Effect::Allow;
    let draft = dead_or_open(
        META.at_statement(policy, statement, message),
        allow != condition.is_negated(),
    );
    let Some((begin, end)) = operator.split_once("Equals") else { return draft };
    // No operator takes patterns without regard to case.
    let Some(like) = (!end.contains("IgnoreCase")).then(|| format!("{begin}Like{end}")) else {
        return draft;
    };
    let narrows = allow == condition.is_negated();
    draft.fix(findings.fix(policy, statement, "compare by pattern", narrows, |statement| {
        fix::move_key(statement, operator, &like, key);
    }))
}

/// What is dead is milder than what is open.
fn dead_or_open(draft: Draft, is_dead: bool) -> Draft {
    if is_dead { draft.severity(Severity::Medium) } else { draft }
}
