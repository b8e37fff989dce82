//! FL132.

use fortem_compile::iam::{Condition, Context, Effect, Truth, Values};
use fortem_compile::reference::ValueType;
use fortem_core::pattern;

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Facts, tag_of_key};
use crate::facts::condition::{if_always, if_never, needs_key, stem};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// A condition whose values can never be equal to what the key holds.
#[derive(Debug)]
pub(super) struct OperatorTypeMismatch;

static META: Meta = Meta {
    id: "FL132",
    name: "operator-type-mismatch",
    summary: "A condition compares a key with what it never holds",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "`ecs:cluster` is an ARN: compared with a bare name it never matches, so that the Allow is dead and \
          the Deny, written to keep people off a cluster, is open.",
    remediation: "Compare ARNs as a whole, by pattern: `\"ArnLike\": {\"ecs:cluster\": \"arn:aws:ecs:*:*:cluster/staging\"}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
  "Condition": {"StringEquals": {"ecs:cluster": "prod"}}}]}"#,
    limits: "Of numbers, dates and addresses only what cannot be read at all is found.",
    peers: &["IAM Access Analyzer: type mismatch", "iam-policy-validator: condition operators"],
};

impl Rule for OperatorTypeMismatch {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let mut conditions = statement.conditions().iter();
            let Some((condition, why)) =
                conditions.find_map(|one| Some((one, mismatch(one, facts)?)))
            else {
                continue;
            };
            let follows =
                if condition.is_negated() { if_always(statement) } else { if_never(statement) };
            let message = format!(
                "`{}` never matches `{}`: {why}, {follows}",
                condition.operator(),
                condition.key()
            );
            let draft = META.at_statement(policy, statement, message);
            let is_dead = (statement.effect() == Effect::Allow) != condition.is_negated();
            findings.report(if is_dead { draft.severity(Severity::Medium) } else { draft });
        }
    }
}

/// Why no value of a condition can match.
fn mismatch(condition: &Condition, facts: &Facts<'_>) -> Option<String> {
    let stem = stem(condition);
    let value = condition.values().first()?;
    let is_arn = facts
        .reference
        .key_type(condition.key())
        .is_some_and(|known| known.value == ValueType::Arn);
    if condition.values().iter().any(|value| value.contains("${")) {
        let starred = |value: &String| value.replace("${*}", "").contains('*');
        let as_text = is_arn && stem.starts_with("string") && !condition.takes_wildcards();
        if as_text && condition.values().iter().all(starred) {
            return Some(format!("`{value}` is compared letter by letter"));
        }
        let is_name = |value: &String| is_tag_alone(value);
        let never = is_arn && condition.values().iter().all(is_name);
        return never.then(|| format!("the key is an ARN and `{value}` is the name in a tag"));
    }
    if is_arn && (stem.starts_with("arn") || stem.starts_with("string")) {
        let as_text = stem.starts_with("string") && !condition.takes_wildcards();
        let matches = |value: &String| {
            if as_text { is_arn_text(value) } else { is_arn_pattern(value, &stem) }
        };
        if condition.values().iter().any(matches) {
            return None;
        }
        return Some(if as_text && value.contains(['*', '?']) {
            format!("`{value}` is compared letter by letter")
        } else {
            format!("the key is an ARN and `{value}` is none")
        });
    }
    let typed = ["numeric", "date", "bool", "null"].iter().any(|family| stem.starts_with(family));
    let mut tried = condition.candidates(&Context::default());
    tried.extend(["true", "false"].map(Values::from));
    let holds = |values: Values| {
        let mut context = Context::default();
        context.insert(condition.key(), values);
        condition.holds(&context) != Truth::No
    };
    let dead =
        typed && !condition.is_negated() && needs_key(condition) && !tried.into_iter().any(holds);
    dead.then(|| format!("`{value}` is no value for this operator"))
}

/// Whether a value is a variable for a tag and nothing else.
fn is_tag_alone(value: &str) -> bool {
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|key| tag_of_key(key).is_some() && !key.contains(['$', ',']))
}

fn is_arn_text(value: &str) -> bool {
    value.starts_with("arn:") && !value.contains(['*', '?'])
}

/// Whether some ARN matches a pattern; ARN operators compare part by part, and want six.
fn is_arn_pattern(value: &str, stem: &str) -> bool {
    let begin = pattern::literal(value);
    let as_arn = begin.starts_with("arn:") || "arn:".starts_with(begin);
    // What a star alone means there is not documented.
    let complete = value.matches(':').count() >= 5 || value.chars().all(|one| one == '*');
    as_arn && (complete || stem.starts_with("string"))
}
