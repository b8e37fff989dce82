//! FL109.

use fortem_compile::iam::{Condition, Statement};
use fortem_core::pattern;

use super::{Findings, Input, Meta, Rule};
use crate::environments::{Environment, names_word};
use crate::facts::{Facts, Reached, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};

/// A pattern that is meant for one environment also matches what belongs to another.
#[derive(Debug)]
pub(super) struct ScopeByArnSubstring;

static META: Meta = Meta {
    id: "FL109",
    name: "scope-by-arn-substring",
    summary: "A pattern that is meant for one environment also matches what belongs to another",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1"],
    why: "A name is no boundary: `*-stg-*` also matches `prod-stg-mirror`, and `dev*` also matches `dev-eu`; \
          whoever names a cluster decides who reaches it.",
    remediation: "Begin the pattern with the environment and close it with `/` or `:`, as `cluster/staging` \
                  or `service/staging/*`, or go by the tag",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Run", "Effect": "Allow", "Action": "ecs:StopTask",
  "Resource": "arn:aws:ecs:*:*:task/*-staging-*/*"}]}"#,
    limits: "The name that is shown is made up, unless it is an environment's. A pattern that begins with \
             the environment's name is reported only if another environment's name begins so too.",
    peers: &[],
};

const CALLS: &[&str] = &[
    "ecs:CreateService",
    "ecs:DeleteService",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ExecuteCommand",
    "ecs:ListServices",
    "ecs:ListTasks",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:UpdateService",
    "iam:PassRole",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
];

/// Calls of which the cluster is no part of what is tagged: its tag may be the caller's own.
const PLACING: &[&str] = &["ecs:CreateService", "ecs:RunTask"];

impl Rule for ScopeByArnSubstring {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let mut reported: Vec<&Statement> = Vec::new();
        for (action, call) in
            facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call))
        {
            for (policy, statement) in subject.grants(call) {
                if reported.iter().any(|known| std::ptr::eq(*known, statement)) {
                    continue;
                }
                let found = lookalikes(subject, facts, statement).into_iter().find_map(|one| {
                    let own = subject.environments.first()?;
                    let theirs =
                        Target { tag: Some(&one.environment.name), ..Target::tagged(&one.name) };
                    let placed = Target { tag: subject.own_tag(), ..Target::tagged(own) };
                    let placed = placed.on_cluster_of(&one.name);
                    let reach =
                        |target| subject.reach_through(facts, call, target, policy, statement);
                    let placed = || PLACING.contains(&action).then(|| reach(&placed)).flatten();
                    let reached = reach(&theirs).or_else(placed)?;
                    Some((one, reached))
                });
                if let Some((one, reached)) = found {
                    reported.push(statement);
                    findings.report(draft(subject, &one, &reached).to(one.environment));
                }
            }
        }
    }
}

fn draft(subject: &Subject<'_>, found: &Lookalike<'_>, reached: &Reached<'_>) -> super::Draft {
    let message = format!(
        "`{}` is meant for `{}` and also matches `{}` of `{}`",
        found.pattern,
        subject.environments.join(", "),
        found.name,
        found.environment.name
    );
    META.at_reached(subject, reached, message)
}

/// A name that belongs to another environment and that a pattern matches.
struct Lookalike<'f> {
    pattern: String,
    name: String,
    environment: &'f Environment,
}

/// Names of other environments that the patterns for the subject's own match.
fn lookalikes<'f>(
    subject: &Subject<'_>,
    facts: &'f Facts<'_>,
    statement: &Statement,
) -> Vec<Lookalike<'f>> {
    let environments = facts.environments;
    let mut foreign: Vec<&Environment> = environments.all().iter().collect();
    foreign.retain(|one| !subject.environments.contains(&one.name));
    let mut found = Vec::new();
    for pattern in patterns(subject, facts, statement) {
        let is_own = subject.environments.iter().any(|own| {
            let known = environments.named(own);
            known.map_or_else(
                || pattern.contains(own.as_str()),
                |one| one.spellings().any(|name| pattern.contains(name)),
            )
        });
        if !is_own || !pattern.contains('*') {
            continue;
        }
        for environment in &foreign {
            let name = match pattern.strip_prefix('*') {
                Some(rest) => format!("{}-{}", environment.name, rest.trim_start_matches('-')),
                None => environment.name.clone(),
            };
            let name = name.replace("-*", "-mirror").replace('*', "");
            if pattern::matches(&pattern, &name) && names_word(&name, &environment.name) {
                found.push(Lookalike { pattern: pattern.clone(), name, environment });
            }
        }
    }
    found
}

/// The parts of ARN patterns between slashes: those of `Resource`, and those that `ecs:cluster` is compared with.
fn patterns(subject: &Subject<'_>, facts: &Facts<'_>, statement: &Statement) -> Vec<String> {
    let clusters = statement.conditions().iter().filter(|one| {
        one.key().eq_ignore_ascii_case("ecs:cluster") && !one.is_negated() && one.takes_wildcards()
    });
    let arns = statement.resources().iter().filter(|_| !statement.is_not_resource());
    let arns = arns.chain(clusters.flat_map(Condition::values));
    let variable = format!("${{aws:PrincipalTag/{}}}", facts.environments.tag_key());
    let own = subject.own_tag().unwrap_or_default();
    let names =
        arns.filter_map(|arn| Some(arn.replace(&variable, own).splitn(6, ':').nth(5)?.to_owned()));
    names
        .flat_map(|name| {
            name.split(['/', ':'])
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}
