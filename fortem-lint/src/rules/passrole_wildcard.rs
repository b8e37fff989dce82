//! FL200.

use super::passed_role_outranks;
use super::{Findings, Input, Meta, Rule};
use crate::catalogue::Call;
use crate::environments::{Environment, names_word};
use crate::facts::{Facts, Reached, Subject, Target};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::{Policy, PrincipalKind};
use fortem_compile::iam::Statement;

/// A pattern of roles to pass that does not end at the border of the environment.
#[derive(Debug)]
pub(super) struct PassroleWildcard;

static META: Meta = Meta {
    id: "FL200",
    name: "passrole-wildcard",
    summary: "Roles of every environment may be passed to a service",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "Whoever starts a task, function or build with a role acts as that role; where the pattern takes in the \
          roles of production, one `RunTask` with another role is enough to be production.",
    remediation: "Keep the roles of each environment under a path of its own and allow only that: \
                  `arn:aws:iam::ACCOUNT:role/ecs/${aws:PrincipalTag/Environment}/*`, with `iam:PassedToService`",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Pass", "Effect": "Allow",
  "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/*"}]}"#,
    limits: "Which roles exist is not asked; FL204 names those of the account.",
    peers: &["Access Analyzer", "Prowler", "cloudsplaining", "checkov: CKV_AWS_110"],
};

/// The permission to hand a role to a service.
const CALLS: &[&str] = &["iam:PassRole"];

impl Rule for PassroleWildcard {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        let Some(foreign) = subject.foreign(facts) else { return };
        for (_, call) in facts.catalogue.calls(CALLS) {
            for (policy, statement) in subject.grants(call) {
                let Some(reached) = wide(subject, facts, call, (policy, statement)) else {
                    continue;
                };
                // The roles of a known account are known, and FL204 names those that a pattern takes in.
                let is_known =
                    facts.unit.principals.iter().any(|one| one.kind == PrincipalKind::Role);
                if is_known && !takes_any_name(statement) {
                    continue;
                }
                let patterns = statement.resources().join("`, `");
                let which = if statement.is_not_resource() { "everything but " } else { "" };
                let message = format!(
                    "roles of `{}` may be passed: {which}`{patterns}` is not tied to an environment",
                    foreign.name
                );
                let mut draft = META.at_reached(subject, &reached, message).to(foreign);
                if !takes_any_name(statement) {
                    draft = draft.severity(Severity::High).confidence(Confidence::Medium);
                }
                if !to_runner(subject, facts, call, (policy, statement)) {
                    let evidence = "no service to which they may be passed is known to run code";
                    draft = draft.severity(Severity::Low).evidence(evidence);
                } else if !passed_role_outranks::may_use_roles(subject, facts) {
                    let evidence = "no call of the principal is known that hands them over";
                    draft = draft.severity(Severity::Medium).evidence(evidence);
                }
                findings.report(draft);
            }
        }
    }
}

/// A role of another environment that a statement allows to pass by a pattern not meant for it.
fn wide<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    call: Call,
    (policy, statement): (&'u Policy, &'u Statement),
) -> Option<Reached<'u>> {
    let foreign = subject.foreign(facts)?;
    let target = Target::tagged(&foreign.name);
    let reached = subject.reach_through(facts, call, &target, policy, statement)?;
    (!reached.is_spelt() && !names(statement, foreign)).then_some(reached)
}

/// Whether roles may be passed to a service that runs code with them.
fn to_runner<'u>(
    subject: &Subject<'u>,
    facts: &Facts<'_>,
    call: Call,
    (policy, statement): (&'u Policy, &'u Statement),
) -> bool {
    passed_role_outranks::runners().any(|service| {
        let keys = [("iam:PassedToService", Some(service))];
        subject.reach_anywhere_through(facts, call, &keys, policy, statement).is_some()
    })
}

/// Whether the statement itself names the environment: then it is meant for it.
fn names(statement: &Statement, environment: &Environment) -> bool {
    let patterns = statement.resources().iter();
    let mut spellings = environment.spellings();
    !statement.is_not_resource()
        && spellings.any(|name| patterns.clone().all(|pattern| names_word(pattern, name)))
}

/// Whether any name will do, path aside.
pub(super) fn takes_any_name(statement: &Statement) -> bool {
    let any =
        |pattern: &String| pattern == "*" || pattern.ends_with(":*") || pattern.ends_with("/*");
    statement.is_not_resource() || statement.resources().iter().any(any)
}
