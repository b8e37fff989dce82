//! FL133.

use fortem_compile::iam::{Condition, Context, Effect, Statement, Truth};

use super::{Findings, Input, Meta, Rule};
use crate::facts::condition::if_never;
use crate::facts::{Facts, TagOf, tag_of_key};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// Conditions of one statement that cannot hold together.
#[derive(Debug)]
pub(super) struct ContradictoryCondition;

static META: Meta = Meta {
    id: "FL133",
    name: "contradictory-condition",
    summary: "Conditions on one key cannot hold together",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "All conditions of a statement must hold. Two that exclude each other leave an Allow dead and a Deny \
          open; often two keys that differ in case only were meant as alternatives.",
    remediation: "Write alternatives as a list of values under one key: `\"StringEquals\": \
                  {\"aws:ResourceTag/Environment\": [\"qa\", \"staging\"]}`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "NeverProd", "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
  "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "prod", "aws:ResourceTag/environment": "live"}}}]}"#,
    limits: "Values with policy variables are not compared.",
    peers: &["IAM Access Analyzer, in part"],
};

impl Rule for ContradictoryCondition {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, _facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        for statement in policy.document.statements() {
            let Some((first, second)) = contradiction(statement) else { continue };
            let message = format!(
                "`{}` of `{}` and `{}` of `{}` never hold together, {}",
                first.operator(),
                first.key(),
                second.operator(),
                second.key(),
                if_never(statement)
            );
            let draft = META.at_statement(policy, statement, message);
            findings.report(match statement.effect() {
                Effect::Allow => draft.severity(Severity::Medium),
                Effect::Deny => draft,
            });
        }
    }
}

/// Two conditions on one key that no value, nor none, satisfies.
fn contradiction(statement: &Statement) -> Option<(&Condition, &Condition)> {
    let plain: Vec<&Condition> =
        statement.conditions().iter().filter(|one| one.variables().next().is_none()).collect();
    let pairs = plain
        .iter()
        .enumerate()
        .flat_map(|(at, first)| plain.iter().skip(at + 1).map(move |second| (*first, *second)));
    pairs
        .into_iter()
        .find(|(first, second)| same_key(first, second) && !hold_together(first, second))
}

/// Whether two keys are the same, letters' case aside, or ask for the same tag.
fn same_key(first: &Condition, second: &Condition) -> bool {
    let tag = |one: &Condition| {
        let (whose, tag) = tag_of_key(one.key())?;
        (whose == TagOf::Resource).then(|| tag.to_lowercase())
    };
    first.key().eq_ignore_ascii_case(second.key())
        || (tag(first).is_some() && tag(first) == tag(second))
}

fn hold_together(first: &Condition, second: &Condition) -> bool {
    let none = Context::default();
    let tried = first.candidates(&none).into_iter().chain(second.candidates(&none)).map(Some);
    // Several values at once may satisfy what one does not.
    first.operator().contains(':')
        || second.operator().contains(':')
        || tried.chain([None]).any(|values| {
            let mut context = Context::default();
            if let Some(values) = values {
                context.insert(first.key(), values.clone());
                context.insert(second.key(), values);
            }
            first.holds(&context) != Truth::No && second.holds(&context) != Truth::No
        })
}
