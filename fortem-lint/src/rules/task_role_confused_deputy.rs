//! FL407.

use super::{Findings, Input, Meta, Rule};
use crate::facts::{Caller, Facts, trusts};
use crate::finding::{Confidence, Persona, Severity};
use fortem_compile::iam::{Context, Principal as Trusted};

/// A role that ECS takes on for whichever account asks.
#[derive(Debug)]
pub(super) struct TaskRoleConfusedDeputy;

static META: Meta = Meta {
    id: "FL407",
    name: "task-role-confused-deputy",
    summary: "A task role trusts ECS without saying for which account",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    persona: Persona::Auditor,
    needs: &[Input::Account],
    criteria: &["CC6.6"],
    why: "A service acts for all its customers; `aws:SourceAccount` makes sure that it takes on the role for tasks of \
          this account.",
    remediation: "Add `\"StringEquals\": {\"aws:SourceAccount\": \"ACCOUNT\"}` or `\"ArnLike\": {\"aws:SourceArn\": \
                  \"arn:aws:ecs:REGION:ACCOUNT:*\"}`",
    example: r#"{"RoleDetailList": [{"RoleName": "orders", "Arn": "arn:aws:iam::111122223333:role/orders",
  "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}}]}"#,
    limits: "Roles can be passed within their account alone, so this is a second line of defence.",
    peers: &["Prowler: iam_role_cross_service_confused_deputy_prevention"],
};

impl Rule for TaskRoleConfusedDeputy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check_unit(&self, facts: &Facts<'_>, findings: &mut Findings<'_>) {
        for principal in facts.unit.principals.iter().filter(|one| !one.is_service_linked()) {
            let Some(trust) = principal.trust.and_then(|index| facts.unit.policy(index)) else {
                continue;
            };
            let mut known = Context::default();
            known.insert("aws:SourceAccount", "999988887777");
            known.insert("aws:SourceArn", "arn:aws:ecs:eu-west-1:999988887777:task/other/7");
            known.insert("aws:SourceOrgID", "o-ffffffffff");
            let caller = Caller {
                principal: Trusted::Service(SERVICE.to_owned()),
                known,
                is_expected: true,
            };
            let Some(statement) = trusts(trust, "sts:AssumeRole", &caller) else { continue };
            let message =
                format!("`{}` trusts `{SERVICE}` for tasks of any account", principal.arn);
            findings.report(META.at_statement(trust, statement, message).principal(&principal.arn));
        }
    }
}

/// What runs tasks.
const SERVICE: &str = "ecs-tasks.amazonaws.com";
