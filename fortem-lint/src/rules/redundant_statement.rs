//! FL705.

use fortem_compile::iam::Statement;
use fortem_core::pattern;

use super::{Findings, Input, Meta, Rule};
use crate::facts::Facts;
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::Policy;

/// A statement that another one contains.
#[derive(Debug)]
pub(super) struct RedundantStatement;

static META: Meta = Meta {
    id: "FL705",
    name: "redundant-statement",
    summary: "A statement says nothing that another one does not say",
    severity: Severity::Informational,
    confidence: Confidence::High,
    persona: Persona::Pedantic,
    needs: &[Input::Policies],
    criteria: &["CC8.1"],
    why: "Whoever takes one of the two away believes that the grant is gone.",
    remediation: "Remove the narrower statement, or narrow the wider one",
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
  {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"}]}"#,
    limits: "Statements are compared within one document, pattern by pattern; conditions must be the same or \
             absent from the wider one.",
    peers: &["IAM Access Analyzer: redundant statement"],
};

impl Rule for RedundantStatement {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_policy(&self, policy: &Policy, _facts: &Facts<'_>, findings: &mut Findings<'_>) {
        if !policy.is_changeable() {
            return;
        }
        let statements = policy.document.statements();
        for (at, narrow) in statements.iter().enumerate() {
            let wide = statements.iter().enumerate().find(|(other, wide)| {
                // Of two that say the same, the later one is redundant.
                *other != at && contains(wide, narrow) && (*other < at || !contains(narrow, wide))
            });
            let Some((_, wide)) = wide else { continue };
            let message = format!("the statement says nothing that `{}` does not say", wide.name());
            findings.report(META.at_statement(policy, narrow, message));
        }
    }
}

fn contains(wide: &Statement, narrow: &Statement) -> bool {
    let plain = |one: &Statement| {
        !one.is_not_action()
            && !one.is_not_resource()
            && one.principals().is_empty()
            && !one.is_not_principal()
    };
    wide.effect() == narrow.effect()
        && plain(wide)
        && plain(narrow)
        && wide.conditions().iter().all(|one| narrow.conditions().contains(one))
        && each_matches(&lower(wide.actions()), &lower(narrow.actions()))
        && each_matches(wide.resources(), narrow.resources())
}

/// Whether each narrow pattern is taken by a wide one; `*` takes the wildcards of the other, `?` does not.
fn each_matches(wide: &[String], narrow: &[String]) -> bool {
    let takes = |wide: &String, narrow: &String| {
        wide == narrow || (!wide.contains('?') && pattern::matches(wide, narrow))
    };
    narrow.iter().all(|narrow| wide.iter().any(|wide| takes(wide, narrow)))
}

fn lower(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}
