//! FL204.

use super::Draft;
use super::{Findings, Input, Meta, Rule, passed_role_outranks};
use crate::catalogue::Call;
use crate::environments::Environment;
use crate::facts::{Facts, Reached, Subject, Target, services_of};
use crate::finding::{Confidence, Persona, Severity};
use crate::unit::PrincipalKind;
use fortem_compile::iam::Statement;

/// A pattern of roles to pass that takes in a role of another environment, or one of an administrator.
#[derive(Debug)]
pub(super) struct PassroleCrossesEnv;

static META: Meta = Meta {
    id: "FL204",
    name: "passrole-crosses-env",
    summary: "A role of another environment, or of an administrator, may be passed",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Regular,
    needs: &[Input::Account],
    criteria: &["CC6.1", "CC6.3"],
    why: "Patterns are written for the roles that one has in mind; the account has others. Who passes one of those \
          acts as it.",
    remediation: "Narrow the pattern to a path that only roles of the environment have, such as `role/ecs/staging/*`, \
                  or move the role that is reached",
    example: r#"{"RoleDetailList": [{"RoleName": "developer", "Arn": "arn:aws:iam::111122223333:role/developer",
  "Tags": [{"Key": "Environment", "Value": "staging"}], "RolePolicyList": [{"PolicyName": "pass", "PolicyDocument":
  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}}]},
  {"RoleName": "orders", "Arn": "arn:aws:iam::111122223333:role/orders", "Tags": [{"Key": "Environment", "Value": "prod"}],
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}}]}"#,
    limits: "To which environment a role belongs is taken from its tag, or else from its name. Of several roles that \
             one statement reaches, one is named.",
    peers: &["PMapper: edges by iam:PassRole"],
};

/// The permission to hand a role to a service.
const CALLS: &[&str] = &["iam:PassRole"];

impl Rule for PassroleCrossesEnv {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn calls(&self) -> &'static [&'static str] {
        CALLS
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for subject in facts.subjects.iter().filter(|one| !one.is_plain_administrator(facts)) {
            for (_, call) in
                facts.catalogue.calls(CALLS).filter(|(_, call)| subject.may_call(*call))
            {
                for (_, statement) in subject.grants(call) {
                    if let Some(found) = Passable::find(facts, subject, call, statement) {
                        findings.report(found.draft(subject, facts));
                    }
                }
            }
        }
    }
}

/// A role that may be passed and should not be.
struct Passable<'f, 'u> {
    role: &'f str,
    reached: Reached<'u>,
    environment: Option<&'f Environment>,
    // Whether the service to which it may be passed is known to run code.
    is_run: bool,
}

impl<'f, 'u> Passable<'f, 'u> {
    fn find(
        facts: &'f Facts<'_>,
        subject: &Subject<'u>,
        call: Call,
        statement: &Statement,
    ) -> Option<Self> {
        let known = subject.known(facts, &Target::untagged(""));
        let among_equals = subject.is_administrator(facts);
        let wanted = |other: &Subject<'_>, is_administrator: bool| {
            (is_administrator && !among_equals) || subject.foreign_home(facts, other).is_some()
        };
        facts.directory().covered(facts, statement, &known, wanted).find_map(|(other, _)| {
            let role = other.principal().filter(|one| one.kind == PrincipalKind::Role)?;
            if subject.principal().is_some_and(|own| own.arn == role.arn) {
                return None;
            }
            let environment = subject.foreign_home(facts, other);
            let tag = role.tag(facts.environments.tag_key());
            services_of(facts, role).iter().find_map(|service| {
                let keys = [("iam:PassedToService", Some(service.as_str()))];
                let target = Target { tag, ..Target::untagged("") }.with(&keys);
                let reached = subject.reach_arn(facts, call, &target, &role.arn)?;
                let is_run = passed_role_outranks::is_runner(service);
                Some(Self { role: &role.arn, reached, environment, is_run })
            })
        })
    }

    fn draft(self, subject: &Subject<'_>, facts: &Facts<'_>) -> Draft {
        let whose = self.environment.map_or_else(
            || "a role with the rights of an administrator".to_owned(),
            |one| format!("a role of `{}`", one.name),
        );
        let message = format!("`{}` may be passed, {whose}", self.role);
        let draft = META.at_reached(subject, &self.reached, message);
        let draft = match self.environment {
            Some(environment) => draft.to(environment),
            None => draft,
        };
        if !self.is_run {
            let evidence = "no service that takes it on is known to run code";
            draft.severity(Severity::Low).evidence(evidence)
        } else if !passed_role_outranks::may_use_roles(subject, facts) {
            let evidence = "no call of the principal is known that hands it over";
            let severity =
                if self.environment.is_some() { Severity::Medium } else { Severity::Low };
            draft.severity(severity).evidence(evidence)
        } else {
            draft
        }
    }
}
