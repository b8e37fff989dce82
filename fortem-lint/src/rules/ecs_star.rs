//! FL201.

use super::{Findings, Input, Meta, Rule, unscoped};
use crate::facts::{Facts, Scoping, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A pattern of ECS actions that takes in actions to come.
#[derive(Debug)]
pub(super) struct EcsStar;

static META: Meta = Meta {
    id: "FL201",
    name: "ecs-star",
    summary: "A pattern of ECS actions grants what AWS will add",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.3"],
    why: "AWS adds calls to ECS every year, and a pattern grants each of them on the day it appears, before any guard \
          knows it.",
    remediation: "List the actions that are needed",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Everything", "Effect": "Allow",
  "Action": "ecs:*", "Resource": "*"}]}"#,
    limits: "Patterns under which AWS adds reading calls alone, such as `ecs:Describe*`, are not reported.",
    peers: &["cloudsplaining", "iam-policy-validator"],
};

/// Calls that stand for those that will be added, one of each verb.
const CALLS: &[&str] = &[
    "ecs:CreateCluster",
    "ecs:DeleteService",
    "ecs:PutClusterCapacityProviders",
    "ecs:StopTask",
    "ecs:UpdateService",
];

/// The beginnings under which AWS added calls that change something (service authorization reference, 2026-09-26).
const VERBS: &[&str] =
    &["continue", "create", "delete", "put", "register", "start", "stop", "update"];

impl Rule for EcsStar {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        for group in unscoped::reached_or_untagged(subject, facts, CALLS, &Target::tagged(&foreign.name)) {
            let statement = group.first().statement;
            let patterns: Vec<&str> =
                statement.actions().iter().map(String::as_str).filter(|one| is_open(one)).collect();
            if patterns.is_empty() || statement.is_not_action() {
                continue;
            }
            if Scoping::of(statement, facts.environments).is_faulty() {
                continue; // A rule of its own says what is wrong with the condition.
            }
            let message = format!(
                "`{}` grants every call that AWS adds, on `{}` as well",
                patterns.join("`, `"),
                foreign.name
            );
            findings.report(META.at_reached(subject, group.first(), message).to(foreign));
        }
    }
}

/// Whether a pattern takes in calls of ECS that change something and do not exist yet.
fn is_open(pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let Some((service, action)) = pattern.split_once(':') else { return pattern == "*" };
    let of_ecs = fortem_core::pattern::matches(service, "ecs");
    let begin = fortem_core::pattern::literal(action);
    of_ecs
        && action.ends_with('*')
        && VERBS.iter().any(|verb| verb.starts_with(begin) || *verb == begin)
}
