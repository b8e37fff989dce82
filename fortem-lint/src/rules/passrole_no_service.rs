//! FL202.

use fortem_compile::iam::Statement;

use super::passrole_wildcard::takes_any_name;
use super::{Findings, Input, Meta, Rule, passed_role_outranks};
use crate::facts::{Facts, Subject, Target, services_of};
use crate::finding::{Confidence, Persona, Severity};
use crate::fix;
use crate::unit::PrincipalKind;

/// A role may be passed to every service.
#[derive(Debug)]
pub(super) struct PassroleNoService;

static META: Meta = Meta {
    id: "FL202",
    name: "passrole-no-service",
    summary: "Roles may be passed to whichever service",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Policies],
    criteria: &["CC6.1", "CC6.3"],
    why: "A task role that may also be passed to Lambda, Glue or a notebook is run there with code that nobody \
          reviewed, past whatever guards the tasks.",
    remediation: "Add `\"StringEquals\": {\"iam:PassedToService\": \"ecs-tasks.amazonaws.com\"}`, with the services \
                  that are really used",
    example: r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Pass", "Effect": "Allow",
  "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/ecs/staging/*"}]}"#,
    limits: "A list of services counts as a limit, however long it is. Where the roles are spelt out, or known and taken \
             on by ECS tasks alone, it is a remark of low severity.",
    peers: &["iam-policy-validator"],
};

/// The permission to hand a role to a service.
const CALLS: &[&str] = &["iam:PassRole"];

/// A service that a policy about ECS has no reason to name.
const ANOTHER_SERVICE: &[(&str, Option<&str>)] =
    &[("iam:PassedToService", Some("datapipeline.amazonaws.com"))];

impl Rule for PassroleNoService {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_subject(&self, subject: &Subject<'_>, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for (_, call) in facts.catalogue.calls(CALLS) {
            for (policy, statement) in subject.grants(call) {
                if statement.actions().iter().any(|action| action == "*") {
                    continue; // Everything is allowed: that is another fault.
                }
                let reached =
                    subject.reach_anywhere_through(facts, call, ANOTHER_SERVICE, policy, statement);
                let Some(reached) = reached else { continue };
                let only = statement
                    .actions()
                    .iter()
                    .all(|action| action.eq_ignore_ascii_case("iam:PassRole"));
                let fix = only.then(|| {
                    let what = "Let roles be passed to ECS tasks alone";
                    findings.fix(policy, statement, what, true, |object| {
                        if let Some(equals) = fix::operator(object, "StringEquals") {
                            equals.insert(
                                "iam:PassedToService".to_owned(),
                                "ecs-tasks.amazonaws.com".into(),
                            );
                        }
                    })
                });
                let message =
                    "roles may be passed to every service: nothing limits `iam:PassedToService`";
                let draft = META.at_reached(subject, &reached, message).fix(fix.flatten());
                let harmless = if !passed_role_outranks::may_use_roles(subject, facts) {
                    Some("no call of the principal is known that hands a role over")
                } else if !may_go_elsewhere(subject, facts, statement) {
                    Some("which service takes these roles on, their trust policies limit as well")
                } else if is_known_and_equal(subject, facts, statement) {
                    Some("the roles are spelt, and have no rights of another environment")
                } else {
                    None
                };
                findings.report(match harmless {
                    Some(evidence) => draft.severity(Severity::Low).evidence(evidence),
                    None => draft,
                });
            }
        }
    }
}

/// Whether the statement spells roles of the account, none of which outranks the subject.
fn is_known_and_equal(subject: &Subject<'_>, facts: &Facts<'_>, statement: &Statement) -> bool {
    let find = |arn: &String| facts.directory().find(facts, arn);
    !statement.is_not_resource()
        && statement.resources().iter().all(|arn| {
            find(arn).is_some_and(|(other, is_administrator)| {
                !is_administrator && subject.foreign_home(facts, other).is_none()
            })
        })
}

/// Whether another service than ECS tasks takes on a role that may be passed: one of the account's own, or one that a
/// pattern leaves open.
fn may_go_elsewhere(subject: &Subject<'_>, facts: &Facts<'_>, statement: &Statement) -> bool {
    if takes_any_name(statement) {
        return true;
    }
    if !facts.unit.principals.iter().any(|one| one.kind == PrincipalKind::Role) {
        return statement.resources().iter().any(|one| one.contains(['*', '?', '$']));
    }
    let known = subject.known(facts, &Target::untagged(""));
    let mut roles = facts.directory().covered(facts, statement, &known, |_, _| true);
    roles.any(|(other, _)| {
        let services = other.principal().map(|role| services_of(facts, role)).unwrap_or_default();
        services.iter().any(|service| *service != "ecs-tasks.amazonaws.com")
    })
}
